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
	o.titleWords, o.words = newVocabulary(o.title), newVocabulary(o.search)
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

// find returns the published services of a category and its subcategories (nil: all) that hold every word of the query,
// a part of a word, or another form of it; best first. A query without a single word finds nothing, an empty one all.
func (s *snapshot) find(category map[string]bool, query string) []*offer {
	asked := newQuery(query)
	if len(asked.words) == 0 && strings.TrimSpace(query) != "" {
		return nil
	}
	var hits []hit
	for _, o := range s.published {
		if category != nil && !category[o.CategoryID] {
			continue
		}
		if h, found := asked.match(o); found {
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.phrase, b.phrase), cmp.Compare(a.words, b.words)) })
	found := make([]*offer, len(hits))
	for i, h := range hits {
		found[i] = h.offer
	}
	return found
}

// query is what is searched for.
type query struct {
	phrase string // all words, as they were typed but for what Fold does
	words  []askedWord
}

type askedWord struct {
	word  string
	forms map[string]bool
}

func newQuery(text string) query {
	words := wordsOf(servicecatalogue.Fold(text))
	q := query{phrase: strings.Join(words, " ")}
	for _, word := range words {
		q.words = append(q.words, askedWord{word: word, forms: forms(word)})
	}
	return q
}

// hit is a service that was found. The lower its figures, the better it fits.
type hit struct {
	*offer
	phrase int // 0: the name holds the whole query, 1: the rest does, 2: neither
	words  int // sum over the words
}

// match tells whether a service holds every word, and how well. Words in the name count before words elsewhere, and words
// as they were typed before other forms of them.
func (q query) match(o *offer) (hit, bool) {
	h := hit{offer: o, phrase: 2}
	switch {
	case strings.Contains(o.title, q.phrase):
		h.phrase = 0
	case strings.Contains(o.search, q.phrase):
		h.phrase = 1
	}
	for _, w := range q.words {
		switch {
		case strings.Contains(o.title, w.word):
		case o.titleWords.hold(w):
			h.words++
		case strings.Contains(o.search, w.word):
			h.words += 2
		case o.words.hold(w):
			h.words += 3
		default:
			return hit{}, false
		}
	}
	return h, true
}
