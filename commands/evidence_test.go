package commands

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
)

// finding is a verifier that finds every signature valid, with this evidence.
type finding []eds.Evidence

func (f finding) Verify(_ context.Context, s eds.Signature) (eds.Report, error) {
	return eds.Report{
		Verifier: "test", Certificate: signature.Certificate{Owner: "НҰРАЙ", IIN: s.IIN, Serial: "0a"},
		Checks: []eds.Check{{Step: eds.StepContainer}}, Evidence: f,
	}, nil
}

// authorities give evidence as they are told, and remember what they were asked for.
type authorities struct {
	give  []eds.Evidence
	err   error
	asked []eds.Lacking
}

func (a *authorities) Fetch(_ context.Context, of eds.Lacking) ([]eds.Evidence, error) {
	a.asked = append(a.asked, of)
	return a.give, a.err
}

func piece(kind eds.EvidenceKind, data string) eds.Evidence {
	return eds.Evidence{Kind: kind, Data: []byte(data)}
}

var errAuthorityDown = errors.New("connection refused")

// signedWith has an agreement that the applicant has signed, with a verifier that found this evidence.
func signedWith(t *testing.T, a *authorities, found ...eds.Evidence) (*signingOffice, string) {
	t.Helper()
	o, document := agreement(t)
	o.deps.Verifier, o.deps.Evidences = finding(found), a
	o.restart()
	_, err := o.Documents.SignDocument(t.Context(), by(o.nurai.id), application.Staff{Account: o.nurai.id}, document, []byte("container"))
	done(t, err)
	return o, document
}

// collect asks once more, as the process that has tried so often before.
func (o *signingOffice) collect(document string, earlier int) error {
	o.t.Helper()
	return o.Documents.CollectEvidence(o.t.Context(), NewRequest("system"), document, earlier)
}

// proof is the evidence of the applicant's signature, each piece as its kind and content.
func (o *signingOffice) proof(document string) (pieces []string, p signature.Proof) {
	o.t.Helper()
	var s signature.State
	for _, event := range o.history("signature-" + document) {
		e, is := event.(signature.Event)
		if !is {
			o.t.Fatalf("the stream holds a %T", event)
		}
		s = signature.Evolve(s, e)
	}
	p, _ = s.Proof(signature.Applicant)
	for _, e := range p.Evidence {
		content := string(o.files.contents[o.nurai.id+"/"+e.SHA256])
		if e.Kind == signature.EvidenceReport && strings.HasPrefix(content, `{"verifier":"test"`) {
			content = "{…}"
		}
		pieces = append(pieces, string(e.Kind)+" "+content)
	}
	return pieces, p
}

func (o *signingOffice) holds(document string, complete, givenUp bool, want ...string) {
	o.t.Helper()
	pieces, p := o.proof(document)
	if diff := cmp.Diff(want, pieces); diff != "" || p.Complete != complete || p.GivenUp != givenUp {
		o.t.Errorf("complete %t, given up %t, evidence (-want +got):\n%s", p.Complete, p.GivenUp, diff)
	}
}

func TestWhatASignatureWasVerifiedWithIsKeptWithIt(t *testing.T) {
	t.Parallel()
	a := &authorities{}
	o, document := signedWith(t, a, piece(eds.EvidenceOCSP, "good"), piece(eds.EvidenceCertificate, "CA"), piece(eds.EvidenceTimeStamp, "stamp"))
	o.holds(document, true, false, "report {…}", "ocsp good", "certificate CA", "time-stamp stamp")
	_, p := o.proof(document)
	report := o.report(p.Evidence[0].SHA256)
	if report.Certificate.IIN != o.nuraiIs.IIN || !report.ReceivedAt.Equal(o.clock.Now()) || len(report.Checks) != 1 {
		t.Errorf("the report says %+v", report)
	}
	var types []string
	for _, event := range o.history("signature-" + document)[1:] {
		types = append(types, strings.TrimPrefix(fmt.Sprintf("%T", event), "signature."))
	}
	if diff := cmp.Diff([]string{"Accepted", "EvidenceAttached", "EvidenceCompleted"}, types); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	before := o.end()
	done(t, o.collect(document, 0))
	o.happened(before)
	if len(a.asked) > 0 {
		t.Errorf("asked for %v of what is complete", a.asked)
	}
}

func TestMissingEvidenceIsFetched(t *testing.T) {
	t.Parallel()
	a := &authorities{err: errAuthorityDown}
	o, document := signedWith(t, a, piece(eds.EvidenceCertificate, "CA"))
	signed := o.clock.Now()
	o.clock.pass(time.Minute)
	before := o.end()
	if err := o.collect(document, 0); !errors.Is(err, errAuthorityDown) {
		t.Errorf("an authority that is down: %v", err)
	}
	o.happened(before)
	a.give = []eds.Evidence{piece(eds.EvidenceTimeStamp, "stamp"), piece(eds.EvidenceCertificate, "TSA")}
	if err := o.collect(document, 1); !errors.Is(err, errAuthorityDown) {
		t.Errorf("an authority that is half down: %v", err)
	}
	o.holds(document, false, false, "report {…}", "certificate CA", "time-stamp stamp", "certificate TSA")
	a.give, a.err = []eds.Evidence{piece(eds.EvidenceOCSP, "good")}, nil
	done(t, o.collect(document, 2))
	o.holds(document, true, false, "report {…}", "certificate CA", "time-stamp stamp", "certificate TSA", "ocsp good")

	ca, stamp, tsa := piece(eds.EvidenceCertificate, "CA"), piece(eds.EvidenceTimeStamp, "stamp"), piece(eds.EvidenceCertificate, "TSA")
	both := []eds.EvidenceKind{eds.EvidenceTimeStamp, eds.EvidenceOCSP}
	want := []eds.Lacking{
		{CMS: []byte("container"), Evidence: []eds.Evidence{ca}, Missing: both, ReceivedAt: signed},
		{CMS: []byte("container"), Evidence: []eds.Evidence{ca}, Missing: both, ReceivedAt: signed},
		{CMS: []byte("container"), Evidence: []eds.Evidence{ca, stamp, tsa}, Missing: both[1:], ReceivedAt: signed},
	}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Errorf("the authorities were asked for (-want +got):\n%s", diff)
	}
}

func TestEvidenceIsLookedForAlsoUnderAReplacedDocument(t *testing.T) {
	t.Parallel()
	a := &authorities{give: []eds.Evidence{piece(eds.EvidenceTimeStamp, "stamp"), piece(eds.EvidenceCRL, "list")}}
	o, document := signedWith(t, a)
	o.issue(o.application, "agreement", "келісім 2")
	done(t, o.collect(document, 0))
	o.holds(document, true, false, "report {…}", "time-stamp stamp", "crl list")
}

func TestEvidenceIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		after   time.Duration
		earlier int
		code    string // empty: it is not
	}{
		{"an authority that is down", errAuthorityDown, EvidenceTerm - time.Second, 1000, ""},
		{"for too long", errAuthorityDown, EvidenceTerm, evidenceTries - 1, "evidence-unavailable"},
		{"one that gives nothing, for too long", nil, EvidenceTerm, evidenceTries - 1, "evidence-unavailable"},
		{"for too long, but this process has hardly asked", errAuthorityDown, EvidenceTerm, evidenceTries - 2, ""},
		{"a certificate that was revoked meanwhile", eds.Refused("cert-revoked"), 0, 0, "cert-revoked"},
		{"an applicant who was erased", problem.New(problem.Gone, "file-erased"), 0, 0, "file-erased"},
		{"an authority that says it is busy", &problem.Problem{Kind: problem.Unavailable, Code: "revocation-unavailable"}, time.Hour, 9, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &authorities{err: tt.err, give: []eds.Evidence{piece(eds.EvidenceOCSP, "answer")}}
			o, document := signedWith(t, a)
			o.clock.pass(tt.after)
			if err := o.collect(document, tt.earlier); err == nil || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("said %v", err)
			}
			o.holds(document, false, tt.code != "", "report {…}", "ocsp answer")
			if tt.code == "" {
				return
			}
			events := o.history("signature-" + document)
			want := signature.EvidenceGivenUp{
				Signer: signature.Applicant, Missing: []signature.EvidenceKind{eds.EvidenceTimeStamp}, Code: tt.code, At: o.clock.Now(),
			}
			if diff := cmp.Diff(want, events[len(events)-1]); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
			before, asked := o.end(), len(a.asked)
			done(t, o.collect(document, tt.earlier+1))
			o.happened(before)
			if len(a.asked) > asked {
				t.Error("asked again")
			}
		})
	}
}

func TestAPortalThatKnowsNoAuthoritiesLeavesEvidencePending(t *testing.T) {
	t.Parallel()
	o, document := signedWith(t, &authorities{})
	o.deps.Evidences = nil
	o.restart()
	o.clock.pass(2 * EvidenceTerm)
	before := o.end()
	done(t, o.collect(document, 100))
	done(t, o.collect("99999999-9999-4999-8999-999999999999", 0))
	o.happened(before)
}

// TestADeathWhileCollecting kills the process around each append: what was fetched is fetched again, and is there once.
func TestADeathWhileCollecting(t *testing.T) {
	t.Parallel()
	for _, d := range []death{{n: 0}, {n: 0, after: true}} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			a := &authorities{give: []eds.Evidence{piece(eds.EvidenceTimeStamp, "stamp"), piece(eds.EvidenceOCSP, "good")}}
			o, document := signedWith(t, a)
			died := o.dies(d)
			if err := o.collect(document, 0); err == nil || !died() {
				t.Fatalf("it lives: %v", err)
			}
			o.events.fail(nil, nil)
			o.restart()
			done(t, o.collect(document, 0))
			o.holds(document, true, false, "report {…}", "time-stamp stamp", "ocsp good")
		})
	}
}

func TestTheProvidersSignatureHasEvidenceOfItsOwn(t *testing.T) {
	t.Parallel()
	a := &authorities{give: []eds.Evidence{piece(eds.EvidenceTimeStamp, "stamp"), piece(eds.EvidenceOCSP, "good")}}
	o, document := signedWith(t, a)
	o.server = o.serve()
	o.dauren = o.session(o.dauren.id, providerID, "executor")
	o.sign(o.dauren, document, "bm8gY29udGFpbmVy").is(t, http.StatusCreated, nil)
	done(t, o.collect(document, 0))
	if len(a.asked) != 2 {
		t.Errorf("asked for %d signatures", len(a.asked))
	}
	var completed []signature.Signer
	for _, event := range o.history("signature-" + document) {
		if e, is := event.(signature.EvidenceCompleted); is {
			completed = append(completed, e.Signer)
		}
	}
	if diff := cmp.Diff([]signature.Signer{signature.Applicant, signature.Provider}, completed); diff != "" {
		t.Errorf("complete are those of (-want +got):\n%s", diff)
	}
}
