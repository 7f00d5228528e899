package catalogue_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/cmd/portal/catalogue"
	"services.example/portal/domain/calendar"
	domain "services.example/portal/domain/catalogue"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// loadEmbedded reads the catalogue once for all tests, which do not change it.
var loadEmbedded = sync.OnceValues(func() (*catalogue.Catalogue, error) { return catalogue.Load(catalogue.Embedded()) })

func embedded(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	c, err := loadEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheSixServicesOfTheManualsAreThere(t *testing.T) {
	var names []string
	for _, s := range embedded(t).Services {
		names = append(names, s.Content.Passport.Name.KK, s.Content.Passport.Name.RU)
	}
	for _, name := range []string{
		"МҚӘ келісімшартын дайындау және жасау бойынша мемлекеттік-жеке меншік әріптестік саласындағы консультациялар",
		"Түйіндемелік жіберу",
		"Консультация по представлению электронной статистической отчетности",
		"Технологиялық процестерді жетілдіруге арналған шығындарды өтеу",
		"Отандық өңделген тауарларды, жұмыстар мен көрсетілетін қызметтерді ішкі нарықта ілгерілету бойынша индустриялық-инновациялық қызмет субъектілері шығындарының бір бөлігін өтеу",
		"Шетелдік қызметкерді еңбек шартына сәйкес тарту арқылы кәсіпорынның құзыретін арттыруға арналған шығындарды өтеу",
	} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no service %q", name)
		}
	}
}

func TestTheTreeHasSevenMainCategories(t *testing.T) {
	var got []string
	for _, main := range embedded(t).Categories {
		slugs := []string{main.Name.KK + ":"}
		for _, child := range main.Children {
			slugs = append(slugs, child.Slug)
		}
		got = append(got, strings.Join(slugs, " "))
	}
	want := []string{
		"Бизнеске арналған қызметтер: help-for-business accounting-and-tax legal-services customs-procedures information-support appeals-support market-research public-private-partnership public-procurement",
		"Адам ресурстары: training",
		"Қаржыландыру: lending grants subsidies leasing cost-reimbursement",
		"Шығындардың төмендеуі: audit consulting insurance",
		"Сату көлемін ұлғайту:",
		"Локализация: project-office",
		"Мансап: vacancies",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestIDsNeverChange: applications, links and events refer to them.
func TestIDsNeverChange(t *testing.T) {
	for _, test := range []struct{ what, slug, want string }{
		{"service", "electronic-statistical-reporting", "ea6d6f21-1f8e-52a4-8f8b-b2d583a621a3"},
		{"service", "domestic-market-promotion-costs", "28b3712d-be3d-5e3e-8609-5659955c5a61"},
		{"category", "legal-services", "ab0e763f-7e78-56e9-a7b5-f713dc1c4c3b"},
		{"provider", "atameken", "cefc3cca-8490-5d63-983e-a3d2fa734bc9"},
	} {
		if got := catalogue.ID(test.what, test.slug); got != test.want {
			t.Errorf("id of the %s %s is %s, want %s", test.what, test.slug, got, test.want)
		}
	}
}

func TestLoadingTwiceGivesTheSame(t *testing.T) {
	again, err := catalogue.Load(catalogue.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(embedded(t), again); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestEverythingIsTakenByTheDomain(t *testing.T) {
	c := embedded(t)
	if _, err := domain.DecideCategories(domain.Categories{}, domain.DefineCategories{Tree: c.Categories}); err != nil {
		t.Errorf("categories: %v", err)
	}
	for _, p := range c.Providers {
		if _, err := domain.DecideProvider(domain.ProviderState{}, domain.DescribeProvider{Provider: p.Content}); err != nil {
			t.Errorf("provider %s: %v", p.Slug, err)
		}
	}
	for _, one := range c.Calendars {
		define := calendar.Define{Holidays: one.Holidays, WorkingWeekends: one.WorkingWeekends}
		if _, err := calendar.Decide(calendar.State{}, define); err != nil {
			t.Errorf("calendar %s: %v", one.Slug, err)
		}
	}
	for _, s := range c.Services {
		if _, err := service.Decide(service.State{}, service.Revise{Content: s.Content}); err != nil {
			t.Errorf("service %s: %v", s.Slug, err)
		}
	}
}

func TestEveryServiceRefersToACategoryAndAProviderThatExist(t *testing.T) {
	c := embedded(t)
	categories, providers := map[string]bool{}, map[string]bool{}
	var walk func(nodes []domain.Category)
	walk = func(nodes []domain.Category) {
		for _, node := range nodes {
			categories[node.ID] = true
			walk(node.Children)
		}
	}
	walk(c.Categories)
	for _, p := range c.Providers {
		providers[p.ID] = true
	}
	for _, s := range c.Services {
		if !categories[s.Content.Passport.CategoryID] || !providers[s.Content.Passport.ProviderID] {
			t.Errorf("%s: category %s, provider %s", s.Slug, s.Content.Passport.CategoryID, s.Content.Passport.ProviderID)
		}
	}
}

// property is what a client of the portal reads of a field's schema.
type property struct {
	Examples []json.RawMessage `json:"examples"`
	Prefill  any               `json:"x-prefill"`
}

type schema struct {
	Properties map[string]property `json:"properties"`
	Required   []string            `json:"required"`
}

func read(t *testing.T, step service.Step) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal(step.Schema, &s); err != nil {
		t.Fatalf("step %s: %v", step.ID, err)
	}
	return s
}

func TestEveryFormCanBeFilledFromItsExamples(t *testing.T) {
	for _, s := range embedded(t).Services {
		t.Run(s.Slug, func(t *testing.T) {
			form, err := service.CompileForm(s.Content.Steps)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range s.Content.Steps {
				first, last := map[string]json.RawMessage{}, map[string]json.RawMessage{}
				for name, p := range read(t, step).Properties {
					first[name], last[name] = p.Examples[0], p.Examples[len(p.Examples)-1]
				}
				for _, data := range []map[string]json.RawMessage{first, last} {
					raw, err := json.Marshal(data)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := service.ReadData(raw); err != nil {
						t.Errorf("step %s: %v", step.ID, err)
					}
					faults, err := form.Check(step.ID, raw, 1)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff([]problem.Field(nil), faults); diff != "" {
						t.Errorf("step %s filled from examples (-want +got):\n%s", step.ID, diff)
					}
				}
			}
		})
	}
}

func TestAnEmptyFormNamesEveryRequiredField(t *testing.T) {
	for _, s := range embedded(t).Services {
		t.Run(s.Slug, func(t *testing.T) {
			form, err := service.CompileForm(s.Content.Steps)
			if err != nil {
				t.Fatal(err)
			}
			required := false
			for _, step := range s.Content.Steps {
				var want []problem.Field
				if step.Required {
					required = true
					for _, name := range read(t, step).Required {
						want = append(want, problem.Field{Location: "/steps/" + step.ID + "/data/" + name, Code: "required"})
					}
					if step.Kind == service.DocumentStep {
						want = append(want, problem.Field{Location: "/steps/" + step.ID + "/files", Code: "file-required"})
					}
					if len(want) == 0 {
						t.Errorf("step %s is required but asks for nothing", step.ID)
					}
				}
				got, err := form.Check(step.ID, json.RawMessage(`{}`), 0)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("step %s (-want +got):\n%s", step.ID, diff)
				}
			}
			if !required {
				t.Error("nothing is required")
			}
		})
	}
}

// card is a client card with every member that a form may take from it.
const card = `{"lastName": "Сынақбаев", "firstName": "Үлгі", "middleName": "Мысалұлы", "fullName": "Сынақбаев Үлгі Мысалұлы",
	"login": "600240000001", "iin": "600102500002", "bin": "600240000001", "organization": "«Үлгі-Сынақ» ЖШС",
	"legalForm": "Жауапкершілігі шектеулі серіктестік", "registrationNumber": "10100-0001-ЖШС", "registrationDate": "2015-04-20",
	"registrationAuthority": "Астана қаласының Әділет департаменті", "region": "Астана қаласы", "locality": "Астана",
	"street": "Үлгі көшесі", "building": "1", "office": "2", "postcode": "010000", "headName": "Сынақбаев Үлгі Мысалұлы",
	"headPosition": "Бас директор", "activityCode": "25.11", "bank": "«Үлгі Банк» АҚ", "bic": "ULGIKZKA",
	"iban": "KZ60000B000001234567", "phone": "+77990000001", "email": "ulgi@example.kz", "website": "https://example.kz",
	"address": "010000, Астана қаласы, Үлгі көшесі, 1-үй"}`

func TestTheClientCardFillsEveryFieldThatRefersToIt(t *testing.T) {
	for _, s := range embedded(t).Services {
		t.Run(s.Slug, func(t *testing.T) {
			form, err := service.CompileForm(s.Content.Steps)
			if err != nil {
				t.Fatal(err)
			}
			filled := form.Prefill(json.RawMessage(card))
			if len(filled) == 0 {
				t.Error("the card fills nothing")
			}
			for _, step := range s.Content.Steps {
				var data map[string]string
				if raw := filled[step.ID]; raw != nil {
					if err := json.Unmarshal(raw, &data); err != nil {
						t.Fatal(err)
					}
				}
				for name, p := range read(t, step).Properties {
					if (p.Prefill != nil) != (data[name] != "") {
						t.Errorf("step %s, field %s: prefill %v gives %q", step.ID, name, p.Prefill, data[name])
					}
				}
			}
		})
	}
}

// TestSearchWordsFindWhatTheyShould looks for words as a person types them, with Kazakh letters or without, in what the
// search covers.
func TestSearchWordsFindWhatTheyShould(t *testing.T) {
	plain := strings.NewReplacer("ә", "а", "ғ", "г", "қ", "к", "ң", "н", "ө", "о", "ұ", "у", "ү", "у", "һ", "х", "і", "и", "ё", "е")
	fold := func(s string) string { return plain.Replace(strings.ToLower(s)) }
	for query, want := range map[string][]string{
		"МҚӘ":               {"ppp-contract-consultations", "send-a-cv"},
		"МЖӘ":               {"ppp-contract-consultations"},
		"заңды қызметтер":   {"legal-consultation"},
		"юридическ":         {"legal-consultation"},
		"салық":             {"entrepreneurship-training", "customs-consultation", "tax-consultation"},
		"кеден":             {"customs-consultation"},
		"лизинг":            {"equipment-leasing"},
		"grant":             {"business-idea-grant"},
		"training":          {"entrepreneurship-training"},
		"статистик":         {"electronic-statistical-reporting"},
		"мемлекеттик сатып": {"public-procurement-consultation"},
		"шыгындарды отеу":   {"foreign-specialist-costs", "ppp-contract-consultations", "technological-process-costs"},
	} {
		var got []string
		for _, s := range embedded(t).Services {
			p := s.Content.Passport
			var all []string
			for _, text := range []string{p.Name.KK, p.Name.RU, p.Name.EN, p.Description.KK, p.Description.RU, p.Description.EN} {
				all = append(all, fold(text))
			}
			if strings.Contains(strings.Join(all, "\n"), fold(query)) {
				got = append(got, s.Slug)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestTheCalendarOfKazakhstanCountsWorkingDays(t *testing.T) {
	for _, one := range embedded(t).Calendars {
		perYear := map[string]int{}
		for _, day := range one.Holidays {
			perYear[day[:4]]++
		}
		want := map[string]int{"2025": 15, "2026": 15, "2027": 14}
		if diff := cmp.Diff(want, perYear); one.Slug == "kz" && diff != "" {
			t.Errorf("days off from Monday to Friday (-want +got):\n%s", diff)
		}
	}
}
