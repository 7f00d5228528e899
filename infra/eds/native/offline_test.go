package native_test

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
)

// revokedMany are entries of a list that are about nobody here.
func revokedMany(number int) []dev.Revocation {
	list := make([]dev.Revocation, number)
	for i := range list {
		list[i] = dev.Revocation{Serial: big.NewInt(int64(i) + 1), At: noon.AddDate(0, 0, -3), Reason: dev.ReasonSuperseded}
	}
	return list
}

func TestATimeStampGivesTheTimeThatIsTrusted(t *testing.T) {
	t.Parallel()
	for _, tt := range kinds {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := of(t, tt.kind)
			at := noon.Add(-time.Minute)
			got, err := w.verifier.Verify(t.Context(), handedIn(w.signed(t, person, at, dev.SignOptions{TimeStamp: true})))
			if err != nil {
				t.Fatalf("%v: %+v", err, got.Checks)
			}
			if got.TimeFrom != eds.TimeStamped || !got.TrustedAt.Equal(at) || !got.ReceivedAt.Equal(noon) {
				t.Errorf("trusted is %s of %s", got.TrustedAt, got.TimeFrom)
			}
			if got.Evidence[0].Kind != eds.EvidenceTimeStamp {
				t.Errorf("the time stamp is not kept: %s", got.Evidence[0].Kind)
			}
		})
	}
}

func TestTheEarliestTimeStampCounts(t *testing.T) {
	t.Parallel()
	f := newForgery(t, pki.ECDSA)
	f.stamp(f.only().Signature, noon.Add(time.Minute))
	f.stamp(f.only().Signature, noon)
	got, err := f.w.verifier.Verify(t.Context(), handedIn(f.DER()))
	if err != nil || !got.TrustedAt.Equal(noon) {
		t.Errorf("trusted is %s, error %v", got.TrustedAt, err)
	}
}

// years is long enough for every certificate of a person, and for the authorities, to have ended.
const years = 12

func TestEvidenceIsEnoughYearsLater(t *testing.T) {
	t.Parallel()
	for _, tt := range kinds {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := of(t, tt.kind)
			der := w.sign(t, person, noon)
			signer := w.owner(t, person)
			online, err := w.verifier.Verify(t.Context(), handedIn(der))
			if err != nil {
				t.Fatal(err)
			}
			signed, err := cms.Parse(der, cms.Options{})
			if err != nil {
				t.Fatal(err)
			}
			token, err := w.ca.TimeStamp(signed.Signers[0].Value, noon.Add(2*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			o := kept(der)
			o.TimeStamps = [][]byte{token}
			for _, e := range online.Evidence {
				if e.Kind == eds.EvidenceOCSP {
					o.OCSPs = append(o.OCSPs, e.Data)
				}
			}
			got, err := w.verifier.VerifyOffline(t.Context(), o)
			if err != nil {
				t.Fatalf("%v: %+v", err, got.Checks)
			}
			if diff := cmp.Diff(steps, got.Checks); diff != "" {
				t.Errorf("its checks (-want +got):\n%s", diff)
			}
			if !got.TrustedAt.Equal(noon.Add(2*time.Minute)) || got.TimeFrom != eds.TimeStamped || !signer.Certificate.NotAfter.Before(noon.AddDate(years, 0, 0)) {
				t.Errorf("trusted is %s of %s", got.TrustedAt, got.TimeFrom)
			}
		})
	}
}

func TestKeptAnswersSayWhatBecameOfACertificate(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	signer := w.owner(t, person).Certificate
	revoked := func(at time.Time) *dev.Revocation {
		return &dev.Revocation{Serial: signer.Serial, At: at, Reason: dev.ReasonKeyCompromise}
	}
	good := w.ocsp(t, dev.OCSPAnswer{}, signer, noon)
	before := w.ocsp(t, dev.OCSPAnswer{Entries: []dev.OCSPEntry{{Revoked: revoked(noon.Add(-time.Hour))}}}, signer, noon)
	after := w.ocsp(t, dev.OCSPAnswer{Entries: []dev.OCSPEntry{{Revoked: revoked(noon.Add(time.Hour))}}}, signer, noon.Add(2*time.Hour))
	unknown := w.ocsp(t, dev.OCSPAnswer{Entries: []dev.OCSPEntry{{Unknown: true}}}, signer, noon)
	old := w.ocsp(t, dev.OCSPAnswer{}, signer, noon.AddDate(0, 0, -2))
	another := w.ocsp(t, dev.OCSPAnswer{}, w.owner(t, head).Certificate, noon)
	list := func(number, base int64, entries ...dev.Revocation) []byte {
		return w.crl(t, dev.List{
			Number: number, Base: base, ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour),
			Revoked: append(revokedMany(3), entries...),
		})
	}
	for _, tt := range []struct {
		name  string
		ocsps [][]byte
		crls  [][]byte
		code  string
		keeps int // answers that are kept again
	}{
		{"an answer that it is good", [][]byte{good}, nil, "", 1},
		{"a list without it", nil, [][]byte{list(1, 0)}, "", 1},
		{"a list and one that adds to it", nil, [][]byte{list(1, 0), list(2, 1)}, "", 1},
		{"nothing", nil, nil, pki.CodeEvidencePending, 0},
		{"an answer that it was revoked before", [][]byte{before}, nil, pki.CodeRevoked, 1},
		{"an answer that it was revoked after", [][]byte{after}, nil, "", 1},
		{"a list with it", nil, [][]byte{list(1, 0, *revoked(noon.Add(-time.Hour)))}, pki.CodeRevoked, 1},
		{"a list without it, and one that adds it", nil, [][]byte{list(1, 0), list(2, 1, *revoked(noon.Add(-time.Hour)))}, pki.CodeRevoked, 2},
		{"a list that adds to another one", nil, [][]byte{list(2, 1)}, pki.CodeEvidencePending, 0},
		{"an answer that nobody knows it", [][]byte{unknown}, nil, pki.CodeUnknown, 1},
		{"that nobody knows it, and that it is good", [][]byte{unknown, good}, nil, "", 1},
		{"that it is good, and that it was revoked", [][]byte{good, before}, nil, pki.CodeRevoked, 1},
		{"an answer of days before", [][]byte{old}, nil, pki.CodeEvidencePending, 0},
		{"an answer about another", [][]byte{another}, nil, pki.CodeEvidencePending, 0},
		{"something else", [][]byte{document}, [][]byte{document}, pki.CodeEvidencePending, 0},
		{"a good answer after too many others", append(aboutAnother(t, w), good), nil, pki.CodeEvidencePending, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := kept(w.sign(t, person, noon))
			o.OCSPs, o.CRLs = tt.ocsps, tt.crls
			got, err := w.verifier.VerifyOffline(t.Context(), o)
			if tt.code != "" {
				refused(t, got, err, tt.code)
			} else if err != nil {
				t.Errorf("%v: %+v", err, got.Checks)
			}
			if answers := slices.DeleteFunc(got.Evidence, func(e eds.Evidence) bool { return e.Kind == eds.EvidenceCertificate }); len(answers) != tt.keeps {
				t.Errorf("%d answers are kept, want %d", len(answers), tt.keeps)
			}
		})
	}
}

func aboutAnother(t *testing.T, w *world) [][]byte {
	t.Helper()
	var list [][]byte
	for i := range 8 {
		list = append(list, w.ocsp(t, dev.OCSPAnswer{}, w.owner(t, head).Certificate, noon.Add(time.Duration(i)*time.Second)))
	}
	return list
}

func TestATimeStampOfARevokedAuthorityProvesNothing(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	for name, tt := range map[string]struct {
		at   time.Time
		code string
	}{
		"revoked before": {noon.Add(-time.Minute), pki.CodeTimeStamp}, "revoked after": {noon.Add(time.Minute), ""},
	} {
		o := kept(w.signed(t, person, noon, dev.SignOptions{TimeStamp: true}))
		o.CRLs = [][]byte{w.crl(t, dev.List{Number: 1, ThisUpdate: noon, NextUpdate: noon.Add(time.Hour), Revoked: []dev.Revocation{
			{Serial: w.ca.Stamper.Certificate.Serial, At: tt.at, Reason: dev.ReasonKeyCompromise},
		}})}
		got, err := w.verifier.VerifyOffline(t.Context(), o)
		if tt.code != "" {
			refused(t, got, err, tt.code)
		} else if err != nil {
			t.Errorf("%s: %v, %+v", name, err, got.Checks)
		}
	}
}

func TestAnswersInsideTheSignatureCount(t *testing.T) {
	t.Parallel()
	f := newForgery(t, pki.ECDSA)
	f.draft.CRLs = [][]byte{f.w.crl(t, dev.List{Number: 1, ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)})}
	if got, err := f.w.verifier.VerifyOffline(t.Context(), kept(f.DER())); err != nil {
		t.Errorf("%v: %+v", err, got.Checks)
	}
}

func TestASignatureWithoutProofIsAcceptedOnlyWhereThatIsSaid(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	o := kept(w.sign(t, person, noon))
	o.Unproven = true
	got, err := w.verifier.VerifyOffline(t.Context(), o)
	if last := got.Checks[len(got.Checks)-1]; err != nil || got.Code != "" || last.Step != eds.StepRevocation || last.Code != pki.CodeEvidencePending {
		t.Errorf("answered %+v, error %v", got, err)
	}
}

func TestATimeMustBeKnown(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	o := kept(w.sign(t, person, noon))
	o.At = time.Time{}
	got, err := w.verifier.VerifyOffline(t.Context(), o)
	refused(t, got, err, pki.CodeTimeStamp)
	if len(got.Checks) != 4 {
		t.Errorf("certificates were checked for no time: %+v", got.Checks)
	}
	o = kept(w.signed(t, person, noon, dev.SignOptions{TimeStamp: true}))
	o.At, o.Unproven = time.Time{}, true
	if got, err = w.verifier.VerifyOffline(t.Context(), o); err != nil || !got.TrustedAt.Equal(noon) {
		t.Errorf("with a time stamp: %v, %+v", err, got.Checks)
	}
}

func TestTheDocumentMayBeInside(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	o := kept(w.signed(t, person, noon, dev.SignOptions{Attached: true}))
	o.Document, o.Unproven = nil, true
	if got, err := w.verifier.VerifyOffline(t.Context(), o); err != nil {
		t.Errorf("%v: %+v", err, got.Checks)
	}
	o.Document = strings.NewReader("another")
	got, err := w.verifier.VerifyOffline(t.Context(), o)
	refused(t, got, err, pki.CodeDocChanged)
	o = kept(w.sign(t, person, noon))
	o.Document = nil
	var is *problem.Problem
	if _, err := w.verifier.VerifyOffline(t.Context(), o); err == nil || errors.As(err, &is) {
		t.Errorf("neither inside nor beside: %v", err)
	}
}

func TestWhoeverMaySignWhereNobodyIsNamed(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	for _, who := range []dev.Person{person, head, as(pki.RoleEmployee)} {
		o := kept(w.sign(t, who, noon))
		o.IIN, o.Unproven = "", true
		if got, err := w.verifier.VerifyOffline(t.Context(), o); err != nil || got.Certificate.IIN != iin {
			t.Errorf("%s: %v, %+v", who.Role, err, got.Checks)
		}
	}
}

func TestAlgorithmsOfYearsAgoCountOnlyThen(t *testing.T) {
	t.Parallel()
	f := newForgery(t, pki.ECDSA)
	f.reissue(person, f.newKey(pki.GOST2004), nil)
	o := kept(f.DER())
	o.Unproven = true
	got, err := f.w.verifier.VerifyOffline(t.Context(), o)
	refused(t, got, err, pki.CodeNotAllowed)

	then := native.LegacyBefore.AddDate(0, -1, 0)
	ca, err := dev.NewCA(pki.GOST2004, then.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	old := &world{ca: ca}
	old.believe(t)
	der, err := ca.Sign(person, document, then, dev.SignOptions{TimeStamp: true})
	if err != nil {
		t.Fatal(err)
	}
	list, err := ca.CRL(then)
	if err != nil {
		t.Fatal(err)
	}
	o = native.Offline{CMS: der, Document: bytes.NewReader(document), CRLs: [][]byte{list}}
	got, err = old.verifier.VerifyOffline(t.Context(), o)
	if err != nil || got.Algorithm != "GOST-2004" || !got.TrustedAt.Equal(then) {
		t.Errorf("%v: %+v", err, got)
	}
	s := handedIn(der)
	s.At = then
	got, err = old.verifier.Verify(t.Context(), s)
	refused(t, got, err, pki.CodeNotAllowed)
}

func TestEvidenceThatIsHugeCostsLittle(t *testing.T) {
	t.Parallel()
	w := of(t, pki.GOST2015)
	o := kept(w.sign(t, person, noon))
	for range 50 {
		o.OCSPs = append(o.OCSPs, nested(0x30, 1<<20))
		o.TimeStamps = append(o.TimeStamps, document)
	}
	begin := time.Now()
	got, err := w.verifier.VerifyOffline(t.Context(), o)
	refused(t, got, err, pki.CodeTimeStamp)
	if took := time.Since(begin); took > 10*maxTime {
		t.Errorf("it took %s", took)
	}
}
