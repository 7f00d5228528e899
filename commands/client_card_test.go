package commands

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
)

func (w *world) saveCard(who, fields, phone, email string) SavedCard {
	w.t.Helper()
	saved, err := w.Accounts.SaveClientCard(w.t.Context(), by(who), []byte(fields), phone, email)
	done(w.t, err)
	return saved
}

func TestSavingPartOfTheCard(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who := w.enrol(p)
	w.saveCard(who, `{"organization":"«Қиял» ЖШС","region":"Абай облысы"}`, "", "")
	saved := w.saveCard(who, `{"region":"Алматы","street":"Қиял көшесі"}`, "", "")
	want := account.Card{
		LastName: "Самұрық", FirstName: "Дана", Organization: "«Қиял» ЖШС", Region: "Алматы", Street: "Қиял көшесі",
	}
	if diff := cmp.Diff(want, saved.State.Card); diff != "" {
		t.Errorf("card (-want +got):\n%s", diff)
	}
	end := w.end()
	again := w.saveCard(who, `{"region":"Алматы"}`, p.Phone, p.Email)
	if again.ConfirmPhone != nil || again.ConfirmEmail != nil || again.State.CardVersion != saved.State.CardVersion {
		t.Errorf("saved as it is: %+v", again)
	}
	_, err := w.Accounts.SaveClientCard(t.Context(), by(who), []byte(`{"lastName":"","iban":"x"}`), "123", "x")
	refused(t, err, "invalid")
	w.happened(end)
}

// TestTheCardHasAVersionOfItsOwn: what else happens to the account is no reason to refuse a card.
func TestTheCardHasAVersionOfItsOwn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who := w.enrol(p)
	saved := w.saveCard(who, `{"region":"Алматы"}`, "", "")
	w.signIn(p)
	seen := int64(saved.State.CardVersion)
	req := by(who)
	req.IfMatch = &seen
	next, err := w.Accounts.SaveClientCard(t.Context(), req, []byte(`{"region":"Абай облысы"}`), "", "")
	done(t, err)
	if next.State.CardVersion != saved.State.CardVersion+1 {
		t.Errorf("version %d after %d", next.State.CardVersion, saved.State.CardVersion)
	}
	end := w.end()
	stale := by(who)
	stale.IfMatch = &seen
	_, err = w.Accounts.SaveClientCard(t.Context(), stale, []byte(`{"region":"Шымкент"}`), "", "")
	refused(t, err, "stale")
	w.happened(end)
}

func TestANewPhoneTakesEffectWhenItIsConfirmed(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who, somebody := w.enrol(p), w.enrol(dana(2))
	phone := identitytest.Phone(77)
	saved := w.saveCard(who, `{}`, phone, "")
	if saved.State.Phone != p.Phone || saved.ConfirmPhone == nil || saved.ConfirmEmail != nil {
		t.Fatalf("saved %+v", saved)
	}
	w.signIn(p) // its code still goes to the old phone
	code := w.outbox.code(t, phone)
	_, err := w.Accounts.ConfirmContact(t.Context(), by(somebody), saved.ConfirmPhone.ID, code)
	refused(t, err, "challenge-not-found")
	_, err = w.Accounts.ConfirmContact(t.Context(), by(who), saved.ConfirmPhone.ID, wrong(code, 1)[0])
	refused(t, err, "wrong-code")

	end := w.end()
	confirmed, err := w.Accounts.ConfirmContact(t.Context(), by(who), saved.ConfirmPhone.ID, code)
	done(t, err)
	if confirmed.State.Phone != phone || confirmed.State.CardVersion != saved.State.CardVersion+1 {
		t.Errorf("phone %s, version %d", confirmed.State.Phone, confirmed.State.CardVersion)
	}
	w.happened(end, account.ContactConfirmed{
		ChangeID: confirmed.State.PhoneChange.ChangeID, Channel: account.SMS, Value: phone, At: w.clock.Now(),
	})
	if again := w.saveCard(who, `{}`, phone, ""); again.ConfirmPhone != nil {
		t.Error("a phone that is confirmed is to be confirmed again")
	}
	p.Phone = phone
	w.signIn(p)
}

func TestANewAddressTakesEffectWhenItIsConfirmed(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who := w.enrol(p)
	saved := w.saveCard(who, `{}`, "", "zhana@example.kz")
	if saved.State.Email != p.Email || saved.ConfirmPhone != nil || saved.ConfirmEmail == nil {
		t.Fatalf("saved %+v", saved)
	}
	w.clock.pass(time.Minute)
	_, err := w.Accounts.ResendCode(t.Context(), saved.ConfirmEmail.ID)
	done(t, err)
	if n := w.outbox.count("zhana@example.kz"); n != 2 {
		t.Errorf("%d codes were sent to the new address, want 2", n)
	}
	confirmed, err := w.Accounts.ConfirmContact(t.Context(), by(who), saved.ConfirmEmail.ID, w.outbox.code(t, "zhana@example.kz"))
	done(t, err)
	if confirmed.State.Email != "zhana@example.kz" {
		t.Errorf("address %s", confirmed.State.Email)
	}
}

// TestAPhoneAskedForAgain: who has closed the window and asks again gets the challenge that waits, and no second message.
func TestAPhoneAskedForAgain(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who := w.enrol(p)
	phone, mistyped := identitytest.Phone(77), identitytest.Phone(78)
	first := w.saveCard(who, `{}`, phone, "")
	again := w.saveCard(who, `{"region":"Алматы"}`, " "+phone, "")
	if again.ConfirmPhone == nil || again.ConfirmPhone.ID != first.ConfirmPhone.ID || w.outbox.count(phone) != 1 {
		t.Errorf("asked again: %+v, %d codes", again.ConfirmPhone, w.outbox.count(phone))
	}
	if other := w.saveCard(who, `{"region":"Шымкент"}`, "", ""); other.ConfirmPhone != nil {
		t.Error("who does not ask for a phone is given a challenge")
	}
	if kept := w.saveCard(who, `{}`, p.Phone, ""); kept.ConfirmPhone != nil {
		t.Error("the phone that is in effect is to be confirmed")
	}
	next := w.saveCard(who, `{}`, mistyped, "")
	if next.ConfirmPhone == nil || next.ConfirmPhone.ID == first.ConfirmPhone.ID {
		t.Errorf("another phone: %+v", next.ConfirmPhone)
	}
	_, err := w.Accounts.ConfirmContact(t.Context(), by(who), first.ConfirmPhone.ID, w.outbox.code(t, phone))
	refused(t, err, "code-expired")
}

// TestAChangeThatIsTooOldIsAskedForAnew: an hour later the code can no longer be entered, and the phone has a new one.
func TestAChangeThatIsTooOldIsAskedForAnew(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who := w.enrol(p)
	phone := identitytest.Phone(77)
	first := w.saveCard(who, `{}`, phone, "")
	w.clock.pass(time.Hour)
	second := w.saveCard(who, `{}`, phone, "")
	if second.ConfirmPhone == nil || second.ConfirmPhone.ID == first.ConfirmPhone.ID || w.outbox.count(phone) != 2 {
		t.Errorf("an hour later: %+v, %d codes", second.ConfirmPhone, w.outbox.count(phone))
	}
}

func TestNewAddressesAreLimited(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.deps.Limits.CodesPerHour = 2
	w.restart()
	who := w.enrol(p)
	for _, email := range []string{"a@example.kz", "b@example.kz", "a@example.kz", "b@example.kz"} {
		w.saveCard(who, `{}`, "", email)
	}
	_, err := w.Accounts.SaveClientCard(t.Context(), by(who), []byte(`{}`), "", "a@example.kz")
	refused(t, err, "too-many-codes")
	if n := w.outbox.count("a@example.kz"); n != 2 {
		t.Errorf("%d messages went to one address, want 2", n)
	}
}

func TestARepeatedCard(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	who := w.enrol(p)
	phone := identitytest.Phone(77)
	save := func() SavedCard {
		saved, err := w.Accounts.SaveClientCard(t.Context(), keyed(who, "k", "card"), []byte(`{"region":"Алматы"}`), phone, "")
		done(t, err)
		return saved
	}
	first := save()
	end := w.end()
	w.restart()
	again := save()
	if again.Revision != first.Revision || *again.ConfirmPhone != *first.ConfirmPhone || w.outbox.count(phone) != 1 {
		t.Errorf("answered %+v with %d codes, want %+v with 1", again.ConfirmPhone, w.outbox.count(phone), first.ConfirmPhone)
	}
	w.happened(end)
}
