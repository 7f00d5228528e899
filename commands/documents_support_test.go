package commands

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
)

// simpleID is a consultation whose act both sides sign by accepting it.
const simpleID = "88888888-8888-4888-8888-888888888888"

func simple() service.Content {
	content := advice()
	content.Passport.Name = words("simple")
	content.Workflow.Signatures = []service.SignatureRule{{Document: "act", Signers: []string{"provider", "applicant"}, By: "acceptance"}}
	return content
}

// authority makes certificates for all tests.
var authority = sync.OnceValues(func() (*dev.CA, error) {
	return dev.NewCA(pki.ECDSA, time.Date(2026, 10, 23, 7, 0, 0, 0, time.UTC))
})

// verifierOf believes an authority, and takes all of its certificates for good.
func verifierOf(t *testing.T, ca *dev.CA) eds.Verifier {
	t.Helper()
	store, err := trust.Open(trust.Options{More: trust.NewDev(ca.Root.Certificate, ca.Issuing.Certificate)})
	done(t, err)
	return native.New(store, allGood{})
}

type allGood struct{}

func (allGood) Check(context.Context, revocation.Query) (revocation.Status, error) {
	return revocation.Status{State: revocation.Good}, nil
}

// signingOffice is an office with an applicant and an executor who are about to sign.
type signingOffice struct {
	*office
	authority         *dev.CA
	nurai, dauren     member
	application       string
	nuraiIs, daurenIs dev.Person
}

// newSigningOffice has an application for a service on which an executor is at work.
func newSigningOffice(t *testing.T, serviceID string) *signingOffice {
	t.Helper()
	w := newWorld(t).withCatalogue()
	a, err := authority()
	done(t, err)
	w.deps.Verifier = verifierOf(t, a)
	w.restart()
	for id, content := range map[string]service.Content{grantID: grant(), simpleID: simple()} {
		_, err := w.Catalogue.PublishService(t.Context(), NewRequest("system"), id, content)
		done(t, err)
	}
	o := &signingOffice{office: &office{world: w, server: w.serve()}, authority: a}
	o.nurai, o.dauren = o.applicant(1), o.staff(2, providerID, account.Executor)
	o.nuraiIs, o.daurenIs = dev.Person{Name: "НҰРАЙ", IIN: dana(1).IIN}, dev.Person{Name: "ДӘУРЕН", IIN: dana(2).IIN}
	o.application = o.taken(o.nurai, serviceID, o.dauren)
	return o
}

// agreement is a grant that was approved, with an agreement to sign: by the applicant, then by the provider.
func agreement(t *testing.T) (*signingOffice, string) {
	t.Helper()
	o := newSigningOffice(t, grantID)
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/decision", `{"outcome":"approved","text":"Мақұлданды"}`).is(t, http.StatusOK, nil)
	return o, o.issue(o.application, "agreement", "келісім")
}

// act is a consultation that was answered, with an act that suffices to be accepted: by the provider, then by the applicant.
func act(t *testing.T) (*signingOffice, string) {
	t.Helper()
	o := newSigningOffice(t, simpleID)
	o.dauren.do(http.MethodPost, "/applications/"+o.application+"/response", `{"text":"Жауап"}`).is(t, http.StatusOK, nil)
	return o, o.issue(o.application, "act", "акт")
}

// issue uploads and issues a document with these words and returns its id.
func (o *signingOffice) issue(application, kind, words string) string {
	o.t.Helper()
	var issued struct{ ID string }
	o.dauren.do(http.MethodPost, "/applications/"+application+"/documents", map[string]any{
		"kind": kind, "fileId": o.upload(o.dauren, application, words),
	}).is(o.t, http.StatusCreated, &issued)
	return issued.ID
}

// organization is a generated number that belongs to nobody.
var organization = identitytest.BIN(33)

// documentBytes are those of a document with these words.
func documentBytes(words string) []byte { return []byte("%PDF" + words) }

// cms signs a document as somebody, now.
func (o *signingOffice) cms(person dev.Person, words string) string {
	o.t.Helper()
	der, err := o.authority.Sign(person, documentBytes(words), o.clock.Now(), dev.SignOptions{})
	done(o.t, err)
	return base64.StdEncoding.EncodeToString(der)
}

// sign hands a signature in.
func (o *signingOffice) sign(as member, document, cms string, header ...string) answer {
	o.t.Helper()
	return as.do(http.MethodPost, "/documents/"+document+"/signatures", map[string]any{"cms": cms}, header...)
}

func (o *signingOffice) accept(as member, document string, header ...string) answer {
	o.t.Helper()
	return as.do(http.MethodPost, "/documents/"+document+"/acceptance", nil, header...)
}

// certificates leaves out what is random in signatures.
var certificates = cmp.Options{
	cmpopts.IgnoreFields(signature.Accepted{}, "CMS"),
	cmpopts.IgnoreFields(signature.Certificate{}, "Serial", "SHA256"),
}

// signatures expects these events of a document's signatures, and what the application says of the document.
func (o *signingOffice) signatures(document string, signed bool, want ...any) {
	o.t.Helper()
	if diff := cmp.Diff(want, o.history("signature-"+document), certificates, cmpopts.EquateEmpty()); diff != "" {
		o.t.Errorf("signatures of the document (-want +got):\n%s", diff)
	}
	var told int
	for _, event := range o.history("application-" + o.application) {
		if e, is := event.(application.DocumentSigned); is && e.DocumentID == document {
			told++
		}
	}
	if told > 1 || (told == 1) != signed {
		o.t.Errorf("the application was told %d times that everybody has signed", told)
	}
}

// report reads the report of a verification under its hash.
func (o *signingOffice) report(sha256 string) eds.Report {
	o.t.Helper()
	var report eds.Report
	done(o.t, json.Unmarshal(o.files.contents[o.nurai.id+"/"+sha256], &report))
	return report
}

// withoutEvidence leaves out what was kept beside signatures.
func withoutEvidence(events []any) []any {
	return slices.DeleteFunc(events, func(event any) bool {
		switch event.(type) {
		case signature.EvidenceAttached, signature.EvidenceCompleted:
			return true
		default:
			return false
		}
	})
}
