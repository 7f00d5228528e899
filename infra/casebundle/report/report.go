// Package report writes what is told of a case for people to read: as one HTML page and as PDF, in any of the portal's
// languages. Both hold the same words in the same order, need nothing from outside, and are the same bytes whenever they are
// written of the same words.
package report

import (
	"time"

	"services.example/portal/domain/text"
)

// Document is what is to be read. All texts are plain: nothing in them is HTML, whatever it looks like.
type Document struct {
	Language text.Language
	Title    string
	Lead     []string // paragraphs under the title
	Facts    []Fact
	Sections []Section
	Foot     string    // on every page
	At       time.Time // of which the report is
}

// Fact is a thing that has a name, and what it is.
type Fact struct{ Label, Value string }

// Section is a part of the report with a heading.
type Section struct {
	Title   string
	Lead    string // what the part is, in a sentence
	Facts   []Fact
	Entries []Entry
	Empty   string // what is said if there is neither fact nor entry
}

// Entry is one thing that happened or was said.
type Entry struct {
	Mark  string // a short number or name before it
	When  string
	Who   string
	Text  string // what happened, in a sentence
	Quote string // what somebody wrote, with its line breaks
	Facts []Fact
}
