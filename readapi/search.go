package readapi

import (
	"cmp"
	"slices"
	"strings"

	"services.example/portal/projections/servicecatalogue"
)

// add puts a service into a snapshot that is being made.
func (s *snapshot) add(o *offer) {
	provider := s.providers[o.ProviderID]
	o.title = servicecatalogue.Fold(strings.Join([]string{o.Name.KK, o.Name.RU, o.Name.EN}, "\n"))
	names := []string{provider.Name.KK, provider.Name.RU, provider.Name.EN}
	if path := pathTo(s.tree, o.CategoryID); len(path) > 0 {
		own := path[len(path)-1].Name
		names = append(names, own.KK, own.RU, own.EN)
	}
	o.search = o.Search + "\n" + servicecatalogue.Fold(strings.Join(names, "\n"))
	for _, v := range o.Versions {
		named := namedOffer{ID: o.ID, Name: v.Name}
		named.written = appendNamed(nil, named)
		o.named = append(o.named, namedVersion{version: v.Version, namedOffer: named})
	}
	s.services[o.ID] = o
	if o.Published {
		s.published = append(s.published, o)
	}
}

func (s *snapshot) sort() {
	slices.SortFunc(s.published, func(a, b *offer) int { return cmp.Or(cmp.Compare(a.title, b.title), cmp.Compare(a.ID, b.ID)) })
}

// find returns the published services of a category and its subcategories (empty: all) that hold every word of the
// query, or a part of a word; best first. Where no service holds a word as it was typed, its stem is looked for.
func (s *snapshot) find(category map[string]bool, query string) []*offer {
	words := strings.Fields(servicecatalogue.Fold(query))
	candidates := make([]*offer, 0, len(s.published))
	for _, o := range s.published {
		if category == nil || category[o.CategoryID] {
			candidates = append(candidates, o)
		}
	}
	for _, word := range words {
		candidates = holding(candidates, word)
	}
	if len(words) > 0 {
		slices.SortStableFunc(candidates, func(a, b *offer) int { return cmp.Compare(rank(a, words), rank(b, words)) })
	}
	return candidates
}

// holding keeps the services that hold a word, else those that hold its stem.
func holding(offers []*offer, word string) []*offer {
	for _, form := range []string{word, stem(word)} {
		var found []*offer
		for _, o := range offers {
			if strings.Contains(o.search, form) {
				found = append(found, o)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// rank is lower for a better match: words in the name before words in the description.
func rank(o *offer, words []string) int {
	missing := 0
	for _, word := range words {
		if !strings.Contains(o.title, word) {
			missing++
		}
	}
	return missing
}

// endings are frequent endings of Kazakh and Russian nouns and adjectives, folded, longest first.
var endings = []string{
	"лардын", "лерди", "ларды", "лерге", "ларга", "тарды", "терди", "дарды", "дерди",
	"тарга", "терге", "дарга", "дерге", "ларын", "лерин",
	"тер", "тар", "лер", "лар", "дер", "дар", "нын", "нин", "дын", "дин", "тын", "тин", "лык", "лик", "дык", "дик",
	"дан", "ден", "тан", "тен", "нан", "нен", "мен", "бен", "пен", "ами", "ями", "ого", "его", "ому", "ему", "ыми", "ими",
	"ды", "ди", "ты", "ти", "ны", "ни", "га", "ге", "ка", "ке", "да", "де", "та", "те", "сы", "си",
	"ая", "яя", "ое", "ее", "ые", "ие", "ый", "ий", "ой", "ей", "ую", "юю", "ых", "их", "ов", "ев", "ам", "ям", "ах", "ях",
	"ом", "ем", "ою", "ею", "ия", "ию", "ии",
	"ы", "и", "а", "я", "у", "ю", "е", "о", "ь", "s",
}

// shortestStem is how many letters a stem has at least.
const shortestStem = 3

// stem takes one ending off a word, so that «заңды» finds «заң» and «услугам» finds «услуги».
func stem(word string) string {
	for _, ending := range endings {
		if rest, found := strings.CutSuffix(word, ending); found && len([]rune(rest)) >= shortestStem {
			return rest
		}
	}
	return word
}
