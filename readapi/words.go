package readapi

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// vocabulary is the words of a text and their other forms.
type vocabulary struct {
	words map[string]bool // as they stand in the text
	forms map[string]bool // also without their endings
}

func newVocabulary(text string) vocabulary {
	v := vocabulary{words: map[string]bool{}, forms: map[string]bool{}}
	for _, word := range wordsOf(text) {
		if v.words[word] {
			continue
		}
		v.words[word] = true
		for form := range forms(word) {
			v.forms[form] = true
		}
	}
	return v
}

// hold tells whether the text has another form of a word: both are the same without their endings. A stem as short as
// «заң» is in too many words to be trusted, and must be a word of the text itself.
func (v vocabulary) hold(asked askedWord) bool {
	for form := range asked.forms {
		if v.words[form] || v.forms[form] && utf8.RuneCountInString(form) > shortestStem {
			return true
		}
	}
	return false
}

// wordsOf splits a text where there is neither letter nor digit.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// endings are frequent endings of Kazakh, Russian and English nouns and adjectives, as Fold leaves them.
var endings = []string{
	"лардын", "лердин", "тардын", "тердин", "дардын", "дердин",
	"ларды", "лерди", "тарды", "терди", "дарды", "дерди", "ларга", "лерге", "тарга", "терге", "дарга", "дерге", "ларын", "лерин",
	"тер", "тар", "лер", "лар", "дер", "дар", "нын", "нин", "дын", "дин", "тын", "тин", "лык", "лик", "дык", "дик", "тык", "тик",
	"дан", "ден", "тан", "тен", "нан", "нен", "мен", "бен", "пен", "ами", "ями", "ого", "его", "ому", "ему", "ыми", "ими",
	"ды", "ди", "ты", "ти", "ны", "ни", "га", "ге", "ка", "ке", "да", "де", "та", "те", "сы", "си",
	"ая", "яя", "ое", "ее", "ые", "ие", "ый", "ий", "ой", "ей", "ую", "юю", "ых", "их", "ов", "ев", "ам", "ям", "ах", "ях",
	"ом", "ем", "ою", "ею", "ия", "ию", "ии",
	"ы", "и", "а", "я", "у", "ю", "е", "о", "ь", "s",
}

// shortestStem is how many letters a stem has at least.
const shortestStem = 3

// forms returns a word and what is left of it without one ending or two, so that «заңды» finds «заң», «қызметтері» finds
// «қызмет» and «услугам» finds «услуги».
func forms(word string) map[string]bool {
	all := map[string]bool{word: true}
	for _, one := range stems(word) {
		all[one] = true
		for _, two := range stems(one) {
			all[two] = true
		}
	}
	return all
}

func stems(word string) []string {
	var found []string
	for _, ending := range endings {
		if rest, cut := strings.CutSuffix(word, ending); cut && utf8.RuneCountInString(rest) >= shortestStem {
			found = append(found, rest)
		}
	}
	return found
}
