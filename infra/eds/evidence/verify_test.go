package evidence_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/native"
)

// proven is a signature with all its evidence.
func (w *world) proven() eds.Lacking {
	w.t.Helper()
	s := w.signed(dev.SignOptions{})
	got, err := w.collector.Fetch(w.t.Context(), s)
	w.done(err)
	return fetched(s, got)
}

func without(s eds.Lacking, kind eds.EvidenceKind) eds.Lacking {
	s.Evidence = slices.DeleteFunc(slices.Clone(s.Evidence), func(e eds.Evidence) bool { return e.Kind == kind })
	return s
}

func TestABundleProvesItsSignaturesByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.proven()
	w.now = noon.Add(time.Minute)
	second := w.proven()
	w.now = noon.AddDate(9, 0, 0) // every certificate of a person has expired, and nobody is asked
	w.services.answersOut, w.services.stampsDown = errDown, errDown
	b := w.bundled(first, second)
	if diff := cmp.Diff([]string{"valid", "valid"}, w.verdicts(b)); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	results, err := evidence.Verify(t.Context(), w.verifier, b)
	w.done(err)
	if r := results[0]; r.Report.Certificate.IIN != iin || r.Then == nil || r.Then.Verifier != "then" || r.Report.TimeFrom != eds.TimeStamped {
		t.Errorf("the first result is %+v", r)
	}
}

func TestWhatABundleLacksMustBeBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.proven()
	for _, tt := range []struct {
		name string
		of   eds.Lacking
		want string
	}{
		{"no time stamp", without(s, eds.EvidenceTimeStamp), "unproven without time"},
		{"no answer about revocation", without(s, eds.EvidenceOCSP), "unproven without revocation"},
		{"neither", without(without(s, eds.EvidenceOCSP), eds.EvidenceTimeStamp), "unproven without time without revocation"},
		{"no certificates", without(s, eds.EvidenceCertificate), "valid"},
	} {
		if diff := cmp.Diff([]string{tt.want}, w.verdicts(w.bundled(tt.of))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatDoesNotBelongTogetherIsInvalid(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), newWorld(t)
	s, stranger := w.proven(), other.proven()
	w.now = noon.Add(time.Minute)
	second := w.proven()
	w.now = noon
	stampOf := func(s eds.Lacking, of eds.Lacking) eds.Lacking {
		s = without(s, eds.EvidenceTimeStamp)
		for _, e := range of.Evidence {
			if e.Kind == eds.EvidenceTimeStamp {
				s.Evidence = append(s.Evidence, e)
			}
		}
		return s
	}
	backdated := without(s, eds.EvidenceTimeStamp)
	backdated.ReceivedAt = noon.AddDate(-1, 0, 0)
	for _, tt := range []struct {
		name   string
		bundle *bundle.Bundle
		want   string
	}{
		{"another document", w.bundledWith([]byte("%PDF-1.7 келiсiм"), s), "invalid doc-changed"},
		{"a signature of another authority", w.bundled(stranger), "invalid time-stamp-invalid"},
		{"one of another authority, without its stamp", w.bundled(without(stranger, eds.EvidenceTimeStamp)), "invalid untrusted-ca"},
		{"the time stamp of another signature", w.bundled(stampOf(s, second)), "invalid time-stamp-invalid"},
		{"the time stamp of another authority", w.bundled(stampOf(s, stranger)), "invalid time-stamp-invalid"},
		{"a time of receipt that was made up", w.bundled(backdated), "invalid clock-skew"},
	} {
		if diff := cmp.Diff([]string{tt.want}, w.verdicts(tt.bundle)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAnAcceptanceHasNothingToVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bundled(w.proven())
	b.Signatures = append(b.Signatures, bundle.Signature{Signer: "provider", Method: "acceptance", ReceivedAt: noon})
	if diff := cmp.Diff([]string{"valid", "accepted"}, w.verdicts(b)); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestASignatureAloneIsCheckedForTheTimeThatIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signed(dev.SignOptions{})
	check := func(o native.Offline) (evidence.Verdict, []evidence.Gap, string) {
		o.CMS, o.Document = s.CMS, bytes.NewReader(document)
		report, verdict, gaps, err := evidence.Check(t.Context(), w.verifier, o)
		w.done(err)
		return verdict, gaps, report.Code
	}
	verdict, gaps, _ := check(native.Offline{At: noon, Unproven: true})
	if diff := cmp.Diff([]evidence.Gap{evidence.GapTime, evidence.GapRevocation}, gaps); verdict != evidence.Unproven || diff != "" {
		t.Errorf("%s, gaps (-want +got):\n%s", verdict, diff)
	}
	if verdict, _, code := check(native.Offline{At: noon}); verdict != evidence.Invalid || code != "evidence-pending" {
		t.Errorf("without a proof that is asked for: %s %s", verdict, code)
	}
	if verdict, _, code := check(native.Offline{Unproven: true}); verdict != evidence.Invalid || code != "time-stamp-invalid" {
		t.Errorf("without any time: %s %s", verdict, code)
	}
}
