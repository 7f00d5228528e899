package commands

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
)

func TestIssuingADocumentOpensItForSigning(t *testing.T) {
	t.Parallel()
	o := newSigningOffice(t, grantID)
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/decision", `{"outcome":"approved","text":"Мақұлданды"}`).is(t, http.StatusOK, nil)
	file := o.upload(o.dauren, o.application, "келісім")
	before := o.end()
	var issued struct {
		ID, SHA256, Status string
		Version            int
	}
	a := o.dauren.do(http.MethodPost, "/applications/"+o.application+"/documents", map[string]any{"kind": "agreement", "fileId": file}).
		is(t, http.StatusCreated, &issued)
	if got := a.header.Get("Position"); got != o.end().String() {
		t.Errorf("Position %s, want that of what was written last, %s", got, o.end())
	}
	document, found := o.stateOf(o.application).Document(issued.ID)
	if !found || issued.SHA256 != document.File.SHA256 || issued.Version != 1 || issued.Status != "awaiting_signature" ||
		a.header.Get("Location") != "/api/v1/documents/"+issued.ID {
		t.Errorf("answered %+v with %v of %+v", issued, a.header, document)
	}
	o.happened(before,
		application.DocumentIssued{
			DocumentID: issued.ID, Applicant: o.nurai.id, ProviderID: providerID, Kind: "agreement", Version: 1, FileID: file,
			Name: document.File.Name, MIME: "application/pdf", Size: int64(len(documentBytes("келісім"))), SHA256: issued.SHA256,
			Signers: []string{"applicant", "provider"}, By: "eds", At: o.clock.Now(),
		},
		signature.Prepared{
			ApplicationID: o.application, Applicant: o.nurai.id, ProviderID: providerID, Kind: "agreement", Version: 1,
			SHA256: issued.SHA256, Signers: []signature.Signer{"applicant", "provider"}, By: signature.EDS, At: o.clock.Now(),
		})
}

func TestADocumentWithoutSignersHasNoSignatures(t *testing.T) {
	t.Parallel()
	o, _ := agreement(t)
	result := o.issue(o.application, "result", "нәтиже")
	if events := o.history("signature-" + result); len(events) > 0 {
		t.Errorf("its signatures say %v", events)
	}
	o.accept(o.nurai, result).refuses(t, http.StatusNotFound, "document-not-found")
}

func TestBothSidesSignAnAgreement(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	var answered struct {
		Status, Signer, Application string
		Signed                      bool
	}
	a := o.sign(o.nurai, document, o.cms(o.nuraiIs, "келісім")).is(t, http.StatusCreated, &answered)
	a.writtenAt(o.world, int64(len(o.history("signature-"+document))-1))
	if answered.Status != "accepted" || answered.Signer != "applicant" || answered.Signed || answered.Application != "awaiting_signature" {
		t.Errorf("answered %+v", answered)
	}
	o.clock.pass(time.Minute)
	before := o.end()
	a = o.sign(o.dauren, document, o.cms(o.daurenIs, "келісім")).is(t, http.StatusCreated, &answered)
	if answered.Signer != "provider" || !answered.Signed || answered.Application != "completed" {
		t.Errorf("answered %+v", answered)
	}
	if got := a.header.Get("Position"); got != o.end().String() {
		t.Errorf("Position %s, want that of what was written last, %s", got, o.end())
	}
	at := o.clock.Now()
	signer, err := o.authority.Owner(o.daurenIs, at)
	done(t, err)
	certificate := signature.Certificate{
		Owner: "ДӘУРЕН", IIN: o.daurenIs.IIN, Issuer: "DEMO CA: NOT A SIGNATURE OF ANYBODY",
		NotBefore: signer.Certificate.NotBefore, NotAfter: signer.Certificate.NotAfter,
	}
	want := []any{
		signature.Accepted{Signer: signature.Provider, Account: o.dauren.id, Method: signature.EDS, Certificate: &certificate, At: at},
		signature.FullySigned{At: at},
		application.DocumentSigned{DocumentID: document, At: at},
		application.ApplicationCompleted{
			ServiceID: grantID, Outcome: application.OutcomeApproved, SubmittedAt: o.stateOf(o.application).SubmittedAt, At: at,
		},
	}
	if diff := cmp.Diff(want, withoutEvidence(o.since(before)), certificates); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if meta := o.metadata("application-"+o.application, "application.document-signed.v1"); meta.Actor != o.dauren.id || meta.Subject != o.nurai.id {
		t.Errorf("the application was told by %+v", meta)
	}
	if meta := o.metadata("signature-"+document, "signature.accepted.v1"); meta.Subject != o.nurai.id || meta.Role != "applicant" {
		t.Errorf("the first signature is of %+v", meta)
	}
}

func TestTheContainerIsKeptUnchanged(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	cms := o.cms(o.nuraiIs, "келісім")
	o.sign(o.nurai, document, cms).is(t, http.StatusCreated, nil)
	accepted, is := o.history("signature-" + document)[1].(signature.Accepted)
	der, err := base64.StdEncoding.DecodeString(cms)
	done(t, err)
	if kept := o.files.contents[o.nurai.id+"/"+accepted.CMS]; !is || string(kept) != string(der) {
		t.Errorf("kept %x under %q, handed in %x", kept, accepted.CMS, der)
	}
}

func TestBothSidesAcceptAnAct(t *testing.T) {
	t.Parallel()
	o, document := act(t)
	o.accept(o.nurai, document).refuses(t, http.StatusConflict, "not-your-turn")
	o.accept(o.dauren, document).is(t, http.StatusCreated, nil).writtenAt(o.world, 1)
	o.accept(o.dauren, document).is(t, http.StatusCreated, nil)
	before := o.end()
	o.sign(o.nurai, document, o.cms(o.nuraiIs, "акт")).is(t, http.StatusCreated, nil)
	if got := withoutEvidence(o.since(before)); len(got) != 4 { // accepted, everybody has signed; the application is told, and ends
		t.Errorf("a digital signature where acceptance suffices gave %+v", got)
	}
	o.accept(o.nurai, document).refuses(t, http.StatusConflict, "already-signed")
}

func TestWhoeverHasNothingToDoWithADocumentDoesNotFindIt(t *testing.T) {
	o, document := act(t)
	for name, who := range map[string]member{
		"another applicant":        o.applicant(10),
		"another provider's staff": o.staff(11, otherProvider, account.Executor, account.Operator, account.ProviderAdmin),
		"the portal's admin":       o.staff(12, "", account.Admin),
		"an auditor":               o.staff(13, "", account.Auditor),
	} {
		t.Run(name, func(t *testing.T) {
			o.accept(who, document).refuses(t, http.StatusNotFound, "document-not-found")
			o.sign(who, document, o.cms(o.nuraiIs, "акт")).refuses(t, http.StatusNotFound, "document-not-found")
		})
	}
	nobody := member{browser: o.browser(o.server)}
	o.accept(nobody, document).refuses(t, http.StatusUnauthorized, "sign-in-required")
	o.sign(nobody, document, "MAA=").refuses(t, http.StatusUnauthorized, "sign-in-required")
	for _, unknown := range []string{"99999999-9999-4999-8999-999999999999", "x", "signature-" + document} {
		o.accept(o.nurai, unknown).refuses(t, http.StatusNotFound, "document-not-found")
	}
	o.signatures(document, false, o.history("signature-" + document)[0])
}

func TestWhoSignsForTheProvider(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		roles []account.Role
		code  string
	}{
		{"an administrator of the provider", []account.Role{account.ProviderAdmin}, ""},
		{"an executor who is not on it", []account.Role{account.Executor}, "not-an-executor"},
		{"an operator", []account.Role{account.Operator}, "role-not-allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, document := act(t)
			who := o.staff(20, providerID, tt.roles...)
			if tt.code == "" {
				o.accept(who, document).is(t, http.StatusCreated, nil)
				return
			}
			o.accept(who, document).refuses(t, http.StatusConflict, tt.code)
			o.sign(who, document, "MAA=").refuses(t, http.StatusConflict, tt.code)
		})
	}
}

func TestASignatureThatIsNotValidIsKeptAndRefused(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	other := o.nuraiIs
	other.IIN = dana(9).IIN
	first := o.history("signature-" + document)[0]
	want := []any{first}
	for _, tt := range []struct{ name, cms, code string }{
		{"garbage", base64.StdEncoding.EncodeToString([]byte("garbage")), "malformed"},
		{"another document", o.cms(o.nuraiIs, "басқа"), "doc-changed"},
		{"another person", o.cms(other, "келісім"), "wrong-owner-iin"},
		{"the wrong side", o.cms(o.daurenIs, "келісім"), "wrong-owner-iin"},
	} {
		before := o.files.kept
		o.sign(o.nurai, document, tt.cms).refuses(t, http.StatusUnprocessableEntity, tt.code)
		if o.files.kept != before+2 {
			t.Errorf("%s: the container and the report were not kept", tt.name)
		}
		rejected, is := o.history("signature-" + document)[len(want)].(signature.Rejected)
		if !is || rejected.CMS == "" {
			t.Fatalf("%s: recorded %+v", tt.name, rejected)
		}
		if report := o.report(rejected.Report); report.Code != tt.code || !report.ReceivedAt.Equal(o.clock.Now()) {
			t.Errorf("%s: the report says %+v", tt.name, report)
		}
		want = append(want, signature.Rejected{
			Signer: signature.Applicant, Account: o.nurai.id, Code: tt.code, CMS: rejected.CMS, Report: rejected.Report, At: o.clock.Now(),
		})
	}
	o.signatures(document, false, want...)
	o.sign(o.nurai, document, o.cms(o.nuraiIs, "келісім")).is(t, http.StatusCreated, nil)
}

func TestALegalPersonSignsWithTheOrganisationsNumber(t *testing.T) {
	t.Parallel()
	o := newSigningOffice(t, grantID)
	p := dana(30)
	p.Kind, p.BIN, p.IIN, p.Organization = "legal", organization, "", "«Үлгі» ЖШС"
	legal := o.session(o.enrol(p), "", string(account.Applicant))
	o.application = o.taken(legal, grantID, o.dauren)
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/decision", `{"outcome":"approved","text":"Мақұлданды"}`).is(t, http.StatusOK, nil)
	document := o.issue(o.application, "agreement", "келісім")
	o.sign(legal, document, o.cms(dev.Person{Name: "X", IIN: dana(31).IIN}, "келісім")).refuses(t, http.StatusUnprocessableEntity, "wrong-bin")
	o.sign(legal, document, o.cms(dev.Person{Name: "X", IIN: dana(31).IIN, BIN: organization}, "келісім")).is(t, http.StatusCreated, nil)
}

func TestSignaturesOutOfOrderTwiceAndTooLate(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	o.sign(o.dauren, document, o.cms(o.daurenIs, "келісім")).refuses(t, http.StatusConflict, "not-your-turn")
	o.accept(o.nurai, document).refuses(t, http.StatusConflict, "acceptance-not-allowed")
	cms := o.cms(o.nuraiIs, "келісім")
	o.sign(o.nurai, document, cms).is(t, http.StatusCreated, nil)
	before := o.end()
	o.sign(o.nurai, document, cms).is(t, http.StatusCreated, nil) // the same signature is in effect already
	o.sign(o.nurai, document, o.cms(o.nuraiIs, "келісім")).refuses(t, http.StatusConflict, "already-signed")
	o.happened(before)

	second := o.issue(o.application, "agreement", "келісім 2")
	o.sign(o.dauren, document, o.cms(o.daurenIs, "келісім")).refuses(t, http.StatusConflict, "document-superseded")
	o.sign(o.nurai, second, o.cms(o.nuraiIs, "келісім")).refuses(t, http.StatusUnprocessableEntity, "doc-changed")
	o.sign(o.nurai, second, o.cms(o.nuraiIs, "келісім 2")).is(t, http.StatusCreated, nil)
	o.sign(o.dauren, second, o.cms(o.daurenIs, "келісім 2")).is(t, http.StatusCreated, nil)
	o.sign(o.dauren, second, o.cms(o.daurenIs, "келісім 2")).refuses(t, http.StatusConflict, "already-signed")
	if status := o.stateOf(o.application).Status; status != application.Completed {
		t.Errorf("the application is %s", status)
	}
}

func TestASignedDocumentIsNotReplaced(t *testing.T) {
	t.Parallel()
	o, document := act(t)
	file := o.upload(o.dauren, o.application, "акт 2")
	o.accept(o.dauren, document).is(t, http.StatusCreated, nil)
	// The process dies before it tells the application that everybody has signed.
	o.events.fail(failsOn("application-", errors.New("killed")), nil)
	o.accept(o.nurai, document)
	o.events.fail(nil, nil)
	o.signatures(document, false, o.history("signature-"+document)...)
	before := o.end()
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/documents", map[string]any{"kind": "act", "fileId": file})
	for _, event := range o.since(before) {
		if _, is := event.(application.DocumentIssued); is {
			t.Errorf("a signed document was replaced: %+v", event)
		}
	}
	o.signatures(document, true, o.history("signature-"+document)...)
}

func TestBadInputToSigning(t *testing.T) {
	o, document := agreement(t)
	sign := "/documents/" + document + "/signatures"
	first := o.history("signature-" + document)[0]
	for name, tt := range map[string]struct {
		body   any
		status int
		code   string
	}{
		"no signature":        {map[string]any{}, http.StatusUnprocessableEntity, "invalid"},
		"an empty one":        {map[string]any{"cms": ""}, http.StatusUnprocessableEntity, "malformed"},
		"not base64":          {map[string]any{"cms": "ЭЦҚ"}, http.StatusUnprocessableEntity, "malformed"},
		"a number":            {map[string]any{"cms": 1}, http.StatusUnprocessableEntity, "invalid"},
		"another member":      {map[string]any{"cms": "MAA=", "x": 1}, http.StatusUnprocessableEntity, "invalid"},
		"not JSON":            {"{", http.StatusBadRequest, "malformed"},
		"a huge one":          {map[string]any{"cms": base64.StdEncoding.EncodeToString(make([]byte, eds.MaxContainer+1))}, http.StatusRequestEntityTooLarge, "signature-too-large"},
		"a huge body":         {map[string]any{"cms": strings.Repeat("A", maxSignatureBody)}, http.StatusRequestEntityTooLarge, "body-too-large"},
		"an enormous request": {map[string]any{"cms": strings.Repeat("A", 4<<20)}, http.StatusRequestEntityTooLarge, "body-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			o.nurai.do(http.MethodPost, sign, tt.body).refuses(t, tt.status, tt.code)
			o.nurai.do(http.MethodPost, sign, tt.body, "Idempotency-Key", name).refuses(t, tt.status, tt.code)
		})
	}
	o.signatures(document, false, first)
}

func TestBadInputToIssuing(t *testing.T) {
	o := newSigningOffice(t, grantID)
	issue := "/applications/" + o.application + "/documents"
	file := o.upload(o.dauren, o.application, "x")
	right := map[string]any{"kind": "agreement", "fileId": file}
	o.dauren.do(http.MethodPost, issue, right).refuses(t, http.StatusConflict, "not-decided")
	o.nurai.do(http.MethodPost, issue, right).refuses(t, http.StatusNotFound, "application-not-found")
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/decision", `{"outcome":"approved","text":"Мақұлданды"}`).is(t, http.StatusOK, nil)
	before := o.end()
	for name, body := range map[string]any{
		"nothing":                    map[string]any{},
		"no kind":                    map[string]any{"fileId": file},
		"an unknown kind":            map[string]any{"kind": "letter", "fileId": file},
		"an unknown file":            map[string]any{"kind": "agreement", "fileId": "x"},
		"an unknown signer":          map[string]any{"kind": "agreement", "fileId": file, "signers": []string{"applicant", "bank"}},
		"a signer twice":             map[string]any{"kind": "agreement", "fileId": file, "signers": []string{"applicant", "applicant"}},
		"without the applicant":      map[string]any{"kind": "agreement", "fileId": file, "signers": []string{"provider"}},
		"an unknown way":             map[string]any{"kind": "agreement", "fileId": file, "by": "stamp"},
		"acceptance, not allowed":    map[string]any{"kind": "agreement", "fileId": file, "by": "acceptance"},
		"a member that is not known": map[string]any{"kind": "agreement", "fileId": file, "x": 1},
	} {
		t.Run(name, func(t *testing.T) {
			o.dauren.do(http.MethodPost, issue, body).refuses(t, http.StatusUnprocessableEntity, "invalid")
		})
	}
	o.happened(before)
}

func TestTooManyFailedTriesWait(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	for range signature.MaxTries {
		o.sign(o.nurai, document, "MAA=").refuses(t, http.StatusUnprocessableEntity, "malformed")
	}
	right := o.cms(o.nuraiIs, "келісім")
	a := o.sign(o.nurai, document, right).refuses(t, http.StatusTooManyRequests, "too-many-tries")
	if a.header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %s", a.header.Get("Retry-After"))
	}
	o.clock.pass(signature.TryWindow)
	o.sign(o.nurai, document, o.cms(o.nuraiIs, "келісім")).is(t, http.StatusCreated, nil)
}

func TestARefusedSignatureRepeatedIsRefusedAlike(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	s := application.Staff{Account: o.nurai.id}
	req := keyed(o.nurai.id, "key", "body")
	garbage := []byte("garbage")
	_, err := o.Documents.SignDocument(t.Context(), req, s, document, garbage)
	refused(t, err, "malformed")
	before := o.end()
	o.restart()
	_, err = o.Documents.SignDocument(t.Context(), req, s, document, garbage)
	refused(t, err, "malformed")
	o.happened(before)
}

func TestWithoutAVerifierNothingIsSigned(t *testing.T) {
	t.Parallel()
	o, document := agreement(t)
	o.deps.Verifier = nil
	o.restart()
	before := o.end()
	_, err := o.Documents.SignDocument(t.Context(), by(o.nurai.id), application.Staff{Account: o.nurai.id}, document, []byte("x"))
	refused(t, err, "signing-unavailable")
	o.happened(before)
}

func TestTwoExecutorsSignAtOnce(t *testing.T) {
	t.Parallel()
	o, document := act(t)
	others := o.staff(40, providerID, account.Executor)
	others.do(http.MethodPost, "/applications/"+o.application+"/take", nil)
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/executors/"+others.id, nil).is(t, http.StatusOK, nil)
	var group sync.WaitGroup
	answers := make([]answer, 2)
	for i, who := range []member{o.dauren, others} {
		group.Go(func() { answers[i] = o.accept(who, document) })
	}
	group.Wait()
	if answers[0].status != http.StatusCreated {
		answers[0], answers[1] = answers[1], answers[0]
	}
	answers[0].is(t, http.StatusCreated, nil)
	answers[1].refuses(t, http.StatusConflict, "already-signed")
}

// failsOn gives an error for every append to streams that begin so.
func failsOn(prefix string, err error) func(string) error {
	return func(stream string) error {
		if strings.HasPrefix(stream, prefix) {
			return err
		}
		return nil
	}
}
