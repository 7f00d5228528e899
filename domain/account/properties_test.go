package account_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// model is what people would say of the account, kept beside the decider in the simplest way.
type model struct {
	active, blocked, erased bool

	password, phone, email, language string
	card                             account.Card
	epoch                            int

	pending map[string]time.Time // the registration that can be confirmed, and until when
	made    string               // the registration that was confirmed
	links   []link               // for new passwords
	used    string
	changes map[account.Channel]change
	done    map[account.Channel]string // changes that were confirmed last
	open    map[string]bool            // sessions
}

type link struct {
	id    string
	until time.Time
}

type change struct {
	id, value string
	until     time.Time
}

func newModel() *model {
	return &model{
		pending: map[string]time.Time{}, changes: map[account.Channel]change{}, done: map[account.Channel]string{},
		open: map[string]bool{},
	}
}

func (m *model) newPassword(hash, goesOn string) {
	m.password = hash
	m.epoch++
	m.links = nil
	m.open = map[string]bool{goesOn: m.open[goesOn]}
}

func (m *model) ask(channel account.Channel, now string, next change, at time.Time) {
	waiting := m.changes[channel]
	if next.value != now && (waiting.value != next.value || waiting.id != next.id && !at.Before(waiting.until)) {
		m.changes[channel] = next
	}
}

// expect does to the model what the command should do to the account, and tells whether it should be accepted.
func (m *model) expect(command account.Command) bool {
	switch c := command.(type) {
	case account.StartRegistration:
		if _, waits := m.pending[c.RegistrationID]; waits || m.made == c.RegistrationID {
			return true
		}
		if m.active || m.erased {
			return false
		}
		m.pending = map[string]time.Time{c.RegistrationID: c.ExpiresAt}
	case account.ConfirmRegistration:
		if m.made == c.RegistrationID {
			return true
		}
		if until, ok := m.pending[c.RegistrationID]; m.active || !ok || !c.At.Before(until) {
			return false
		}
		m.active, m.made, m.pending = true, c.RegistrationID, map[string]time.Time{}
		m.password, m.phone, m.email, m.language, m.card = "$hash-1", "+77990000001", "Zhanerke@example.kz", "ru", plain()
	case account.RecordSignIn:
		if !m.open[c.SessionRef] && (!m.active || m.blocked) {
			return false
		}
		m.open[c.SessionRef] = true
	case account.RecordSignOut:
		delete(m.open, c.SessionRef)
	case account.ChangePassword:
		switch {
		case !m.active, c.NewHash != m.password && !c.CurrentMatches:
			return false
		case c.NewHash != m.password:
			m.newPassword(c.NewHash, c.SessionRef)
		}
	case account.RequestPasswordReset:
		if !m.active || m.blocked {
			return false
		}
		if c.ResetID != m.used && !slices.ContainsFunc(m.links, func(l link) bool { return l.id == c.ResetID }) {
			m.links = append(m.links, link{c.ResetID, c.ExpiresAt})
			m.links = m.links[max(0, len(m.links)-3):]
		}
	case account.ResetPassword:
		if c.ResetID == m.used && c.NewHash == m.password {
			return true
		}
		usable := slices.ContainsFunc(m.links, func(l link) bool { return l.id == c.ResetID && c.At.Before(l.until) })
		if m.blocked || !usable {
			return false
		}
		m.newPassword(c.NewHash, "")
		m.open, m.used = map[string]bool{}, c.ResetID
	case account.SaveClientCard:
		if !m.active {
			return false
		}
		m.card = c.Card
		m.ask(account.SMS, m.phone, change{c.PhoneChangeID, c.Phone, c.ChangesExpireAt}, c.At)
		m.ask(account.Email, m.email, change{c.EmailChangeID, c.Email, c.ChangesExpireAt}, c.At)
	case account.ConfirmContact:
		return m.confirmContact(c)
	case account.CorrectContacts:
		if !m.active {
			return false
		}
		if m.phone != c.Phone || m.email != c.Email {
			m.phone, m.email = c.Phone, c.Email
			m.epoch++
			m.open, m.links, m.changes = map[string]bool{}, nil, map[account.Channel]change{}
		}
	case account.ChangeLanguage:
		if !m.active {
			return false
		}
		m.language = c.Language
	case account.Block:
		if !m.active {
			return false
		}
		if !m.blocked {
			m.blocked, m.epoch, m.open = true, m.epoch+1, map[string]bool{}
		}
	case account.Unblock:
		m.blocked = false
		return m.active
	case account.Erase:
		if m.erased {
			return true
		}
		if !m.active && len(m.pending) == 0 {
			return false
		}
		epoch := m.epoch + 1
		*m = *newModel()
		m.erased, m.epoch = true, epoch
	}
	return true
}

func (m *model) confirmContact(c account.ConfirmContact) bool {
	if !m.active {
		return false
	}
	for _, id := range m.done {
		if id == c.ChangeID {
			return true
		}
	}
	for channel, change := range m.changes {
		if change.id == c.ChangeID && c.At.Before(change.until) {
			m.done[channel] = c.ChangeID
			if channel == account.SMS {
				m.phone = change.value
			} else {
				m.email = change.value
			}
			return true
		}
	}
	return false
}

// compare tells where the account is not what the model says.
func (m *model) compare(s account.State) string {
	type seen struct {
		Active, Blocked, Erased                            bool
		Password, Phone, Email, Language, PhoneBy, EmailBy string
		Card                                               account.Card
		Epoch                                              int
		Open                                               []string
	}
	var open []string
	for session, is := range m.open {
		if is {
			open = append(open, session)
		}
	}
	slices.Sort(open)
	return cmp.Diff(
		seen{
			m.active, m.blocked, m.erased, m.password, m.phone, m.email, m.language,
			m.done[account.SMS], m.done[account.Email], m.card, m.epoch, open,
		},
		seen{
			s.Active, s.Blocked, s.Erased, s.PasswordHash, s.Phone, s.Email, string(s.Language),
			s.PhoneChangedBy, s.EmailChangedBy, s.Card, s.CredentialEpoch, slices.Sorted(slices.Values(s.Sessions)),
		},
	)
}

// commands draws commands with few ids, so that they meet each other.
func commands(t *rapid.T, at time.Time) account.Command {
	id := func(prefix string) string { return prefix + rapid.StringMatching("[1-4]").Draw(t, "id") }
	soon := at.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "minutes")) * time.Minute)
	start := form(id("r"))
	start.At, start.ExpiresAt = at, soon
	saved := rapid.SampledFrom([]account.Card{plain(), card()}).Draw(t, "card")
	return rapid.SampledFrom([]account.Command{
		start,
		account.ConfirmRegistration{RegistrationID: start.RegistrationID, At: at},
		account.ConfirmRegistration{RegistrationID: start.RegistrationID, At: at},
		account.RecordSignIn{SessionRef: id("s"), At: at},
		account.RecordSignOut{SessionRef: id("s"), At: at},
		account.ChangePassword{CurrentMatches: rapid.Bool().Draw(t, "matches"), NewHash: id("$h"), SessionRef: id("s"), At: at},
		account.RequestPasswordReset{ResetID: id("x"), ExpiresAt: soon, At: at},
		account.ResetPassword{ResetID: id("x"), NewHash: id("$h"), At: at},
		account.SaveClientCard{
			Card: saved, Phone: id("+7799000000"), Email: id("mail") + "@example.kz",
			PhoneChangeID: id("p"), EmailChangeID: id("e"), ChangesExpireAt: soon, At: at,
		},
		account.ConfirmContact{ChangeID: id("p"), At: at},
		account.ConfirmContact{ChangeID: id("e"), At: at},
		account.CorrectContacts{Phone: id("+7799000000"), Email: id("mail") + "@example.kz", Reason: "Айтты", At: at},
		account.ChangeLanguage{Language: rapid.SampledFrom([]string{"kk", "ru", "en"}).Draw(t, "language"), At: at},
		account.Block{At: at},
		account.Unblock{At: at},
		account.Unblock{At: at},
		account.Unblock{At: at},
		account.Erase{At: at},
	}).Draw(t, "command")
}

func TestAnyCommandsLeadToWhatPeopleExpect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var state account.State
		var history []account.Event
		at, expected := noon, newModel()
		for range rapid.IntRange(1, 60).Draw(t, "commands") {
			at = at.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "minutes later")) * time.Minute)
			command := commands(t, at)

			events, err := account.Decide(state, command)
			if accepted := expected.expect(command); accepted != (err == nil) {
				t.Fatalf("%T: %v, expected to be accepted: %t", command, err, accepted)
			}
			if _, ok := errors.AsType[*problem.Problem](err); err != nil && !ok {
				t.Fatalf("%T: %v is no problem that a person can be told", command, err)
			}
			for _, e := range events {
				state = account.Evolve(state, e)
			}
			history = append(history, events...)
			if diff := expected.compare(state); diff != "" {
				t.Fatalf("after %+v: %s", command, diff)
			}
			if err != nil {
				continue
			}
			if again, err := account.Decide(state, command); len(again) > 0 || err != nil {
				t.Fatalf("%+v again: %v, %v", command, again, err)
			}
		}
		if diff := cmp.Diff(state, account.Fold(history...)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// anyEvent draws any event with any values in its fields.
func anyEvent(t *rapid.T) account.Event {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range account.EventTypes {
			if !yield(name) {
				return
			}
		}
	})
	event := reflect.New(reflect.TypeOf(account.EventTypes[rapid.SampledFrom(names).Draw(t, "event")])).Elem()
	for i := range event.NumField() {
		field, name := event.Field(i), event.Type().Field(i).Name
		switch value := field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(rapid.Int64().Draw(t, name), 0)))
		case account.Card:
			value.LastName = rapid.StringN(0, 3, 12).Draw(t, name)
			field.Set(reflect.ValueOf(value))
		case []account.Channel:
			field.Set(reflect.ValueOf([]account.Channel{account.Channel(rapid.StringN(0, 3, 12).Draw(t, name))}))
		case []account.Role:
			field.Set(reflect.ValueOf([]account.Role{account.Role(rapid.StringN(0, 3, 12).Draw(t, name))}))
		case int:
			field.SetInt(rapid.Int64().Draw(t, name))
		case bool:
			field.SetBool(rapid.Bool().Draw(t, name))
		default:
			field.SetString(rapid.SampledFrom([]string{"", "1", "2", "sms", "email"}).Draw(t, name))
		}
	}
	return event.Interface().(account.Event)
}

func TestFoldingIsTotalAndLeavesOlderStatesAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var history []account.Event
		type kept struct {
			state  account.State
			events []account.Event
		}
		var all []kept
		state := account.State{}
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			e, instead := anyEvent(t), anyEvent(t)
			branch := append(slices.Clone(history), instead)
			all = append(all, kept{account.Evolve(state, instead), branch})
			history = append(history, e)
			state = account.Evolve(state, e)
			all = append(all, kept{state, slices.Clone(history)})
			_, _ = account.Decide(state, commands(t, noon))
			_ = state.Admit(noon, true)
			_ = state.Prefill()
		}
		for _, k := range all {
			if diff := cmp.Diff(account.Fold(k.events...), k.state); diff != "" {
				t.Fatalf("a state changed later: %s", diff)
			}
		}
	})
}

// Two callers may go on from one state, as they do when one of them has to decide again.
func TestStatesThatPartShareNoLists(t *testing.T) {
	t.Parallel()
	state := account.State{}
	for length := range 8 {
		grow := func(id string) account.State {
			signedIn := account.Evolve(state, account.SignedIn{SessionRef: id})
			return account.Evolve(signedIn, account.PasswordResetRequested{ResetID: id})
		}
		one, other := grow("one"), grow("other")
		if last := one.Sessions[length]; last != "one" {
			t.Errorf("after %d sessions the new one became %s", length, last)
		}
		if last := one.Resets[len(one.Resets)-1].ResetID; last != "one" {
			t.Errorf("after %d links the new one became %s", length, last)
		}
		state = other
	}
}

// A number, a name, an address or a secret in clear would stay in the log for ever.
func TestEveryFieldThatIdentifiesAPersonIsMarked(t *testing.T) {
	t.Parallel()
	personal := map[string]bool{
		"Number": true, "Organization": true, "LastName": true, "FirstName": true, "MiddleName": true, "Email": true,
		"Phone": true, "PasswordHash": true, "TOTPSecret": true, "Card": true, "Value": true,
		"Former": true, "Reason": true,
	}
	for name, event := range account.EventTypes {
		for field := range reflect.TypeOf(event).Fields() {
			people := personal[field.Name] && field.Type != reflect.TypeFor[account.FailureReason]() // which is a code
			if marked := field.Tag.Get("personal") == "true"; marked != people {
				t.Errorf("%s %s: personal %t, want %t", name, field.Name, marked, people)
			}
		}
	}
}
