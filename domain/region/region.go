// Package region knows the regions of Kazakhstan: seventeen oblasts and three cities of republican significance. People
// write them as they like; figures name them by their codes.
package region

import (
	"slices"
	"strings"

	"services.example/portal/domain/text"
)

// Code is a region by ISO 3166-2, such as KZ-75. Empty: not known.
type Code string

// Unknown is the region of what names none, or none that is known.
const Unknown Code = ""

// Region is a region with its name.
type Region struct {
	Code Code
	Name text.Text

	stems []string // of which one is in what people write, folded
	named bool     // also something else is called so: only with a word for an oblast, or alone
}

// oblastWords tell that an oblast is meant, not a city or a person; folded.
var oblastWords = []string{"обл", "region", "oblast", "oblys"}

// regions in the order of their codes. Cities that share the name of an oblast come after it.
var regions = []Region{
	{"KZ-10", text.Text{KK: "Абай облысы", RU: "область Абай", EN: "Abai Region"}, []string{"абай", "абая", "abai", "abay"}, true},
	{"KZ-11", text.Text{KK: "Ақмола облысы", RU: "Акмолинская область", EN: "Akmola Region"}, []string{"акмол", "akmol"}, false},
	{"KZ-15", text.Text{KK: "Ақтөбе облысы", RU: "Актюбинская область", EN: "Aktobe Region"}, []string{"актоб", "актюб", "aktob", "aktub"}, false},
	{"KZ-19", text.Text{KK: "Алматы облысы", RU: "Алматинская область", EN: "Almaty Region"}, []string{"алматин", "алматы", "almaty"}, true},
	{"KZ-23", text.Text{KK: "Атырау облысы", RU: "Атырауская область", EN: "Atyrau Region"}, []string{"атырау", "atyrau"}, false},
	{"KZ-27", text.Text{KK: "Батыс Қазақстан облысы", RU: "Западно-Казахстанская область", EN: "West Kazakhstan Region"}, []string{"батыс каз", "западно-каз", "западно каз", "west kaz"}, false},
	{"KZ-31", text.Text{KK: "Жамбыл облысы", RU: "Жамбылская область", EN: "Zhambyl Region"}, []string{"жамбыл", "zhambyl", "jambyl"}, false},
	{"KZ-33", text.Text{KK: "Жетісу облысы", RU: "область Жетысу", EN: "Zhetisu Region"}, []string{"жетису", "жетысу", "zhetisu", "zhetysu", "jetisu"}, false},
	{"KZ-35", text.Text{KK: "Қарағанды облысы", RU: "Карагандинская область", EN: "Karaganda Region"}, []string{"караганд", "karagand", "qaragan"}, false},
	{"KZ-39", text.Text{KK: "Қостанай облысы", RU: "Костанайская область", EN: "Kostanay Region"}, []string{"костанай", "kostana", "qostana"}, false},
	{"KZ-43", text.Text{KK: "Қызылорда облысы", RU: "Кызылординская область", EN: "Kyzylorda Region"}, []string{"кызылорд", "kyzylord", "qyzylord"}, false},
	{"KZ-47", text.Text{KK: "Маңғыстау облысы", RU: "Мангистауская область", EN: "Mangystau Region"}, []string{"мангыстау", "мангистау", "mangystau", "mangistau"}, false},
	{"KZ-55", text.Text{KK: "Павлодар облысы", RU: "Павлодарская область", EN: "Pavlodar Region"}, []string{"павлодар", "pavlodar"}, false},
	{"KZ-59", text.Text{KK: "Солтүстік Қазақстан облысы", RU: "Северо-Казахстанская область", EN: "North Kazakhstan Region"}, []string{"солтустик каз", "северо-каз", "северо каз", "north kaz"}, false},
	{"KZ-61", text.Text{KK: "Түркістан облысы", RU: "Туркестанская область", EN: "Turkistan Region"}, []string{"туркистан", "туркестан", "turkistan", "turkestan"}, false},
	{"KZ-62", text.Text{KK: "Ұлытау облысы", RU: "область Улытау", EN: "Ulytau Region"}, []string{"улытау", "ulytau"}, false},
	{"KZ-63", text.Text{KK: "Шығыс Қазақстан облысы", RU: "Восточно-Казахстанская область", EN: "East Kazakhstan Region"}, []string{"шыгыс каз", "восточно-каз", "восточно каз", "east kaz"}, false},
	{"KZ-71", text.Text{KK: "Астана қаласы", RU: "город Астана", EN: "Astana"}, []string{"астана", "astana", "нур-султан", "nur-sultan"}, false},
	{"KZ-75", text.Text{KK: "Алматы қаласы", RU: "город Алматы", EN: "Almaty"}, []string{"алматы", "almaty"}, false},
	{"KZ-79", text.Text{KK: "Шымкент қаласы", RU: "город Шымкент", EN: "Shymkent"}, []string{"шымкент", "shymkent"}, false},
}

// All lists the regions in the order of their codes.
func All() []Region { return slices.Clone(regions) }

// Known tells whether there is such a region.
func (c Code) Known() bool {
	_, found := find(c)
	return found
}

// Name is what people call the region; in every language empty for an unknown one.
func (c Code) Name() text.Text {
	r, _ := find(c)
	return r.Name
}

func find(c Code) (Region, bool) {
	i, found := slices.BinarySearchFunc(regions, c, func(r Region, c Code) int { return strings.Compare(string(r.Code), string(c)) })
	if !found {
		return Region{}, false
	}
	return regions[i], true
}

// likeRussian spells Kazakh letters as those of the Russian alphabet that people write for them.
var likeRussian = strings.NewReplacer(
	"ә", "а", "ғ", "г", "қ", "к", "ң", "н", "ө", "о", "ұ", "у", "ү", "у", "һ", "х", "і", "и", "ё", "е", "–", "-", "‑", "-",
)

// mostWritten is how much of what was written is looked at, in bytes: no region has a longer name.
const mostWritten = 300

// names are the regions by what they are called, as forms that give a choice write it.
var names = func() map[string]Code {
	names := map[string]Code{}
	for _, r := range regions {
		for _, name := range []string{r.Name.KK, r.Name.RU, r.Name.EN} {
			names[name] = r.Code
		}
	}
	return names
}()

// Parse finds the region that somebody means: by its code, or by its name in any of the languages. Unknown, if it is none,
// or if it cannot be told which of several.
func Parse(written string) Code {
	if code, exact := names[written]; exact {
		return code
	}
	if len(written) > mostWritten {
		return Unknown
	}
	if code := Code(strings.ToUpper(strings.TrimSpace(written))); code.Known() {
		return code
	}
	folded := likeRussian.Replace(strings.ToLower(strings.Join(strings.Fields(written), " ")))
	oblast := slices.ContainsFunc(oblastWords, func(word string) bool { return strings.Contains(folded, word) })
	found := Unknown
	for _, r := range regions {
		if !r.meant(folded, oblast) {
			continue
		}
		if found != Unknown {
			if found == "KZ-19" && r.Code == "KZ-75" { // the oblast is meant: a word said so
				continue
			}
			return Unknown
		}
		found = r.Code
	}
	return found
}

func (r Region) meant(folded string, oblast bool) bool {
	for _, stem := range r.stems {
		if !strings.Contains(folded, stem) {
			continue
		}
		if !r.named || oblast || r.Code == "KZ-10" && folded == stem {
			return true
		}
	}
	return false
}
