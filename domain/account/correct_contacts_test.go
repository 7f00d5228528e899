package account_test

import (
	"slices"
	"strings"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

func TestACorrectedContactTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	correct := account.CorrectContacts{Phone: "8 799 000 00 09", Reason: " Куәлік тексерілді ", At: noon}
	phone := account.ContactCorrected{
		Channel: account.SMS, Value: "+77990000009", Former: "+77990000001", Reason: "Куәлік тексерілді", CredentialEpoch: 1, At: noon,
	}
	both := correct
	both.Email = "new@example.kz"
	email := account.ContactCorrected{
		Channel: account.Email, Value: "new@example.kz", Former: "Zhanerke@example.kz", Reason: "Куәлік тексерілді", CredentialEpoch: 1, At: noon,
	}
	run(t, []scenario{
		{name: "the phone", given: active(), when: correct, then: []account.Event{phone}},
		{name: "both", given: active(), when: both, then: []account.Event{phone, email}},
		{name: "of somebody who is blocked", given: active(account.Blocked{}), when: correct, then: []account.Event{phone}},
		{name: "what it is already", given: active(phone), when: correct},
		{name: "of nobody", when: correct, refused: errNoAccount},
		{
			name: "every fault is told", given: active(), when: account.CorrectContacts{Phone: "12", Email: "x", Reason: " "},
			refused: problem.Input(
				problem.Field{Location: "phone", Code: "phone-invalid"}, problem.Field{Location: "email", Code: "email-invalid"},
				problem.Field{Location: "reason", Code: "text-required"}),
		},
		{
			name: "nothing to correct", given: active(), when: account.CorrectContacts{Reason: "Сұрады"},
			refused: problem.Input(problem.Field{Location: "phone", Code: "required"}),
		},
		{
			name: "a reason that is too long", given: active(), when: account.CorrectContacts{Email: "new@example.kz", Reason: strings.Repeat("ә", 1001)},
			refused: problem.Input(problem.Field{Location: "reason", Code: "too-long", Params: map[string]string{"max": "1000"}}),
		},
	})
}

// Whoever held the contact before, or a session, gets nowhere with what they began.
func TestACorrectionEndsWhatWasBegun(t *testing.T) {
	t.Parallel()
	asked := account.ContactChangeRequested{ChangeID: "c1", Channel: account.SMS, Value: "+77990000008", ExpiresAt: later}
	corrected := account.ContactCorrected{Channel: account.Email, Value: "new@example.kz", Former: "Zhanerke@example.kz", CredentialEpoch: 1}
	given := active(account.SignedIn{SessionRef: "s1"}, account.PasswordResetRequested{ResetID: "x1", ExpiresAt: later}, asked, corrected)
	run(t, []scenario{
		{
			name: "a link for a new password", given: given,
			when: account.ResetPassword{ResetID: "x1", NewHash: "$other", At: noon}, refused: errResetExpired,
		},
		{name: "a new contact", given: given, when: account.ConfirmContact{ChangeID: "c1", At: noon}, refused: errCodeExpired},
	})
	if s := account.Fold(given...); len(s.Sessions) != 0 || s.CredentialEpoch != 1 || s.Email != "new@example.kz" || s.CardVersion != 2 {
		t.Errorf("state %+v", s)
	}
	confirmed := append(slices.Clone(given), account.ContactConfirmed{ChangeID: "c2", Channel: account.Email, Value: "own@example.kz"})
	if s := account.Fold(confirmed...); s.Email != "own@example.kz" || s.FormerEmail != "" {
		t.Errorf("confirmed since: %s, corrected from %s", s.Email, s.FormerEmail)
	}
}

func TestAReasonForBlocking(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name: "is kept", given: active(), when: account.Block{Reason: " Алаяқтық ", At: noon},
			then: []account.Event{account.Blocked{CredentialEpoch: 1, Reason: "Алаяқтық", At: noon}},
		},
		{
			name: "is kept when it is over", given: active(account.Blocked{}), when: account.Unblock{Reason: "Анықталды", At: noon},
			then: []account.Event{account.Unblocked{Reason: "Анықталды", At: noon}},
		},
		{
			name: "is text", given: active(), when: account.Block{Reason: "\x00", At: noon},
			refused: problem.Input(problem.Field{Location: "reason", Code: "bad-text"}),
		},
		{
			name: "is text also when it is over", given: active(account.Blocked{}), when: account.Unblock{Reason: "\x00", At: noon},
			refused: problem.Input(problem.Field{Location: "reason", Code: "bad-text"}),
		},
	})
}
