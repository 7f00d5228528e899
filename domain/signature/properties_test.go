package signature_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/signature"
)

// TestWhateverIsAsked gives random commands to one document and checks what its people rely on.
func TestWhateverIsAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		orders := [][]signature.Signer{
			{signature.Applicant}, {signature.Provider}, {signature.Provider, signature.Applicant}, {signature.Applicant, signature.Provider},
		}
		prepare := signature.Prepare(prepared(
			rapid.SampledFrom([]signature.Method{signature.EDS, signature.Acceptance}).Draw(t, "by"),
			rapid.SampledFrom(orders).Draw(t, "order")...,
		))
		var state signature.State
		var history []signature.Event
		clock := noon
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			clock = clock.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
			command := anything(t, prepare, clock)
			before := state
			events, err := signature.Decide(state, command)
			if err != nil && len(events) > 0 {
				t.Fatalf("%#v gave both %v and %v", command, events, err)
			}
			if diff := cmp.Diff(before, state); diff != "" {
				t.Fatalf("deciding changed the state:\n%s", diff)
			}
			for _, event := range events {
				state, history = signature.Evolve(state, event), append(history, event)
			}
			if _, rejects := command.(signature.Reject); err == nil && !rejects {
				if again, err := signature.Decide(state, command); len(again) > 0 || err != nil {
					t.Fatalf("%#v again gave %v, error %v", command, again, err)
				}
			}
		}
		if diff := cmp.Diff(signature.Fold(history...), state); diff != "" {
			t.Fatalf("the folded state differs:\n%s", diff)
		}
		check(t, prepare, withoutEvidence(history))
		checkEvidence(t, history)
	})
}

// anything is some command at some time.
func anything(t *rapid.T, prepare signature.Prepare, at time.Time) signature.Command {
	signer := rapid.SampledFrom([]signature.Signer{signature.Applicant, signature.Provider}).Draw(t, "signer")
	account := nurai
	if signer == signature.Provider {
		account = rapid.SampledFrom([]string{dauren, gulim}).Draw(t, "account")
	}
	cms := rapid.SampledFrom([]string{cmsOne, cmsTwo}).Draw(t, "cms")
	evidence := rapid.SliceOfN(rapid.SampledFrom([]signature.Evidence{report, stamp, ocsp, crl, ca}), 0, 4).Draw(t, "evidence")
	return rapid.SampledFrom([]signature.Command{
		prepare, prepare,
		signature.Sign{Signer: signer, Account: account, CMS: cms, Certificate: certificate, Evidence: evidence, At: at},
		signature.Sign{Signer: signer, Account: account, CMS: cms, Certificate: certificate, At: at},
		signature.Accept{Signer: signer, Account: account, At: at},
		signature.Reject{Signer: signer, Account: account, Code: "doc-changed", CMS: cms, At: at},
		signature.Reject{Signer: signer, Account: account, Code: "doc-changed", CMS: cms, At: at},
		signature.Withdraw{At: at},
		signature.AttachEvidence{Signer: signer, Evidence: evidence, At: at},
		signature.GiveUpEvidence{Signer: signer, Code: "evidence-unavailable", At: at},
	}).Draw(t, "command")
}

// check is what holds for every history: signatures in order, one a signer, the end said once and right after the last
// signature, nothing after an end.
func check(t *rapid.T, prepare signature.Prepare, history []signature.Event) {
	var signers []signature.Signer
	ends, last := 0, len(history)-1
	for i, event := range history {
		switch e := event.(type) {
		case signature.Accepted:
			signers = append(signers, e.Signer)
			if e.Method == signature.Acceptance && prepare.By != signature.Acceptance {
				t.Fatalf("accepted where a digital signature is asked for")
			}
			if len(signers) == len(prepare.Signers) && i == last {
				t.Fatalf("everybody has signed, and it is not said")
			}
		case signature.FullySigned, signature.Withdrawn:
			ends++
			if i != last {
				t.Fatalf("after %T came %T", e, history[i+1])
			}
		case signature.Prepared:
			if i != 0 {
				t.Fatalf("opened twice")
			}
		case signature.Rejected:
		}
	}
	if len(signers) > len(prepare.Signers) || !slices.Equal(signers, prepare.Signers[:len(signers)]) {
		t.Fatalf("%v signed, asked for %v", signers, prepare.Signers)
	}
	if ends > 1 {
		t.Fatalf("%d ends", ends)
	}
}

// withoutEvidence is a history without what came of evidence, which may come after an end.
func withoutEvidence(history []signature.Event) []signature.Event {
	return slices.DeleteFunc(slices.Clone(history), func(event signature.Event) bool {
		switch event.(type) {
		case signature.EvidenceAttached, signature.EvidenceCompleted, signature.EvidenceGivenUp:
			return true
		default:
			return false
		}
	})
}

// checkEvidence is what holds for the evidence in every history: it is of digital signatures, no piece is there twice, and it
// is complete as soon as nothing is missing, which is said once; nothing is given up twice, or once it is complete.
func checkEvidence(t *rapid.T, history []signature.Event) {
	proofs := map[signature.Signer]*signature.Proof{}
	of := func(signer signature.Signer) *signature.Proof {
		p := proofs[signer]
		if p == nil {
			t.Fatalf("evidence of what %s never signed", signer)
		}
		return p
	}
	for _, event := range history {
		switch e := event.(type) {
		case signature.Accepted:
			if e.Method == signature.EDS {
				proofs[e.Signer] = &signature.Proof{Signer: e.Signer}
			}
		case signature.EvidenceAttached:
			p := of(e.Signer)
			for _, piece := range e.Evidence {
				if slices.Contains(p.Evidence, piece) {
					t.Fatalf("%v is there twice", piece)
				}
				p.Evidence = append(p.Evidence, piece)
			}
		case signature.EvidenceCompleted:
			p := of(e.Signer)
			if p.Complete || len(p.Missing()) > 0 {
				t.Fatalf("said to be complete: %+v", p)
			}
			p.Complete = true
		case signature.EvidenceGivenUp:
			p := of(e.Signer)
			if p.Complete || p.GivenUp || !slices.Equal(e.Missing, p.Missing()) {
				t.Fatalf("given up as %+v: %+v", e, p)
			}
			p.GivenUp = true
		}
	}
	for _, p := range proofs {
		if !p.Complete && len(p.Missing()) == 0 {
			t.Fatalf("nobody said that it is complete: %+v", p)
		}
	}
}
