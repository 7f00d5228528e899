// Package sentences says in three languages what a stored event means, for people who read history: auditors, and those
// who are given a case as a file.
//
// What is said follows from the event alone, never from what the portal knows by now: the same event says the same for ever.
package sentences

import (
	_ "embed"
	"fmt"
	"reflect"
	"sync"

	"github.com/goccy/go-yaml"

	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
)

//go:embed sentences.yaml
var bookFile []byte

// book is all sentences, made ready for the events that the portal stores.
type book struct {
	actors map[string]text.Text
	events map[reflect.Type]map[text.Language]sentence
}

// written is the book as it is in the file.
type written struct {
	Actors map[string]text.Text            `yaml:"actors"`
	Events map[string]text.Text            `yaml:"events"` // by stored name
	Words  map[string]map[string]text.Text `yaml:"words"`  // by member and value
}

var theBook = sync.OnceValue(func() *book {
	b, err := read(bookFile, aggregates.All())
	if err != nil {
		panic("sentences.yaml: " + err.Error()) // embedded: cannot happen in a binary whose tests passed
	}
	return b
})

// read makes the book of a file. Error: a sentence that is of no event, or does not fit its event.
func read(file []byte, all []codec.Aggregate) (*book, error) {
	var from written
	if err := yaml.UnmarshalWithOptions(file, &from, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the sentences: %w", err)
	}
	b := &book{actors: from.Actors, events: map[reflect.Type]map[text.Language]sentence{}}
	types := map[string]reflect.Type{}
	for _, aggregate := range all {
		for name, event := range aggregate.Types {
			types[name] = reflect.TypeOf(event)
		}
	}
	for name, words := range from.Events {
		event, known := types[name]
		if !known {
			return nil, fmt.Errorf("%s is no event that is stored", name)
		}
		in := map[text.Language]sentence{}
		for _, l := range text.Languages {
			parsed, err := parse(words.In(l), event, l, from.Words)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", name, l, err)
			}
			in[l] = parsed
		}
		b.events[event] = in
	}
	return b, nil
}

// Of says who did what, by an event and its metadata: «Applicant: the application was sent; …». What is erased, or was
// not decoded because the reader may not see it, is left out. An event without a sentence, which a test does not allow, is
// called by its stored name.
func Of(event codec.Envelope) text.Text {
	b := theBook()
	actor := b.actor(event.Meta)
	said, known := b.events[reflect.TypeOf(event.Event)]
	if !known {
		return text.Text{KK: actor.KK + ": " + event.Type, RU: actor.RU + ": " + event.Type, EN: actor.EN + ": " + event.Type}
	}
	value := reflect.ValueOf(event.Event)
	return text.Text{
		KK: said[text.Kazakh].say(actor.KK, value), RU: said[text.Russian].say(actor.RU, value), EN: said[text.English].say(actor.EN, value),
	}
}

// actor words who did something.
func (b *book) actor(meta codec.Metadata) text.Text {
	role := meta.Role
	switch {
	case role == "" && meta.Actor == "":
		role = "nobody"
	case role == "":
		role = "signed-in"
	}
	if words, known := b.actors[role]; known {
		return words
	}
	return text.Text{KK: role, RU: role, EN: role}
}

var unreadable = text.Text{
	KK: "Бұл оқиғаны порталдың осы нұсқасы оқи алмайды",
	RU: "Это событие не может быть прочитано этой версией портала",
	EN: "This event cannot be read by this version of the portal",
}

// Unreadable says that an event cannot be decoded.
func Unreadable() text.Text { return unreadable }
