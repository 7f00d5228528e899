package sentences_test

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/readapi/sentences"
)

// index is how a filled event names the elements of its lists.
var index = regexp.MustCompile(`\[[0-9]\]`)

// TestEveryStoredEventHasASentence in each of the three languages, in the letters of that language, and also when its
// personal data is gone.
func TestEveryStoredEventHasASentence(t *testing.T) {
	t.Parallel()
	for _, aggregate := range aggregates.All() {
		for _, name := range slices.Sorted(maps.Keys(aggregate.Types)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, event := range []any{codectest.Filled(aggregate.Types[name]), aggregate.Types[name]} {
					said := sentences.Of(codec.Envelope{Type: name, Event: event, Meta: codec.Metadata{Role: "system"}})
					if strings.Contains(said.KK, name) {
						t.Fatalf("%s has no sentence: add it to sentences.yaml", name)
					}
					if said.KK == said.RU || said.RU == said.EN || said.KK == said.EN {
						t.Errorf("two languages say the same: %q", said)
					}
					for _, l := range []string{said.KK, said.RU} {
						if !strings.ContainsFunc(l, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
							t.Errorf("not in Cyrillic: %s", l)
						}
					}
					for _, words := range []string{said.KK, said.RU, said.EN} {
						if strings.ContainsAny(index.ReplaceAllString(words, ""), "{}[]\n") || strings.TrimSpace(words) != words {
							t.Errorf("not a sentence: %q", words)
						}
					}
				}
			})
		}
	}
}

// TestWhatIsErasedIsNotSaid: nothing of the personal members of an event is in its sentence once they are zero.
func TestWhatIsErasedIsNotSaid(t *testing.T) {
	t.Parallel()
	for _, aggregate := range aggregates.All() {
		for name, zero := range aggregate.Types {
			full := codectest.Filled(zero)
			gone := reflect.New(reflect.TypeOf(zero)).Elem()
			gone.Set(reflect.ValueOf(full))
			for i := range gone.NumField() {
				if gone.Type().Field(i).Tag.Get("personal") == "true" {
					gone.Field(i).SetZero()
				}
			}
			said := sentences.Of(codec.Envelope{Type: name, Event: gone.Interface()})
			for i := range gone.NumField() {
				f := gone.Type().Field(i)
				member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if f.Tag.Get("personal") == "true" && strings.Contains(said.EN, member+" «ә»") {
					t.Errorf("%s says its %s: %s", name, member, said.EN)
				}
			}
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 12, 7, 18, 59, 59, 0, time.UTC)
	for name, test := range map[string]struct {
		meta  codec.Metadata
		event any
		want  text.Text
	}{
		"an application is sent": {
			codec.Metadata{Actor: "a", Role: "applicant"},
			application.Submitted{ProviderID: "p-1", Term: service.Term{Days: 15, Kind: "working"}, DueAt: due},
			text.Text{
				KK: "Өтініш беруші: өтінім жіберілді; мерзімі 15 жұмыс күні, орындалу күні 2026-12-07 23:59:59; ұйым p-1",
				RU: "Заявитель: заявка отправлена; срок 15 рабочих дней, исполнить до 2026-12-07 23:59:59; организация p-1",
				EN: "Applicant: the application was sent; term 15 working days, due 2026-12-07 23:59:59; provider p-1",
			},
		},
		"a message on several lines": {
			codec.Metadata{Actor: "a", Role: "executor"},
			correspondence.MessagePosted{Side: correspondence.Staff, Text: "Сәлем!\n\n\tҚұжат\x1b[31m қайда?\u202e"},
			text.Text{
				KK: "Орындаушы: хабар жазылды (қызметкер): Сәлем! Құжат [31m қайда?",
				RU: "Исполнитель: написано сообщение (сотрудник): Сәлем! Құжат [31m қайда?",
				EN: "Case manager: a message was written (staff): Сәлем! Құжат [31m қайда?",
			},
		},
		"a long message": {
			codec.Metadata{Actor: "a", Role: "applicant"},
			correspondence.MessagePosted{Side: correspondence.Applicant, Text: strings.Repeat("ә", 121)},
			text.Text{
				KK: "Өтініш беруші: хабар жазылды (өтініш беруші): " + strings.Repeat("ә", 120) + "…",
				RU: "Заявитель: написано сообщение (заявитель): " + strings.Repeat("ә", 120) + "…",
				EN: "Applicant: a message was written (applicant): " + strings.Repeat("ә", 120) + "…",
			},
		},
		"an erased message": {
			codec.Metadata{Actor: "a", Role: "applicant"},
			correspondence.MessagePosted{Side: correspondence.Applicant},
			text.Text{
				KK: "Өтініш беруші: хабар жазылды (өтініш беруші)", RU: "Заявитель: написано сообщение (заявитель)",
				EN: "Applicant: a message was written (applicant)",
			},
		},
		"somebody who is not signed in": {
			codec.Metadata{},
			account.SignInFailed{Reason: account.WrongPassword},
			text.Text{
				KK: "Жүйеге кірмеген адам: жүйеге кіру сәтсіз болды: құпия сөз дұрыс емес",
				RU: "Лицо без входа в систему: неудачная попытка входа: неверный пароль",
				EN: "Somebody not signed in: a try to sign in failed: wrong password",
			},
		},
		"a role and a value of a newer portal": {
			codec.Metadata{Actor: "a", Role: "notary"},
			account.SignInFailed{Reason: "eclipse"},
			text.Text{
				KK: "notary: жүйеге кіру сәтсіз болды: eclipse", RU: "notary: неудачная попытка входа: eclipse",
				EN: "notary: a try to sign in failed: eclipse",
			},
		},
		"an event that nobody knows": {
			codec.Metadata{Role: "system"},
			struct{}{},
			text.Text{KK: "Жүйе: pigeon.sent.v1", RU: "Система: pigeon.sent.v1", EN: "System: pigeon.sent.v1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sentences.Of(codec.Envelope{Type: "pigeon.sent.v1", Event: test.event, Meta: test.meta})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func BenchmarkOf(b *testing.B) {
	event := codec.Envelope{Event: application.Submitted{ProviderID: "p", Term: service.Term{Days: 15, Kind: "working"}}, Meta: codec.Metadata{Role: "applicant"}}
	b.ReportAllocs()
	for b.Loop() {
		sentences.Of(event)
	}
}
