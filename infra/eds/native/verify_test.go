package native_test

import (
	"bytes"
	"context"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/dev/devtest"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
)

// steps are the checks of a signature with which nothing is wrong.
var steps = []eds.Check{
	{Step: eds.StepContainer},
	{Step: eds.StepDocument},
	{Step: eds.StepSignature},
	{Step: eds.StepTime},
	{Step: eds.StepChain},
	{Step: eds.StepUsage},
	{Step: eds.StepOwner},
	{Step: eds.StepRevocation},
}

func TestASignatureOfAPerson(t *testing.T) {
	t.Parallel()
	for _, tt := range kinds {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := of(t, tt.kind)
			signer := w.owner(t, person)
			got, err := w.verifier.Verify(t.Context(), handedIn(w.sign(t, person, noon.Add(-time.Minute))))
			if err != nil {
				t.Fatalf("%v: %+v", err, got.Checks)
			}
			var kinds []eds.EvidenceKind
			for _, e := range got.Evidence {
				kinds = append(kinds, e.Kind)
			}
			wantKinds := []eds.EvidenceKind{eds.EvidenceCertificate, eds.EvidenceCertificate, eds.EvidenceOCSP}
			if diff := cmp.Diff(wantKinds, kinds); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			} else if !bytes.Equal(got.Evidence[0].Data, w.ca.Issuing.DER()) || !bytes.Equal(got.Evidence[1].Data, w.ca.Root.DER()) {
				t.Error("the chain that is kept is another one")
			}
			got.Evidence = nil
			want := eds.Report{
				Verifier: "native/1", TrustList: w.store.List().Version(), Algorithm: signer.Key.Algorithm().String(),
				ReceivedAt: noon, ClaimedAt: noon.Add(-time.Minute), TrustedAt: noon, TimeFrom: eds.TimeReceipt, Checks: steps,
			}
			want.Certificate.Owner, want.Certificate.IIN = "БҰЛАҚБАЙ НҰРАЙ", iin
			want.Certificate.Issuer = w.ca.Issuing.Certificate.X509.Subject.CommonName
			want.Certificate.Serial = signer.Certificate.Serial.Text(16)
			want.Certificate.NotBefore, want.Certificate.NotAfter = signer.Certificate.NotBefore, signer.Certificate.NotAfter
			want.Certificate.SHA256 = got.Certificate.SHA256
			if diff := cmp.Diff(want, got); diff != "" || len(got.Certificate.SHA256) != 64 {
				t.Errorf("the report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReportSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	s := handedIn(w.sign(t, head, noon))
	s.Document, s.At, s.IIN = strings.NewReader("another"), noon.Add(time.Hour), identitytest.IIN(7)
	got, err := w.verifier.Verify(t.Context(), s)
	refused(t, got, err, pki.CodeDocChanged)
	want := []eds.Check{
		{Step: eds.StepContainer},
		{Step: eds.StepDocument, Code: pki.CodeDocChanged},
		{Step: eds.StepSignature},
		{Step: eds.StepTime, Code: pki.CodeClockSkew},
		{Step: eds.StepChain},
		{Step: eds.StepUsage},
		{Step: eds.StepOwner, Code: pki.CodeWrongIIN},
	}
	for i := range got.Checks {
		got.Checks[i].Detail = ""
	}
	if diff := cmp.Diff(want, got.Checks); diff != "" {
		t.Errorf("its checks, and nobody is asked about revocation (-want +got):\n%s", diff)
	}
	if got.Certificate.Owner != "ТЕРЕКТІБАЕВ САМАТ" || got.Certificate.BIN != bin {
		t.Errorf("its certificate reads %+v", got.Certificate)
	}
}

func TestWhatIsWrongIsSaidByItsCode(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	right := w.sign(t, person, noon)
	with := func(change func(*eds.Signature)) eds.Signature {
		s := handedIn(right)
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name string
		of   eds.Signature
		code string
	}{
		{"another person's", with(func(s *eds.Signature) { s.IIN = identitytest.IIN(3) }), pki.CodeWrongIIN},
		{"a person's for an organisation", with(func(s *eds.Signature) { s.IIN, s.BIN = "", bin }), pki.CodeWrongBIN},
		{"over another document", with(func(s *eds.Signature) { s.Document = strings.NewReader("another") }), pki.CodeDocChanged},
		{"over a longer document", with(func(s *eds.Signature) {
			s.Document = bytes.NewReader(append(document[:len(document):len(document)], ' '))
		}), pki.CodeDocChanged},
		{"over a shorter document", with(func(s *eds.Signature) { s.Document = bytes.NewReader(document[:len(document)-1]) }), pki.CodeDocChanged},
		{"over no document", with(func(s *eds.Signature) { s.Document = bytes.NewReader(nil) }), pki.CodeDocChanged},
		{"long ago", with(func(s *eds.Signature) { s.At = noon.Add(native.Skew + time.Second) }), pki.CodeClockSkew},
		{"in times to come", with(func(s *eds.Signature) { s.At = noon.Add(-native.Skew - time.Second) }), pki.CodeClockSkew},
		{"with a byte too many", with(func(s *eds.Signature) { s.CMS = append(slices.Clone(right), 0) }), pki.CodeMalformed},
		{"cut short", with(func(s *eds.Signature) { s.CMS = right[:len(right)-1] }), pki.CodeMalformed},
		{"nothing at all", with(func(s *eds.Signature) { s.CMS = nil }), pki.CodeMalformed},
		{"a huge one", with(func(s *eds.Signature) { s.CMS = make([]byte, eds.MaxContainer+1) }), pki.CodeMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := w.verifier.Verify(t.Context(), tt.of)
			refused(t, got, err, tt.code)
		})
	}
	for name, at := range map[string]time.Time{"as late": noon.Add(native.Skew), "as early": noon.Add(-native.Skew)} {
		if _, err := w.verifier.Verify(t.Context(), with(func(s *eds.Signature) { s.At = at })); err != nil {
			t.Errorf("%s as may be: %v", name, err)
		}
	}
}

func TestWhoMaySignForWhom(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	other := identitytest.BIN(9)
	for _, tt := range []struct {
		name string
		by   dev.Person
		of   eds.Signature
		code string
	}{
		{"a person for themselves", person, eds.Signature{IIN: iin}, ""},
		{"the head of an organisation for it", head, eds.Signature{BIN: bin}, ""},
		{"the head as the very person", head, eds.Signature{IIN: iin, BIN: bin}, ""},
		{"who has the right to sign", as(pki.RoleSigner), eds.Signature{BIN: bin}, ""},
		{"an employee", as(pki.RoleEmployee), eds.Signature{BIN: bin}, pki.CodeRole},
		{"who signs financial documents", as(pki.RoleFinancial), eds.Signature{BIN: bin}, pki.CodeRole},
		{"the staff department", as(pki.RoleHR), eds.Signature{BIN: bin}, pki.CodeRole},
		{"an information system", as(pki.RoleSystem), eds.Signature{BIN: bin}, pki.CodeRole},
		{"an individual who names the organisation", as(pki.RoleIndividual), eds.Signature{BIN: bin}, pki.CodeRole},
		{"the head of another organisation", head, eds.Signature{BIN: other}, pki.CodeWrongBIN},
		{"the head, but another person", head, eds.Signature{IIN: identitytest.IIN(3), BIN: bin}, pki.CodeWrongIIN},
		{"the head for themselves", head, eds.Signature{IIN: iin}, pki.CodeRole},
		{"staff with a certificate of an organisation", as(pki.RoleEmployee), eds.Signature{IIN: iin, Staff: true}, ""},
		{"staff with a certificate of their own", person, eds.Signature{IIN: iin, Staff: true}, ""},
		{"other staff", head, eds.Signature{IIN: identitytest.IIN(3), Staff: true}, pki.CodeWrongIIN},
		{"staff for an organisation of which they are the head", head, eds.Signature{BIN: bin, Staff: true}, ""},
		{"staff for an organisation of which they are not", as(pki.RoleEmployee), eds.Signature{BIN: bin, Staff: true}, pki.CodeRole},
		{"of a number with a wrong check digit", dev.Person{Name: "X", IIN: "123456789011"}, eds.Signature{IIN: "123456789011"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.of.CMS, tt.of.Document, tt.of.At = w.sign(t, tt.by, noon), bytes.NewReader(document), noon
			got, err := w.verifier.Verify(t.Context(), tt.of)
			if tt.code != "" {
				refused(t, got, err, tt.code)
			} else if err != nil || got.Certificate.IIN != tt.by.IIN || got.Certificate.BIN != tt.by.BIN {
				t.Errorf("answered %+v, error %v", got, err)
			}
		})
	}
}

// as is somebody of the organisation in a role.
func as(role pki.Role) dev.Person {
	p := head
	p.Role = role
	return p
}

func TestRevocationIsAskedOfWhoeverKnows(t *testing.T) {
	t.Parallel()
	w := another(t, pki.ECDSA)
	right := w.sign(t, person, noon)
	serial := w.owner(t, person).Certificate.Serial
	verify := func(revoked ...dev.Revocation) (eds.Report, error) {
		t.Helper()
		for _, r := range revoked {
			if err := w.ca.Revoke(r); err != nil {
				t.Fatal(err)
			}
		}
		return w.verifier.Verify(t.Context(), handedIn(right))
	}
	if _, err := verify(); err != nil {
		t.Fatal(err)
	}
	got, err := verify(dev.Revocation{Serial: serial, At: noon.Add(-time.Second), Reason: dev.ReasonKeyCompromise})
	refused(t, got, err, pki.CodeRevoked)
	if kept := got.Evidence[len(got.Evidence)-1]; kept.Kind != eds.EvidenceOCSP {
		t.Errorf("what proves it is not kept: %s", kept.Kind)
	}
	got, err = verify(dev.Revocation{Serial: serial, At: noon.Add(-time.Second), Reason: dev.ReasonCertificateHold})
	refused(t, got, err, pki.CodeRevoked)
}

func TestACertificateThatItsAuthorityDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	never := dev.NeverIssued(nil)
	for name, answer := range map[string]dev.OCSPAnswer{
		"says so":                     {Entries: []dev.OCSPEntry{{Unknown: true}}},
		"calls it revoked since 1970": {Entries: []dev.OCSPEntry{{Revoked: &never}}, Extensions: []pkix.Extension{dev.ExtendedRevoke()}},
	} {
		source := answers(func(q revocation.Query) []byte { return w.ocsp(t, answer, q.Certificate, q.Now) })
		got, err := native.New(w.store, source).Verify(t.Context(), handedIn(w.sign(t, person, noon)))
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
		refused(t, got, err, pki.CodeUnknown)
	}
}

func TestWhatNobodyVouchesForIsNotAccepted(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	right := w.sign(t, person, noon)
	none := &revocation.Checker{}
	for name, source := range map[string]native.Revocation{
		"nobody to ask":         nil,
		"nobody answers":        none,
		"somebody else answers": devtest.Services{CA: another(t, pki.ECDSA).ca},
		"an answer of no sense": says{},
		"a broken connection":   says{err: errors.New("connection reset")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := native.New(w.store, source).Verify(t.Context(), handedIn(right))
			var is *problem.Problem
			if name == "an answer of no sense" {
				refused(t, got, err, pki.CodeUnknown)
				return
			}
			if !errors.As(err, &is) || is.Kind != problem.Unavailable || is.Code != "revocation-unavailable" || is.RetryAfter <= 0 {
				t.Errorf("answered %v, want it unavailable", err)
			}
			if got.Verifier != "" {
				t.Errorf("there is a report: %+v", got)
			}
		})
	}
}

func TestNobodyIsAskedAboutForgeries(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	s := handedIn(w.sign(t, person, noon))
	s.Document = strings.NewReader("another")
	got, err := native.New(w.store, asked{t}).Verify(t.Context(), s)
	refused(t, got, err, pki.CodeDocChanged)
}

// asked must not be asked.
type asked struct{ t *testing.T }

func (a asked) Check(context.Context, revocation.Query) (revocation.Status, error) {
	a.t.Error("somebody was asked")
	return revocation.Status{}, errors.New("asked")
}

func TestSomebodyAndSomethingMustBeNamed(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	for name, change := range map[string]func(*eds.Signature){
		"nobody":  func(s *eds.Signature) { s.IIN = "" },
		"nothing": func(s *eds.Signature) { s.Document = nil },
	} {
		s := handedIn(w.sign(t, person, noon))
		change(&s)
		var is *problem.Problem
		if _, err := w.verifier.Verify(t.Context(), s); err == nil || errors.As(err, &is) {
			t.Errorf("%s: answered %v, want an error that is nobody's fault", name, err)
		}
	}
}

func TestADocumentThatCannotBeReadIsNobodysFault(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	s := handedIn(w.sign(t, person, noon))
	broken := errors.New("disk")
	s.Document = readerOf(func([]byte) (int, error) { return 0, broken })
	if got, err := w.verifier.Verify(t.Context(), s); !errors.Is(err, broken) || got.Verifier != "" {
		t.Errorf("answered %+v, error %v", got, err)
	}
}

type readerOf func([]byte) (int, error)

func (r readerOf) Read(p []byte) (int, error) { return r(p) }

func TestAVerificationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	ctx, cancel := context.WithCancel(t.Context())
	source := says{err: &revocation.UnavailableError{}}
	s := handedIn(w.sign(t, person, noon))
	cancel()
	if _, err := native.New(w.store, source).Verify(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
}

func TestAuthoritiesThatAreNotBelievedHereOrNow(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	believed := trust.NewDev(w.ca.Root.Certificate, w.ca.Issuing.Certificate)
	for name, change := range map[string]func([]trust.Authority){
		"withdrawn":              func(l []trust.Authority) { l[1].Until = noon.Add(-time.Second) },
		"its root was withdrawn": func(l []trust.Authority) { l[0].Until = noon.Add(-time.Second) },
		"not yet believed":       func(l []trust.Authority) { l[1].From = noon.Add(time.Second) },
		"for time stamps alone":  func(l []trust.Authority) { l[1].Purposes = []trust.Purpose{trust.TimeStamping} },
	} {
		changed := slices.Clone(believed)
		change(changed)
		store, err := trust.Open(trust.Options{More: changed})
		if err != nil {
			t.Fatal(err)
		}
		got, err := native.New(store, devtest.Services{CA: w.ca}).Verify(t.Context(), handedIn(w.sign(t, person, noon)))
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
		refused(t, got, err, pki.CodeUntrusted)
	}
	store, err := trust.Open(trust.Options{Production: true})
	if err != nil {
		t.Fatal(err)
	}
	got, err := native.New(store, devtest.Services{CA: w.ca}).Verify(t.Context(), handedIn(w.sign(t, person, noon)))
	refused(t, got, err, pki.CodeUntrusted)
}
