package signature_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

const (
	nurai   = "account of the applicant"
	dauren  = "account of an executor"
	gulim   = "account of another executor"
	digest  = "sha-256 of the document"
	cmsOne  = "sha-256 of a signature"
	cmsTwo  = "sha-256 of another signature"
	chamber = "the provider"
)

func prepared(by signature.Method, signers ...signature.Signer) signature.Prepared {
	return signature.Prepared{
		ApplicationID: "the application", Applicant: nurai, ProviderID: chamber, Kind: "act", Version: 1, SHA256: digest,
		Signers: signers, By: by, At: noon,
	}
}

func signs(signer signature.Signer, account, cms string) signature.Sign {
	return signature.Sign{Signer: signer, Account: account, CMS: cms, Certificate: certificate, At: noon}
}

func signed(signer signature.Signer, account, cms string) signature.Accepted {
	return signature.Accepted{Signer: signer, Account: account, Method: signature.EDS, CMS: cms, Certificate: &certificate, At: noon}
}

func accepts(signer signature.Signer, account string) signature.Accept {
	return signature.Accept{Signer: signer, Account: account, At: noon}
}

func accepted(signer signature.Signer, account string) signature.Accepted {
	return signature.Accepted{Signer: signer, Account: account, Method: signature.Acceptance, At: noon}
}

var certificate = signature.Certificate{Owner: "БҰЛАҚБАЙ НҰРАЙ", IIN: "900101300811", Serial: "0a", SHA256: "of the certificate"}

var (
	report  = signature.Evidence{Kind: signature.EvidenceReport, SHA256: "of a report"}
	stamp   = signature.Evidence{Kind: signature.EvidenceTimeStamp, SHA256: "of a time stamp"}
	ocsp    = signature.Evidence{Kind: signature.EvidenceOCSP, SHA256: "of an answer"}
	crl     = signature.Evidence{Kind: signature.EvidenceCRL, SHA256: "of a list"}
	ca      = signature.Evidence{Kind: signature.EvidenceCertificate, SHA256: "of a certificate"}
	giveUp  = signature.GiveUpEvidence{Signer: signature.Applicant, Code: "evidence-unavailable", At: noon}
	givenUp = signature.EvidenceGivenUp{
		Signer: signature.Applicant, Missing: []signature.EvidenceKind{"time-stamp", "ocsp"}, Code: "evidence-unavailable", At: noon,
	}
)

func attach(evidence ...signature.Evidence) signature.AttachEvidence {
	return signature.AttachEvidence{Signer: signature.Applicant, Evidence: evidence, At: noon}
}

func attached(evidence ...signature.Evidence) signature.EvidenceAttached {
	return signature.EvidenceAttached(attach(evidence...))
}

// pieces are that many different ones.
func pieces(n int) []signature.Evidence {
	list := make([]signature.Evidence, n)
	for i := range list {
		list[i] = signature.Evidence{Kind: signature.EvidenceCertificate, SHA256: strconv.Itoa(i)}
	}
	return list
}

func failed(account string, at time.Time) signature.Rejected {
	return signature.Rejected{Signer: signature.Applicant, Account: account, Code: "doc-changed", CMS: cmsOne, At: at}
}

func TestSigningADocument(t *testing.T) {
	t.Parallel()
	both := prepared(signature.EDS, signature.Provider, signature.Applicant)
	simple := prepared(signature.Acceptance, signature.Provider, signature.Applicant)
	alone := prepared(signature.EDS, signature.Applicant)
	all := signature.FullySigned{At: noon}
	tries := []signature.Event{alone}
	for i := range signature.MaxTries {
		tries = append(tries, failed(nurai, noon.Add(time.Duration(i)*time.Second)))
	}
	later := func(d time.Duration, c signature.Reject) signature.Reject { c.At = noon.Add(d); return c }
	rejects := signature.Reject{Signer: signature.Applicant, Account: nurai, Code: "doc-changed", CMS: cmsOne, At: noon}

	for _, tt := range []struct {
		name  string
		given []signature.Event
		when  signature.Command
		then  []signature.Event
		fault error
	}{
		{name: "a document is opened once", when: signature.Prepare(both), then: []signature.Event{both}},
		{name: "opening it again changes nothing", given: []signature.Event{both}, when: signature.Prepare(both)},
		{
			name: "the first of two signs", given: []signature.Event{both},
			when: signs(signature.Provider, dauren, cmsOne), then: []signature.Event{signed(signature.Provider, dauren, cmsOne)},
		},
		{
			name: "the last one's signature is the end", given: []signature.Event{both, signed(signature.Provider, dauren, cmsOne)},
			when: signs(signature.Applicant, nurai, cmsTwo), then: []signature.Event{signed(signature.Applicant, nurai, cmsTwo), all},
		},
		{
			name: "one alone is first and last", given: []signature.Event{alone},
			when: signs(signature.Applicant, nurai, cmsOne), then: []signature.Event{signed(signature.Applicant, nurai, cmsOne), all},
		},
		{
			name: "nobody signs before their turn", given: []signature.Event{both},
			when: signs(signature.Applicant, nurai, cmsOne), fault: problem.New(problem.WrongState, "not-your-turn"),
		},
		{
			name: "nobody signs who is not asked to", given: []signature.Event{alone},
			when: signs(signature.Provider, dauren, cmsOne), fault: problem.New(problem.WrongState, "not-a-signer"),
		},
		{
			name: "the same signature again changes nothing", given: []signature.Event{both, signed(signature.Provider, dauren, cmsOne)},
			when: signs(signature.Provider, dauren, cmsOne),
		},
		{
			name: "a second signature of the same person is refused", given: []signature.Event{both, signed(signature.Provider, dauren, cmsOne)},
			when: signs(signature.Provider, dauren, cmsTwo), fault: problem.New(problem.WrongState, "already-signed"),
		},
		{
			name: "a colleague's signature on top is refused", given: []signature.Event{both, signed(signature.Provider, dauren, cmsOne)},
			when: signs(signature.Provider, gulim, cmsTwo), fault: problem.New(problem.WrongState, "already-signed"),
		},
		{
			name: "acceptance suffices where the service says so", given: []signature.Event{simple},
			when: accepts(signature.Provider, dauren), then: []signature.Event{accepted(signature.Provider, dauren)},
		},
		{
			name: "pressing the button twice accepts once", given: []signature.Event{simple, accepted(signature.Provider, dauren)},
			when: accepts(signature.Provider, dauren),
		},
		{
			name: "a digital signature is good where acceptance suffices", given: []signature.Event{simple, accepted(signature.Provider, dauren)},
			when: signs(signature.Applicant, nurai, cmsOne), then: []signature.Event{signed(signature.Applicant, nurai, cmsOne), all},
		},
		{
			name: "acceptance does not suffice where a digital signature is asked for", given: []signature.Event{both},
			when: accepts(signature.Provider, dauren), fault: problem.New(problem.WrongState, "acceptance-not-allowed"),
		},
		{
			name: "a failed try is kept", given: []signature.Event{alone},
			when: rejects, then: []signature.Event{failed(nurai, noon)},
		},
		{
			name: "too many failed tries wait", given: tries,
			when:  later(time.Minute, rejects),
			fault: &problem.Problem{Kind: problem.TooMany, Code: "too-many-tries", RetryAfter: signature.TryWindow - time.Minute},
		},
		{
			name: "until the first of them is old", given: tries,
			when: later(signature.TryWindow, rejects), then: []signature.Event{failed(nurai, noon.Add(signature.TryWindow))},
		},
		{
			name: "they are no hindrance to anybody else", given: tries,
			when: signs(signature.Applicant, nurai, cmsOne), then: []signature.Event{signed(signature.Applicant, nurai, cmsOne), all},
		},
		{
			name: "a replaced document is not signed any more", given: []signature.Event{both, signature.Withdrawn{At: noon}},
			when: signs(signature.Provider, dauren, cmsOne), fault: problem.New(problem.WrongState, "document-superseded"),
		},
		{
			name: "a document is replaced once", given: []signature.Event{both, signature.Withdrawn{At: noon}},
			when: signature.Withdraw{At: noon},
		},
		{
			name: "a document that one has signed can still be replaced", given: []signature.Event{both, signed(signature.Provider, dauren, cmsOne)},
			when: signature.Withdraw{At: noon}, then: []signature.Event{signature.Withdrawn{At: noon}},
		},
		{
			name: "a signed document is never replaced", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all},
			when: signature.Withdraw{At: noon}, fault: problem.New(problem.WrongState, "document-signed"),
		},
		{
			name: "evidence comes with the signature, and the end after it", given: []signature.Event{alone},
			when: signature.Sign{Signer: signature.Applicant, Account: nurai, CMS: cmsOne, Certificate: certificate, Evidence: []signature.Evidence{report, stamp, ocsp}, At: noon},
			then: []signature.Event{
				signed(signature.Applicant, nurai, cmsOne),
				attached(report, stamp, ocsp),
				signature.EvidenceCompleted{Signer: signature.Applicant, At: noon},
				all,
			},
		},
		{
			name: "a list of revoked certificates is as good as an answer", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all, attached(report, crl)},
			when: attach(stamp), then: []signature.Event{attached(stamp), signature.EvidenceCompleted{Signer: signature.Applicant, At: noon}},
		},
		{
			name: "evidence is added once", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all, attached(report, ocsp)},
			when: attach(ocsp, ca, ca), then: []signature.Event{attached(ca)},
		},
		{
			name: "nothing new changes nothing", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all, attached(report, ocsp)},
			when: attach(report, ocsp),
		},
		{
			name: "evidence of a signature under a replaced document is taken", given: []signature.Event{both, signed(signature.Provider, dauren, cmsOne), signature.Withdrawn{At: noon}},
			when: signature.AttachEvidence{Signer: signature.Provider, Evidence: []signature.Evidence{stamp}, At: noon},
			then: []signature.Event{signature.EvidenceAttached{Signer: signature.Provider, Evidence: []signature.Evidence{stamp}, At: noon}},
		},
		{
			name: "there is no evidence of what nobody signed", given: []signature.Event{alone}, when: attach(stamp),
			fault: problem.New(problem.WrongState, "not-signed"),
		},
		{
			name: "nor of an acceptance", given: []signature.Event{simple, accepted(signature.Provider, dauren)},
			when:  signature.AttachEvidence{Signer: signature.Provider, Evidence: []signature.Evidence{stamp}, At: noon},
			fault: problem.New(problem.WrongState, "not-signed"),
		},
		{
			name: "evidence is bounded", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all},
			when: attach(pieces(signature.MaxEvidence + 1)...), fault: problem.New(problem.WrongState, "too-much-evidence"),
		},
		{
			name: "the search is given up once", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all, attached(report)},
			when: giveUp, then: []signature.Event{givenUp},
		},
		{
			name: "given up again changes nothing", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all, attached(report), givenUp},
			when: giveUp,
		},
		{
			name: "evidence that comes after all completes it", given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), all, attached(report), givenUp},
			when: attach(stamp, ocsp), then: []signature.Event{attached(stamp, ocsp), signature.EvidenceCompleted{Signer: signature.Applicant, At: noon}},
		},
		{
			name:  "what is complete is not given up",
			given: []signature.Event{alone, signed(signature.Applicant, nurai, cmsOne), attached(stamp, ocsp), signature.EvidenceCompleted{Signer: signature.Applicant, At: noon}, all},
			when:  giveUp,
		},
		{name: "what nobody signed is not given up", given: []signature.Event{alone}, when: giveUp, fault: problem.New(problem.WrongState, "not-signed")},
		{name: "what was never opened is not signed", when: accepts(signature.Applicant, nurai), fault: problem.New(problem.NotFound, "document-not-found")},
		{name: "what was never opened is not replaced", when: signature.Withdraw{At: noon}, fault: problem.New(problem.NotFound, "document-not-found")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := signature.Decide(signature.Fold(tt.given...), tt.when)
			if diff := cmp.Diff(tt.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			var fault *problem.Problem
			if !errors.As(err, &fault) {
				fault = nil
			}
			var want *problem.Problem
			errors.As(tt.fault, &want)
			if diff := cmp.Diff(want, fault); diff != "" {
				t.Errorf("problem (-want +got):\n%s\nof error %v", diff, err)
			}
		})
	}
}

func TestADocumentWithoutSignersIsNotOpened(t *testing.T) {
	t.Parallel()
	if events, err := signature.Decide(signature.State{}, signature.Prepare(prepared(signature.EDS))); err == nil || events != nil {
		t.Errorf("gave %v, error %v; want an error", events, err)
	}
}

func TestAnIDBelongsToOneDocument(t *testing.T) {
	t.Parallel()
	first := prepared(signature.EDS, signature.Applicant)
	other := first
	other.SHA256 = "of other bytes"
	if events, err := signature.Decide(signature.Fold(first), signature.Prepare(other)); err == nil || events != nil {
		t.Errorf("gave %v, error %v; want an error", events, err)
	}
}

func TestTheStateHoldsNothingThatIdentifiesAPerson(t *testing.T) {
	t.Parallel()
	s := signature.Fold(prepared(signature.EDS, signature.Applicant), signed(signature.Applicant, nurai, cmsOne))
	if got, found := s.Signature(signature.Applicant); !found || got.Certificate != nil || got.Account != nurai {
		t.Errorf("the state holds %+v, found %t", got, found)
	}
}
