package envelope

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// News is what of an application's thread is new to its applicant: as much of an Envelope as it takes to count that. It
// does not grow with the thread, only with what nobody reads, so it has a place in rows that are stored several times.
type News struct {
	Messages    int64 `bson:"messages,omitempty"`    // the applicant's Mark: messages with a lower revision are read
	Application int64 `bson:"application,omitempty"` // the application's events with a lower revision are read

	First  int64   `bson:"first,omitempty"`  // revision of the first new message, if there is one
	Since  string  `bson:"since,omitempty"`  // a letter for each message from the first new one to the last new one
	Events []int64 `bson:"events,omitempty"` // revisions of the application's events that are new
}

// The letters of Since.
const (
	isNew  = "n"
	isNone = "-" // a message of the applicant
)

// IsNews tells whether an event of the three streams may change what is new to the applicant.
func IsNews(event codec.Envelope) bool {
	switch happening := event.Event.(type) {
	case correspondence.MessagePosted:
		return happening.Side != correspondence.Applicant
	case correspondence.ThreadRead:
		return happening.Side == correspondence.Applicant
	default:
		return InThread(event.Event) && !byTheApplicant(event)
	}
}

// Apply takes one more event in, as Envelope.Apply does, and tells whether it changed anything. Marks of others are left out
// by the caller, who knows the applicant.
func (n *News) Apply(event codec.Envelope) (changed bool) {
	if !IsNews(event) {
		return false
	}
	switch happening := event.Event.(type) {
	case correspondence.MessagePosted:
		return n.message(event.Revision)
	case correspondence.ThreadRead:
		return n.read(happening.Messages, happening.Application)
	default:
		if event.Revision < n.Application {
			return false
		}
		n.Events = append(n.Events, event.Revision)
		return true
	}
}

func (n *News) message(revision int64) (changed bool) {
	if revision < n.Messages {
		return false
	}
	if n.Since == "" {
		n.First = revision
	}
	between := revision - n.First - int64(len(n.Since))
	if between < 0 {
		return false
	}
	n.Since += strings.Repeat(isNone, int(between)) + isNew
	return true
}

func (n *News) read(messages, events int64) (changed bool) {
	changed = messages > n.Messages || events > n.Application
	n.Messages, n.Application = max(n.Messages, messages), max(n.Application, events)
	if over := n.Messages - n.First; over > 0 && n.Since != "" {
		n.Since = n.Since[min(over, int64(len(n.Since))):]
		rest := strings.TrimLeft(n.Since, isNone)
		n.First, n.Since = n.Messages+int64(len(n.Since)-len(rest)), rest
	}
	if n.Since == "" {
		n.First = 0
	}
	n.Events = slices.DeleteFunc(n.Events, func(revision int64) bool { return revision < n.Application })
	if len(n.Events) == 0 {
		n.Events = nil
	}
	return changed
}

// Count is the number of items of the thread that are new to the applicant.
func (n *News) Count() int { return strings.Count(n.Since, isNew) + len(n.Events) }

// AppendFields writes the fields into a document that is being written, as the driver would.
func (n *News) AppendFields(dst []byte) []byte {
	dst = appendNumber(dst, "messages", n.Messages)
	dst = appendNumber(dst, "application", n.Application)
	dst = appendNumber(dst, "first", n.First)
	dst = stored.AppendText(dst, "since", n.Since)
	return appendIntegers(dst, "events", n.Events)
}

func appendNumber(dst []byte, key string, number int64) []byte {
	if number == 0 {
		return dst
	}
	return bsoncore.AppendInt64Element(dst, key, number)
}

// DecodeBSON reads what is stored, as the driver does, without its reflection. It shares no memory with the document.
func (n *News) DecodeBSON(body bson.Raw) error { return stored.Fields(body, n.set) }

func (n *News) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "messages":
		n.Messages, _ = v.AsInt64OK()
	case "application":
		n.Application, _ = v.AsInt64OK()
	case "first":
		n.First, _ = v.AsInt64OK()
	case "since":
		n.Since = stored.Text(v)
	case "events":
		n.Events, err = integers(v)
	}
	return err
}

// appendIntegers writes a list of numbers unless it is empty.
func appendIntegers(dst []byte, key string, list []int64) []byte {
	if len(list) == 0 {
		return dst
	}
	return readstore.AppendList(dst, key, list, func(dst []byte, key string, item *int64) []byte {
		return bsoncore.AppendInt64Element(dst, key, *item)
	})
}
