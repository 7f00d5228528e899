package readapi

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/projections/providers"
	"services.example/portal/projections/servicecatalogue"
)

// offered are services that are much alike, by their English names.
var offered = []service.Content{
	contentOf(
		text.Text{KK: "Кәсіпкерлерге заң мәселелері бойынша консультация", RU: "Консультация предпринимателей по юридическим вопросам", EN: "Legal consultation"},
		text.Text{KK: "Кәсіпкерлерге заңды қызметтер тегін көрсетіледі", RU: "Бесплатные юридические услуги", EN: "Free legal services"}, 2),
	contentOf(
		text.Text{KK: "Көрсетілетін қызметтерді ішкі нарыққа жылжыту шығындарын өтеу", RU: "Возмещение затрат на продвижение услуг", EN: "Promotion costs"},
		text.Text{KK: "Қазақстан Республикасында тіркелген заңды тұлғаларға", RU: "Юридическим лицам", EN: "For legal entities"}, 1),
	contentOf(
		text.Text{KK: "Салық салу бойынша консультация", RU: "Консультация по налогообложению", EN: "Tax consultation"},
		text.Text{KK: "Қазан айында занятие", RU: "Помощь с налоговой отчётностью", EN: "Help with tax reports"}, 3),
	contentOf(
		text.Text{KK: "Өндіріске жаңа жабдық лизингке", RU: "Лизинг оборудования", EN: "Equipment leasing"},
		text.Text{KK: "Жабдықты лизингпен алу", RU: "Карта условий: ёлка", EN: "Terms of leasing"}, 4),
}

// shelf is a snapshot of these services, whose ids are their English names.
func shelf(contents ...service.Content) *snapshot {
	s := &snapshot{
		tree: tree, services: map[string]*offer{},
		providers: map[string]providers.Provider{id("provider", 1): {}},
	}
	p := s.providers[id("provider", 1)]
	p.Name = text.Text{KK: "Үлгі палатасы", RU: "Палата Образец", EN: "Sample Chamber"}
	s.providers[id("provider", 1)] = p
	for _, c := range contents {
		lines := []string{c.Passport.Name.KK, c.Passport.Name.RU, c.Passport.Name.EN, c.Passport.Description.KK, c.Passport.Description.RU, c.Passport.Description.EN}
		s.add(&offer{ID: c.Passport.Name.EN, Service: servicecatalogue.Service{Published: true, Card: servicecatalogue.Card{
			Name: c.Passport.Name, Description: c.Passport.Description, CategoryID: c.Passport.CategoryID, ProviderID: c.Passport.ProviderID,
			Search: servicecatalogue.Fold(strings.Join(lines, "\n")),
		}}})
	}
	s.sort()
	return s
}

func ids(offers []*offer) []string {
	list := []string{}
	for _, o := range offers {
		list = append(list, o.ID)
	}
	return list
}

func TestFind(t *testing.T) {
	t.Parallel()
	const legal, promotion, tax, leasing = "Legal consultation", "Promotion costs", "Tax consultation", "Equipment leasing"
	everything := []string{legal, promotion, leasing, tax} // by their Kazakh names
	s := shelf(offered...)
	for query, want := range map[string][]string{
		"":     everything,
		"   ":  everything,
		"zzz":  {},
		"!!!":  {},
		"№ «»": {},

		// Words, and all of them.
		"салық":                  {tax},
		"налогообложению":        {tax},
		"Leasing":                {leasing},
		"консультация":           {legal, tax},
		"консультация лизинг":    {},
		"consultation tax":       {tax},
		"«Салық салу», бойынша!": {tax},

		// Parts of words.
		"лизин":  {leasing},
		"озмещ":  {promotion},
		"equip":  {leasing},
		"нарыққ": {promotion},

		// Without Kazakh letters, in capitals, and with letters that are composed in two ways.
		"салык":                {tax},
		"КОНДИРИСКЕ":           {},
		"ОНДИРИСКЕ жана":       {leasing},
		"ӨНДІРІСКЕ ЖАҢА":       {leasing},
		"отчетностью":          {tax},
		"отче\u0308тностью":    {tax},
		"елка":                 {leasing},
		"кәсіпкерлерге тегін":  {legal},
		"kаsіpkerlerge":        {},
		"шыгындарын  \t өтеу ": {promotion},

		// Other forms of words; the whole phrase comes before its words.
		"заңды қызметтер":      {legal, promotion},
		"занды кызметтер":      {legal, promotion},
		"қызметтер заңды":      {promotion, legal},
		"заң":                  {legal, promotion, tax},
		"заңға":                {legal},
		"лизингтер":            {leasing},
		"лизингтің":            {leasing},
		"консультациями":       {legal, tax},
		"консультацией":        {legal, tax},
		"возмещению затратами": {promotion},
		"услугам юридическим":  {legal, promotion},
		"consultations":        {legal, tax},

		// A short stem in the middle of other words is no match, nor is one of words that only begin alike.
		"заны":  {legal},
		"казак": {promotion},
		"казах": {},
		"карты": {leasing},
		"карла": {},

		// Categories and providers.
		"налоговые услуги": {tax},
		"үлгі палатасы":    everything,
		"sample chamber":   everything,
		"legal services":   {legal, promotion},
		"мансапты":         {leasing},
	} {
		if diff := cmp.Diff(want, ids(s.find(nil, query))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

// TestFindRanks: the name before the description, words as they were typed before other forms, else by name.
func TestFindRanks(t *testing.T) {
	t.Parallel()
	of := func(en, name, description string) service.Content {
		return contentOf(text.Text{KK: name, RU: "х", EN: en}, text.Text{KK: description, RU: "х", EN: "x"}, 4)
	}
	s := shelf(
		of("7", "а", "гранттарды"),
		of("6", "а", "грант алу"),
		of("5", "а", "жаңа грант"),
		of("4", "гранттар", "жаңа"),
		of("3", "грант", "жаңа"),
		of("2", "б жаңа көк грант", "б"),
		of("1", "ә жаңа грант", "б"),
	)
	if diff := cmp.Diff([]string{"1", "5", "2", "3", "4"}, ids(s.find(nil, "жаңа грант"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5", "6", "7"}, ids(s.find(nil, "грант"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"4", "7", "1", "2", "3", "5", "6"}, ids(s.find(nil, "гранттар"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFindWithinACategory(t *testing.T) {
	t.Parallel()
	s := shelf(offered...)
	for category, want := range map[int][]string{
		1: {"Legal consultation", "Promotion costs", "Tax consultation"}, // with those below it
		2: {"Legal consultation"},
		3: {"Tax consultation"},
		4: {"Equipment leasing"},
	} {
		if diff := cmp.Diff(want, ids(s.find(withChildren(tree, id("category", category)), ""))); diff != "" {
			t.Errorf("category %d (-want +got):\n%s", category, diff)
		}
	}
	if diff := cmp.Diff([]string{"Legal consultation"}, ids(s.find(withChildren(tree, id("category", 2)), "консультация"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if unknown := withChildren(tree, "nothing"); unknown != nil {
		t.Errorf("the category nothing has %v", unknown)
	}
}

// TestAnyPartOfAWordFinds: whatever part of whatever word of a service is typed, however it is written, finds it; more
// words never find more.
func TestAnyPartOfAWordFinds(t *testing.T) {
	t.Parallel()
	s := shelf(offered...)
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(s.published).Draw(t, "service")
		part := func(label string) string {
			word := []rune(rapid.SampledFrom(wordsOf(o.search)).Draw(t, label))
			from := rapid.IntRange(0, len(word)-1).Draw(t, "from")
			return string(word[from:rapid.IntRange(from+1, len(word)).Draw(t, "to")])
		}
		one, two := part("first word"), part("second word")
		if rapid.Bool().Draw(t, "capitals") {
			one = strings.ToUpper(one)
		}
		found, both := ids(s.find(nil, one)), ids(s.find(nil, one+" "+two))
		if !slices.Contains(found, o.ID) || !slices.Contains(both, o.ID) {
			t.Fatalf("%q and %q are in %s, and found %v and %v", one, two, o.ID, found, both)
		}
		for _, other := range both {
			if !slices.Contains(found, other) {
				t.Fatalf("%q did not find %s, and %q with it did", one, other, two)
			}
		}
	})
}

func FuzzFind(f *testing.F) {
	s := shelf(offered...)
	for _, seed := range []string{"", "zzz", "заңды қызметтер", "\xff", "и\u0306", strings.Repeat("лар", 60), "\u0000 \u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if found := s.find(nil, query); len(found) > len(offered) {
			t.Errorf("%q found %d of %d services", query, len(found), len(offered))
		}
		for form := range forms(query) {
			if form != query && (utf8.RuneCountInString(form) < shortestStem || !strings.HasPrefix(query, form)) {
				t.Errorf("%q has the form %q", query, form)
			}
		}
	})
}

func TestForms(t *testing.T) {
	t.Parallel()
	for word, want := range map[string][]string{
		"кызметтери": {"кызмет", "кызметтер", "кызметтери"},
		"занды":      {"зан", "занд", "занды"},
		"услугам":    {"услуг", "услугам"},
		"services":   {"service", "services"},
		"зан":        {"зан"},
		"ая":         {"ая"},
		"":           {""},
	} {
		got := slices.Sorted(maps.Keys(forms(word)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", word, diff)
		}
	}
}
