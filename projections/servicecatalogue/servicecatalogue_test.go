package servicecatalogue_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/servicecatalogue"
)

const (
	id     = "33333333-3333-4333-8333-333333333333"
	stream = "service-" + id
)

func revised(version int, name string) service.Revised {
	return service.Revised{Version: version, Content: service.Content{Passport: service.Passport{
		Name: text.Text{KK: name, RU: "Ёлка", EN: "Tree"}, Description: text.Text{KK: "Сипаттама"},
		CategoryID: "c", ProviderID: "p", Kind: service.Consultation,
		Term: service.Term{Days: 5, Kind: service.WorkingDays}, Logo: "https://example.kz/logo.svg",
	}}}
}

func card(version int, name, search string) servicecatalogue.Card {
	return servicecatalogue.Card{
		Version: version, Name: text.Text{KK: name, RU: "Ёлка", EN: "Tree"}, Description: text.Text{KK: "Сипаттама"},
		CategoryID: "c", ProviderID: "p", Kind: service.Consultation,
		Term: service.Term{Days: 5, Kind: service.WorkingDays}, Logo: "https://example.kz/logo.svg",
		Search: search + "\nелка\ntree\nсипаттама\n\n",
	}
}

func TestServices(t *testing.T) {
	published := time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	one, two := card(1, "Заң қызметі", "зан кызмети"), card(2, "Өтініш", "отиниш")
	for name, test := range map[string]struct {
		given []any
		then  map[string]servicecatalogue.Service
	}{
		"a version that is not published is not shown": {
			[]any{revised(1, "Заң қызметі")},
			map[string]servicecatalogue.Service{id: {ServiceID: id, Versions: []servicecatalogue.Card{one}}},
		},
		"publishing shows that version": {
			[]any{revised(1, "Заң қызметі"), service.Published{Version: 1, At: published}, revised(2, "Өтініш")},
			map[string]servicecatalogue.Service{id: {
				ServiceID: id, Published: true, PublishedAt: &published, Changed: 2, Card: one,
				Versions: []servicecatalogue.Card{one, two},
			}},
		},
		"any version may be published later": {
			[]any{
				revised(1, "Заң қызметі"), revised(2, "Өтініш"),
				service.Published{Version: 2, At: published},
				service.Published{Version: 1, At: published},
			},
			map[string]servicecatalogue.Service{id: {
				ServiceID: id, Published: true, PublishedAt: &published, Changed: 4, Card: one,
				Versions: []servicecatalogue.Card{one, two},
			}},
		},
		"a withdrawn service stays, so that its going is seen": {
			[]any{revised(1, "Заң қызметі"), service.Published{Version: 1, At: published}, service.Withdrawn{}},
			map[string]servicecatalogue.Service{id: {
				ServiceID: id, PublishedAt: &published, Changed: 3, Card: one, Versions: []servicecatalogue.Card{one},
			}},
		},
		"publishing what was never revised shows nothing": {
			[]any{service.Published{Version: 1, At: published}, service.Withdrawn{}}, map[string]servicecatalogue.Service{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			history := projectionstest.History{}.In(stream, "", "", test.given...)
			projectionstest.Expect(t, servicecatalogue.Model, history, test.then)
		})
	}
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"Заңды ҚЫЗМЕТТЕР":        "занды кызметтер",
		"ӘҚҒҢӨҰҮҺІЁ":             "акгноуухие",
		"  Public\t Procurement": " public procurement",
		"Ё и Й":                  "е и й", // written with combining marks, and composed
		"one \n two":             "one\n two",
		"МҚӘ":                    "мка",
	} {
		if got := servicecatalogue.Fold(text); got != want {
			t.Errorf("Fold(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := servicecatalogue.Fold(rapid.String().Draw(t, "text"))
		if twice := servicecatalogue.Fold(once); twice != once {
			t.Errorf("folded once %q, twice %q", once, twice)
		}
	})
}
