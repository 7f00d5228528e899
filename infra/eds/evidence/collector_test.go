package evidence_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

// is expects a fetch to give pieces of these kinds, and to have asked these services.
func (w *world) is(got []eds.Evidence, asked []string, kinds ...eds.EvidenceKind) {
	w.t.Helper()
	if diff := cmp.Diff(kinds, kindsOf(got)); diff != "" {
		w.t.Errorf("fetched (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(asked, w.services.asked); diff != "" {
		w.t.Errorf("asked (-want +got):\n%s", diff)
	}
	w.services.asked = nil
}

// proves expects the signature to be proven by its evidence alone.
func (w *world) proves(s eds.Lacking) {
	w.t.Helper()
	if diff := cmp.Diff([]string{"valid"}, w.verdicts(w.bundled(s))); diff != "" || len(s.Missing) > 0 {
		w.t.Errorf("missing %v, verdict (-want +got):\n%s", s.Missing, diff)
	}
}

func TestATimeStampIsFetchedRightAfterTheSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signed(dev.SignOptions{})
	w.now = noon.Add(2 * time.Second)
	got, err := w.collector.Fetch(t.Context(), s)
	w.done(err)
	w.is(got, []string{"tsp"}, eds.EvidenceTimeStamp) // the answer got when it was verified is of the same day
	w.proves(fetched(s, got))
}

func TestALateTimeStampComesWithAnAnswerOfItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signed(dev.SignOptions{})
	w.now = noon.Add(72 * time.Hour)
	got, err := w.collector.Fetch(t.Context(), s)
	w.done(err)
	w.is(got, []string{"tsp", "ocsp"}, eds.EvidenceTimeStamp, eds.EvidenceOCSP)
	w.proves(fetched(s, got))
}

func TestWhatANewAnswerDoesNotReachIsNotKeptAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signed(dev.SignOptions{})
	w.now, w.services.answersOut = noon.Add(72*time.Hour), errDown
	got, err := w.collector.Fetch(t.Context(), s)
	if !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	w.is(got, []string{"tsp", "ocsp"}) // else it would look complete
	w.services.answersOut = nil
	got, err = w.collector.Fetch(t.Context(), s)
	w.done(err)
	w.is(got, []string{"tsp", "ocsp"}, eds.EvidenceTimeStamp, eds.EvidenceOCSP)
	w.proves(fetched(s, got))
}

func TestEverythingIsFetchedForWhatHasNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signed(dev.SignOptions{})
	s.Evidence, s.Missing = nil, missing(nil)
	w.services.answersOut = errDown
	got, err := w.collector.Fetch(t.Context(), s)
	if !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	w.is(got, []string{"tsp", "ocsp"}, eds.EvidenceTimeStamp, eds.EvidenceCertificate, eds.EvidenceCertificate)
	s = fetched(s, got)

	w.services.answersOut, w.now = nil, noon.Add(48*time.Hour)
	got, err = w.collector.Fetch(t.Context(), s)
	w.done(err)
	w.is(got, []string{"ocsp"}, eds.EvidenceOCSP)
	w.proves(fetched(s, got))
}

func TestATimeStampInTheSignatureIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signed(dev.SignOptions{TimeStamp: true})
	if len(s.Missing) > 0 {
		t.Fatalf("missing %v", s.Missing)
	}
	w.proves(s)
	s.Evidence, s.Missing = nil, []eds.EvidenceKind{eds.EvidenceOCSP}
	w.now = noon.Add(time.Hour)
	got, err := w.collector.Fetch(t.Context(), s)
	w.done(err)
	w.is(got, []string{"ocsp"}, eds.EvidenceOCSP, eds.EvidenceCertificate, eds.EvidenceCertificate)
}

func TestWhatIsTooLateIsFinal(t *testing.T) {
	t.Parallel()
	t.Run("a certificate that was revoked before the stamp", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signed(dev.SignOptions{})
		owner, err := w.ca.Owner(person, noon)
		w.done(err)
		w.done(w.ca.Revoke(dev.Revocation{Serial: owner.Certificate.Serial, At: noon.Add(time.Hour), Reason: dev.ReasonKeyCompromise}))
		w.now = noon.Add(72 * time.Hour)
		got, err := w.collector.Fetch(t.Context(), s)
		if !problem.Has(err, pki.CodeRevoked) {
			t.Errorf("error %v", err)
		}
		w.is(got, []string{"tsp", "ocsp"})
		// What there is stays as good as it was.
		if diff := cmp.Diff([]string{"unproven without time"}, w.verdicts(w.bundled(s))); diff != "" {
			t.Errorf("verdict (-want +got):\n%s", diff)
		}
	})
	t.Run("a certificate that has expired", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signed(dev.SignOptions{})
		w.now = noon.AddDate(3, 0, 0)
		got, err := w.collector.Fetch(t.Context(), s)
		if !problem.Has(err, pki.CodeExpired) {
			t.Errorf("error %v", err)
		}
		w.is(got, nil)
	})
	t.Run("no signature at all", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		got, err := w.collector.Fetch(t.Context(), eds.Lacking{CMS: []byte("x"), Missing: missing(nil), ReceivedAt: noon})
		if !problem.Has(err, pki.CodeMalformed) {
			t.Errorf("error %v", err)
		}
		w.is(got, nil)
	})
}

func TestWhatMayBeHadLaterIsNotFinal(t *testing.T) {
	t.Parallel()
	final := func(err error) bool {
		var p *problem.Problem
		return errors.As(err, &p)
	}
	t.Run("nobody gives time stamps", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signed(dev.SignOptions{})
		got, err := w.collects(nil, w.services).Fetch(t.Context(), s)
		if !errors.Is(err, evidence.ErrNoStamps) || final(err) {
			t.Errorf("error %v", err)
		}
		w.is(got, nil)
	})
	t.Run("nobody knows of revocations", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signed(dev.SignOptions{})
		s.Evidence, s.Missing = nil, missing(nil)
		got, err := w.collects(w.services, nil).Fetch(t.Context(), s)
		if !errors.Is(err, evidence.ErrNoRevocation) || final(err) {
			t.Errorf("error %v", err)
		}
		w.is(got, []string{"tsp"}, eds.EvidenceTimeStamp, eds.EvidenceCertificate, eds.EvidenceCertificate)
	})
	t.Run("an authority that is not believed, yet", func(t *testing.T) {
		t.Parallel()
		w, other := newWorld(t), newWorld(t)
		s := other.signed(dev.SignOptions{})
		got, err := w.collector.Fetch(t.Context(), s)
		if !pki.IsCode(err, pki.CodeUntrusted) || final(err) {
			t.Errorf("error %v", err)
		}
		w.is(got, nil)
	})
	t.Run("a time stamp of an authority that is not believed", func(t *testing.T) {
		t.Parallel()
		w, other := newWorld(t), newWorld(t)
		s := w.signed(dev.SignOptions{})
		got, err := w.collects(other.services, w.services).Fetch(t.Context(), s)
		if !pki.IsCode(err, pki.CodeUntrusted) || final(err) {
			t.Errorf("error %v", err)
		}
		w.is(got, nil)
	})
	t.Run("an authority that does not know the certificate, yet", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signed(dev.SignOptions{})
		s.Evidence, s.Missing = nil, missing(nil)
		got, err := w.collects(w.services, unknowing{}).Fetch(t.Context(), s)
		if !pki.IsCode(err, pki.CodeUnknown) || final(err) {
			t.Errorf("error %v", err)
		}
		w.is(got, []string{"tsp"}, eds.EvidenceTimeStamp, eds.EvidenceCertificate, eds.EvidenceCertificate)
	})
}

// unknowing knows no certificate.
type unknowing struct{}

func (unknowing) Check(context.Context, revocation.Query) (revocation.Status, error) {
	return revocation.Status{State: revocation.Unknown}, nil
}
