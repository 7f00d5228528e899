package ncanode_test

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/ncanode"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = []byte("%PDF-1.7 көрсетілген қызметтер актісі")
	iin      = identitytest.IIN(1)
	bin      = identitytest.BIN(2)
	person   = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}
	head     = dev.Person{Name: "ТЕРЕКТІБАЕВ САМАТ", IIN: iin, BIN: bin, Organization: "ЖШС"}
)

var authority = sync.OnceValues(func() (*dev.CA, error) { return dev.NewCA(pki.ECDSA, noon.AddDate(0, -1, 0)) })

// issue makes a certificate for somebody.
func issue(t *testing.T, who dev.Person, changes ...func(*dev.Template)) *dev.Holder {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	holder, err := ca.Issue(who, noon, changes...)
	if err != nil {
		t.Fatal(err)
	}
	return holder
}

// sign signs the document as somebody, now.
func sign(t *testing.T, who dev.Person, changes ...func(*dev.Template)) []byte {
	t.Helper()
	return signBy(t, issue(t, who, changes...), document, noon)
}

func signBy(t *testing.T, holder *dev.Holder, document []byte, at time.Time) []byte {
	t.Helper()
	return seal(t, holder, holder.Draft(document, at))
}

// seal completes a draft.
func seal(t *testing.T, holder *dev.Holder, draft *cms.Draft) []byte {
	t.Helper()
	if err := draft.SignBy(holder.Key); err != nil {
		t.Fatal(err)
	}
	return draft.DER()
}

// handedIn is a signature over the document, now.
func handedIn(der []byte, change ...func(*eds.Signature)) eds.Signature {
	s := eds.Signature{CMS: der, Document: bytes.NewReader(document), IIN: iin, At: noon}
	for _, c := range change {
		c(&s)
	}
	return s
}

func forOrganisation(s *eds.Signature) { s.IIN, s.BIN = "", bin }

// wantRefused expects a refusal with a code, and a report that says so.
func wantRefused(t *testing.T, report eds.Report, err error, code string) {
	t.Helper()
	if !problem.Has(err, code) || report.Code != code {
		t.Fatalf("answered %v with a report of %q, want %s", err, report.Code, code)
	}
	if last := report.Checks[len(report.Checks)-1]; last.Code != code {
		t.Errorf("the last check is %+v", last)
	}
}

func TestASignatureThatTheServerFindsValid(t *testing.T) {
	t.Parallel()
	s := serve(t)
	der := sign(t, person)
	report, err := s.client().Verify(t.Context(), handedIn(der))
	if err != nil {
		t.Fatal(err)
	}
	want := []eds.Check{
		{Step: eds.StepContainer},
		{Step: eds.StepDocument},
		{Step: eds.StepSignature},
		{Step: eds.StepTime},
		{Step: eds.StepChain},
		{Step: eds.StepUsage},
		{Step: eds.StepOwner},
		{Step: eds.StepRevocation},
	}
	if diff := cmp.Diff(want, report.Checks); diff != "" {
		t.Error(diff)
	}
	got := report.Certificate
	if got.Owner != person.Name || got.IIN != iin || got.BIN != "" || got.Serial == "" || got.Issuer == "" || len(got.SHA256) != 64 {
		t.Errorf("the certificate reads %+v", got)
	}
	if report.Verifier != "ncanode/1" || report.Algorithm != "ECDSA-SHA256" || report.TimeFrom != eds.TimeReceipt ||
		!report.TrustedAt.Equal(noon) || !report.ReceivedAt.Equal(noon) || !report.ClaimedAt.Equal(noon) {
		t.Errorf("the report reads %+v", report)
	}
	wantQuestion := []question{{CMS: der, Data: document, RevocationCheck: []string{"OCSP", "CRL"}}}
	if diff := cmp.Diff(wantQuestion, s.questions(), cmp.AllowUnexported(question{})); diff != "" {
		t.Errorf("asked: %s", diff)
	}
}

func TestASignatureForAnOrganisation(t *testing.T) {
	t.Parallel()
	for _, role := range []pki.Role{pki.RoleCEO, pki.RoleSigner} {
		who := head
		who.Role = role
		report, err := serve(t).client().Verify(t.Context(), handedIn(sign(t, who), forOrganisation))
		if err != nil || report.Certificate.BIN != bin || report.Certificate.IIN != iin {
			t.Errorf("%s: answered %+v, error %v", role, report.Certificate, err)
		}
	}
	for _, role := range []pki.Role{pki.RoleEmployee, pki.RoleHR, pki.RoleFinancial} {
		who := head
		who.Role = role
		report, err := serve(t).client().Verify(t.Context(), handedIn(sign(t, who), forOrganisation))
		wantRefused(t, report, err, "cert-role-not-allowed")
		asStaff := func(s *eds.Signature) { s.Staff = true }
		if _, err = serve(t).client().Verify(t.Context(), handedIn(sign(t, who), asStaff)); err != nil {
			t.Errorf("%s, of the provider's staff: %v", role, err)
		}
	}
}

// What the server would not find, or not look for, is never asked.
func TestWhatIsWrongByItselfIsRefusedWithoutAsking(t *testing.T) {
	t.Parallel()
	right := sign(t, person)
	holder := issue(t, person)
	attached := holder.Draft([]byte("another document"), noon)
	attached.Content = []byte("another document")
	inside := seal(t, holder, attached)
	beside := holder.Draft(document, noon)
	beside.Content = []byte("another document")
	other := seal(t, holder, beside)
	unsigned := holder.Draft(document, noon)
	unsigned.Signers[0].Signature = bytes.Repeat([]byte{1}, 64)
	nobody := holder.Draft(document, noon)
	nobody.Signers = nil
	bare := holder.Draft(document, noon)
	bare.Certificates = nil
	alone := seal(t, holder, bare)
	late := signBy(t, holder, document, noon.Add(6*time.Minute))
	for _, tt := range []struct {
		name string
		of   eds.Signature
		code string
	}{
		{"nothing", handedIn(nil), "malformed"},
		{"huge", handedIn(make([]byte, eds.MaxContainer+1)), "malformed"},
		{"a byte too many", handedIn(append(slices.Clone(right), 0)), "malformed"},
		{"no signer, which the server calls valid", handedIn(nobody.DER()), "malformed"},
		{"no certificate, which the server calls valid", handedIn(alone), "malformed"},
		{"attached, over another document, at which the server looks", handedIn(inside), "doc-changed"},
		{"over the document, with another one inside", handedIn(other), "doc-changed"},
		{"over another document", handedIn(right, func(s *eds.Signature) { s.Document = strings.NewReader("another") }), "doc-changed"},
		{"over no document", handedIn(right, func(s *eds.Signature) { s.Document = strings.NewReader("") }), "doc-changed"},
		{"by nobody's key", handedIn(unsigned.DER()), "bad-signature"},
		{"long ago", handedIn(right, func(s *eds.Signature) { s.At = noon.Add(6 * time.Minute) }), "clock-skew"},
		{"in times to come", handedIn(late), "clock-skew"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			report, err := s.client().Verify(t.Context(), tt.of)
			wantRefused(t, report, err, tt.code)
			if asked := s.questions(); len(asked) > 0 {
				t.Errorf("the server was asked %d times", len(asked))
			}
		})
	}
}

func TestAnAttachedSignatureOverTheDocumentItself(t *testing.T) {
	t.Parallel()
	holder := issue(t, person)
	draft := holder.Draft(document, noon)
	draft.Content = document
	s := serve(t)
	if _, err := s.client().Verify(t.Context(), handedIn(seal(t, holder, draft))); err != nil {
		t.Fatal(err)
	}
	if asked := s.questions(); len(asked) != 1 || asked[0].Data != nil {
		t.Errorf("asked %d times, with the document beside a signature that holds it", len(asked))
	}
}

// certificate is the one of an answer.
func (s *saying) certificate() *sayingCertificate { return &s.Signers[0].Certificates[0] }

func (s *saying) revocation(n int) map[string]any { return s.certificate().Revocations[n] }

// What the server says is wrong is refused, and so is what it passes over.
func TestWhatTheServerSaysOfACertificate(t *testing.T) {
	t.Parallel()
	revoked := func(by, at string) func(*saying) {
		return func(s *saying) {
			s.Valid, s.certificate().Valid = false, false
			s.certificate().Revocations = append(s.certificate().Revocations, map[string]any{
				"revoked": true, "by": by, "revocationTime": at, "reason": "KEY_COMPROMISE",
			})
		}
	}
	organisation := []func(*eds.Signature){forOrganisation}
	another := head
	another.BIN = identitytest.BIN(3)
	withRole := func(role pki.Role) dev.Person { who := head; who.Role = role; return who }
	for _, tt := range []struct {
		name   string
		who    dev.Person
		claim  []func(*eds.Signature)
		change func(*saying)
		code   string
	}{
		{"not valid", person, nil, func(s *saying) { s.Valid, s.certificate().Valid = false, false }, "untrusted-ca"},
		{"only its certificate is not valid", person, nil, func(s *saying) { s.certificate().Valid = false }, "untrusted-ca"},
		{"its certificate is valid, it is not", person, nil, func(s *saying) { s.Valid = false }, "bad-signature"},
		{"a key for signing in", person, nil, func(s *saying) { s.certificate().KeyUsage = "AUTH" }, "cert-not-for-signing"},
		{"a key for nothing known", person, nil, func(s *saying) { s.certificate().KeyUsage = "UNKNOWN" }, "cert-not-for-signing"},
		{"a key of which it says nothing", person, nil, func(s *saying) { s.certificate().KeyUsage = "" }, "cert-not-for-signing"},
		{"somebody else's", person, nil, func(s *saying) { s.certificate().Subject["iin"] = identitytest.IIN(3) }, "wrong-owner-iin"},
		{"nobody's", person, nil, func(s *saying) { delete(s.certificate().Subject, "iin") }, "wrong-owner-iin"},
		{"another organisation's", head, organisation, func(s *saying) { s.certificate().Subject["bin"] = identitytest.BIN(3) }, "wrong-bin"},
		{"of an organisation, of somebody else than it says", head, organisation, func(s *saying) { s.certificate().Subject["iin"] = identitytest.IIN(3) }, "wrong-owner-iin"},
		{"another organisation's, which it calls the right one", another, organisation, func(s *saying) { s.certificate().Subject["bin"] = bin }, "wrong-bin"},
		{"no organisation's", head, organisation, func(s *saying) { delete(s.certificate().Subject, "bin") }, "wrong-bin"},
		{"an employee's", head, organisation, func(s *saying) { s.certificate().KeyUser = []string{"ORGANIZATION", "EMPLOYEE"} }, "cert-role-not-allowed"},
		{"an employee's, whom it calls the head", withRole(pki.RoleEmployee), organisation, func(s *saying) { s.certificate().KeyUser = []string{"CEO"} }, "cert-role-not-allowed"},
		{"revoked, says OCSP", person, nil, revoked("OCSP", "2026-11-20T10:00:00.000+00:00"), "cert-revoked"},
		{"revoked, says the list", person, nil, revoked("CRL", "2026-11-20T10:00:00.000+0500"), "cert-revoked"},
		{"revoked, says a source that is not known", person, nil, revoked("тізім", "2026-11-20T10:00:00Z"), "cert-revoked"},
		{"revoked, and called valid", person, nil, func(s *saying) {
			revoked("CRL", "2026-11-20T10:00:00Z")(s)
			s.Valid, s.certificate().Valid = true, true
		}, "cert-revoked"},
		{"revoked, says OCSP, at a time in milliseconds", person, nil, func(s *saying) {
			s.revocation(0)["revoked"], s.revocation(0)["revocationTime"] = true, 1_795_000_000_000
		}, "cert-revoked"},
		{"never issued: revoked in 1970", person, nil, revoked("OCSP", "1970-01-01T00:00:00.000+00:00"), "cert-unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			s.change = tt.change
			report, err := s.client().Verify(t.Context(), handedIn(sign(t, tt.who), tt.claim...))
			wantRefused(t, report, err, tt.code)
		})
	}
}

func TestACertificateIsLookedAtHereToo(t *testing.T) {
	t.Parallel()
	other := person
	other.IIN = identitytest.IIN(3)
	for _, tt := range []struct {
		name    string
		who     dev.Person
		changes []func(*dev.Template)
		claim   []func(*eds.Signature)
		code    string
	}{
		{name: "of somebody else", who: other, code: "wrong-owner-iin"},
		{name: "of a person for an organisation", who: person, claim: []func(*eds.Signature){forOrganisation}, code: "wrong-bin"},
		{name: "of the head of an organisation for themselves", who: head, code: "cert-role-not-allowed"},
		{name: "under other rules", who: person, changes: []func(*dev.Template){func(c *dev.Template) { c.With(dev.Policies(asn1.ObjectIdentifier{1, 2, 398, 3, 3, 1})) }}, code: "cert-not-for-signing"},
		{name: "that has ended", who: person, changes: []func(*dev.Template){func(c *dev.Template) { c.NotAfter = noon.Add(-time.Second) }}, code: "cert-expired"},
		{name: "that begins later", who: person, changes: []func(*dev.Template){func(c *dev.Template) { c.NotBefore = noon.Add(time.Second) }}, code: "cert-not-yet-valid"},
		{name: "for signing in", who: person, changes: []func(*dev.Template){func(c *dev.Template) { c.With(dev.ExtKeyUsage(false, pki.OIDClientAuth)) }}, code: "cert-not-for-signing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report, err := serve(t).client().Verify(t.Context(), handedIn(sign(t, tt.who, tt.changes...), tt.claim...))
			wantRefused(t, report, err, tt.code)
		})
	}
}

// wantUnavailable expects that nothing was found out, with a code.
func wantUnavailable(t *testing.T, report eds.Report, err error, code string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Kind != problem.Unavailable || p.Code != code || p.RetryAfter != time.Minute {
		t.Fatalf("answered %v, want %s", err, code)
	}
	if len(report.Checks) > 0 {
		t.Errorf("there is a report: %+v", report)
	}
}

func TestWhatTheServerDidNotFindOutAboutRevocation(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*saying){
		"it was not asked for, or passed over": func(s *saying) { s.certificate().Revocations = nil },
		"only a list that it may not have":     func(s *saying) { s.certificate().Revocations = s.certificate().Revocations[1:] },
		"OCSP did not answer, called valid":    func(s *saying) { s.revocation(0)["reason"] = "connect timed out" },
		"OCSP did not answer, called invalid": func(s *saying) {
			s.Valid, s.certificate().Valid = false, false
			s.revocation(0)["reason"] = "Unknown status"
		},
		"OCSP gave no reason": func(s *saying) { s.revocation(0)["reason"] = nil },
		"one of two OCSP services did not answer": func(s *saying) {
			s.certificate().Revocations = append(s.certificate().Revocations, map[string]any{"revoked": false, "by": "OCSP", "reason": "Nonce aren't equals"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			s.change = change
			report, err := s.client().Verify(t.Context(), handedIn(sign(t, person)))
			wantUnavailable(t, report, err, "revocation-unavailable")
		})
	}
}

func TestAnAnswerThatIsNotAboutTheSignature(t *testing.T) {
	t.Parallel()
	text := func(status int, words string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, words)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*saying)
		handle func(http.ResponseWriter)
	}{
		{name: "no signer", change: func(s *saying) { s.Signers = nil }},
		{name: "a signer without a certificate", change: func(s *saying) { s.Signers[0].Certificates = nil }},
		{name: "two signers", change: func(s *saying) { s.Signers = append(s.Signers, s.Signers[0]) }},
		{name: "two certificates", change: func(s *saying) {
			s.Signers[0].Certificates = append(s.Signers[0].Certificates, *s.certificate())
		}},
		{name: "another serial number", change: func(s *saying) { s.certificate().SerialNumber = "1" + s.certificate().SerialNumber }},
		{name: "a serial number that is none", change: func(s *saying) { s.certificate().SerialNumber = "нөмір" }},
		{name: "no serial number", change: func(s *saying) { s.certificate().SerialNumber = "" }},
		{name: "another certificate of the same number", change: func(s *saying) { s.certificate().Signature = []byte{1} }},
		{name: "a time stamp where there is none", change: func(s *saying) { s.Signers[0].TSP = map[string]any{"hash": "00"} }},
		{name: "what it says when anything goes wrong", handle: text(http.StatusBadRequest, `{"status":400,"message":"connect timed out"}`)},
		{name: "a failure", handle: text(http.StatusInternalServerError, `{"status":500}`)},
		{name: "nothing", handle: text(http.StatusOK, "")},
		{name: "a page", handle: text(http.StatusOK, "<html>")},
		{name: "a list", handle: text(http.StatusOK, "[]")},
		{name: "an answer cut short", handle: text(http.StatusOK, `{"valid":true,"signers":[`)},
		{name: "an answer with something behind it", handle: text(http.StatusOK, `{"valid":true}{}`)},
		{name: "a time in another form", handle: text(http.StatusOK, `{"valid":true,"signers":[{"certificates":[{"revocations":[{"revocationTime":"кеше"}]}]}]}`)},
		{name: "a time that is none", handle: text(http.StatusOK, `{"valid":true,"signers":[{"certificates":[{"revocations":[{"revocationTime":{}}]}]}]}`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			s.change, s.handle = tt.change, tt.handle
			report, err := s.client().Verify(t.Context(), handedIn(sign(t, person)))
			wantUnavailable(t, report, err, "signing-unavailable")
		})
	}
}

// A right answer is none where a server gives it that does not behave as one.
func TestARightAnswerInTheWrongWay(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(*server){
		"with another status that is good": func(s *server) { s.status = http.StatusAccepted },
		"at huge length":                   func(s *server) { s.after = strings.Repeat(" ", 1<<20) },
		"with something behind it":         func(s *server) { s.after = "{}" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			wrong(s)
			report, err := s.client().Verify(t.Context(), handedIn(sign(t, person)))
			wantUnavailable(t, report, err, "signing-unavailable")
		})
	}
}

func TestDocumentsAreNotCarriedOnToWhereAServerPoints(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s: the other server was asked", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		s := serve(t)
		s.handle = func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL+"/cms/verify")
			w.WriteHeader(status)
		}
		report, err := s.client().Verify(t.Context(), handedIn(sign(t, person)))
		wantUnavailable(t, report, err, "signing-unavailable")
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := serve(t)
	v := s.client()
	s.Close()
	report, err := v.Verify(t.Context(), handedIn(sign(t, person)))
	wantUnavailable(t, report, err, "signing-unavailable")
}

func TestTheCallersTimeIsKept(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t)
	s.handle = func(http.ResponseWriter) { cancel() }
	if _, err := s.client().Verify(ctx, handedIn(sign(t, person))); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v, want %v", err, context.Canceled)
	}
}

func TestOnlySoManyAtOnce(t *testing.T) {
	t.Parallel()
	const many = 4
	arrived, leave := make(chan struct{}), make(chan struct{})
	s := serve(t)
	s.handle = func(w http.ResponseWriter) {
		arrived <- struct{}{}
		<-leave
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	v, der := s.client(), sign(t, person)
	var group sync.WaitGroup
	for range many {
		group.Go(func() { _, _ = v.Verify(t.Context(), handedIn(der)) })
	}
	for range many {
		<-arrived
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, handedIn(der)); !errors.Is(err, context.Canceled) {
		t.Errorf("one too many was answered %v", err)
	}
	close(leave)
	group.Wait()
}

func TestSomebodyMustBeNamed(t *testing.T) {
	t.Parallel()
	_, err := serve(t).client().Verify(t.Context(), handedIn(sign(t, person), func(s *eds.Signature) { s.IIN = "" }))
	var p *problem.Problem
	if err == nil || errors.As(err, &p) {
		t.Errorf("answered %v", err)
	}
}

func TestADocumentThatCannotBeReadOrIsTooLarge(t *testing.T) {
	t.Parallel()
	v, der := serve(t).client(), sign(t, person)
	broken := errors.New("the disk is broken")
	_, err := v.Verify(t.Context(), handedIn(der, func(s *eds.Signature) { s.Document = iotest.ErrReader(broken) }))
	if !errors.Is(err, broken) {
		t.Errorf("answered %v, want %v", err, broken)
	}
	_, err = v.Verify(t.Context(), handedIn(der, func(s *eds.Signature) {
		s.Document = io.LimitReader(zeros{}, ncanode.MaxDocument+1)
	}))
	var p *problem.Problem
	if err == nil || errors.As(err, &p) {
		t.Errorf("a huge document was answered %v", err)
	}
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) { return len(into), nil }

func TestDocumentsOfEverySizeArriveWhole(t *testing.T) {
	t.Parallel()
	holder := issue(t, person)
	for _, size := range []int{0, 1, 2, 3, 3071, 3072, 3073, 100_000} {
		content := bytes.Repeat([]byte{0xD3}, size)
		der := signBy(t, holder, content, noon)
		s := serve(t)
		if _, err := s.client().Verify(t.Context(), handedIn(der, func(s *eds.Signature) { s.Document = bytes.NewReader(content) })); err != nil {
			t.Fatal(err)
		}
		if asked := s.questions(); len(asked) != 1 || !bytes.Equal(asked[0].Data, content) {
			t.Errorf("of %d bytes %d arrived", size, len(asked[0].Data))
		}
	}
}

func TestWhereAServerMayBe(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://ncanode.example.kz", "https://ncanode.example.kz:14579/base/", "http://127.0.0.1:14579", "http://localhost:14579",
		"http://[::1]:14579", "https://portal:secret@ncanode.example.kz",
	} {
		v, err := ncanode.New(ncanode.Options{URL: address})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = v.Close()
	}
	for _, address := range []string{
		"", "ncanode", "http://ncanode.example.kz:14579", "http://192.0.2.1", "ftp://127.0.0.1", "https://", "https://host/?key=secret",
		"https://host/#part", "http://localhost.example.kz", "https://user:secret@ host",
	} {
		if _, err := ncanode.New(ncanode.Options{URL: address}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAProxyInFrontIsToldWhoAsks(t *testing.T) {
	t.Parallel()
	s := serve(t)
	v, err := ncanode.New(ncanode.Options{URL: strings.Replace(s.URL, "http://", "http://portal:secret@", 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	if _, err := v.Verify(t.Context(), handedIn(sign(t, person))); err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	request.SetBasicAuth("portal", "secret")
	if got, want := s.questions()[0].authorization, request.Header.Get("Authorization"); got != want {
		t.Errorf("asked with %q, want %q", got, want)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"valid":true,"signers":[{"certificates":[{"valid":true,"revocations":[{"revoked":false,"by":"OCSP","reason":"OK"}],"serialNumber":"1","keyUsage":"SIGN"}]}]}`))
	f.Add([]byte(`{"valid":true,"signers":[{"certificates":null,"tsp":{"hash":"00"}}]}`))
	f.Add([]byte(`{"valid":true,"signers":[{"certificates":[{"revocations":[{"revocationTime":1795000000000}]}]}]}`))
	ca, err := authority()
	if err != nil {
		f.Fatal(err)
	}
	holder, err := ca.Issue(person, noon)
	if err != nil {
		f.Fatal(err)
	}
	draft := holder.Draft(document, noon)
	if err := draft.SignBy(holder.Key); err != nil {
		f.Fatal(err)
	}
	der := draft.DER()
	serial := holder.Certificate.Serial.Text(16)
	f.Fuzz(func(t *testing.T, said []byte) {
		v, err := ncanode.New(ncanode.Options{URL: "https://ncanode.example.kz", Transport: says(said)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), handedIn(der))
		if err == nil && !bytes.Contains(said, []byte(serial)) {
			t.Fatalf("accepted by %s", said)
		}
	})
}

// says is a server that always says the same.
type says []byte

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, fmt.Errorf("reading the question: %w", err)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(s)), Request: r}, nil
}

// stamped is a signature with a time stamp over something.
func stamped(t *testing.T, of []byte, at time.Time) (signature, token []byte) {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	holder := issue(t, person)
	draft := holder.Draft(document, noon)
	seal(t, holder, draft)
	signer := &draft.Signers[0]
	if of == nil {
		of = signer.Signature
	}
	if token, err = ca.TimeStamp(of, at); err != nil {
		t.Fatal(err)
	}
	signer.Unsigned = []cms.Attribute{{OID: cms.OIDTimeStampToken, Values: [][]byte{token}}}
	return draft.DER(), token
}

func TestATimeStampIsComparedWithWhatItStamps(t *testing.T) {
	t.Parallel()
	right, raw := stamped(t, nil, noon.Add(time.Second))
	token, err := tsp.ParseToken(raw, tsp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	withHash := func(hash string) func(*saying) {
		return func(s *saying) { s.Signers[0].TSP = map[string]any{"hash": hash, "policy": "1.2.398.3.3.2.6.4"} }
	}
	digest := hex.EncodeToString(token.Imprint.Digest)
	for name, change := range map[string]func(*saying){
		"nothing": nil, "the same": withHash(digest), "the same in capitals": withHash(strings.ToUpper(digest)),
	} {
		s := serve(t)
		s.change = change
		report, err := s.client().Verify(t.Context(), handedIn(right))
		if err != nil || report.TimeFrom != eds.TimeReceipt || len(report.Evidence) > 0 {
			t.Errorf("the server says %s of it: answered %v with %+v", name, err, report)
		}
	}
	s := serve(t)
	changed := "00"
	if strings.HasPrefix(digest, changed) {
		changed = "01"
	}
	s.change = withHash(changed + digest[2:])
	report, err := s.client().Verify(t.Context(), handedIn(right))
	wantUnavailable(t, report, err, "signing-unavailable")

	another, _ := stamped(t, []byte("another signature"), noon)
	later, _ := stamped(t, nil, noon.Add(6*time.Minute))
	for name, tt := range map[string]struct {
		der  []byte
		code string
	}{
		"over another signature": {another, "time-stamp-invalid"}, "of later": {later, "clock-skew"},
	} {
		s := serve(t)
		report, err := s.client().Verify(t.Context(), handedIn(tt.der))
		wantRefused(t, report, err, tt.code)
		if len(s.questions()) > 0 {
			t.Errorf("%s: the server was asked", name)
		}
	}
}
