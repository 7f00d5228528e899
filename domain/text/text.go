// Package text holds words for people in the portal's three languages.
package text

// Language is a language of the portal, as a BCP 47 tag.
type Language string

// The portal's languages. Kazakh is the default.
const (
	Kazakh  Language = "kk"
	Russian Language = "ru"
	English Language = "en"
)

// Languages lists all of them, the default first.
var Languages = []Language{Kazakh, Russian, English}

// Known tells whether l is a language of the portal.
func (l Language) Known() bool { return l == Kazakh || l == Russian || l == English }

// Text is a text of the catalogue in three languages.
type Text struct {
	KK string `json:"kk" bson:"kk" yaml:"kk"`
	RU string `json:"ru" bson:"ru" yaml:"ru"`
	EN string `json:"en" bson:"en" yaml:"en"`
}

// In returns the text in a language; where it has none, in the first language that it has.
func (t Text) In(l Language) string {
	switch {
	case l == Russian && t.RU != "":
		return t.RU
	case l == English && t.EN != "":
		return t.EN
	case t.KK != "":
		return t.KK
	case t.RU != "":
		return t.RU
	default:
		return t.EN
	}
}

// Complete tells whether the text exists in every language.
func (t Text) Complete() bool { return t.KK != "" && t.RU != "" && t.EN != "" }
