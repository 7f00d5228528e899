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
		check(t, prepare, history)
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
	return rapid.SampledFrom([]signature.Command{
		prepare, prepare,
		signature.Sign{Signer: signer, Account: account, CMS: cms, Certificate: certificate, At: at},
		signature.Sign{Signer: signer, Account: account, CMS: cms, Certificate: certificate, At: at},
		signature.Accept{Signer: signer, Account: account, At: at},
		signature.Reject{Signer: signer, Account: account, Code: "doc-changed", CMS: cms, At: at},
		signature.Reject{Signer: signer, Account: account, Code: "doc-changed", CMS: cms, At: at},
		signature.Withdraw{At: at},
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
