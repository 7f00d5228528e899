package envelope_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/stored/storedtest"
)

const (
	applicant = "the applicant"
	executor  = "an executor"
	operator  = "an operator"
)

// told is an item of a thread as a naive model remembers it: all there is to say of it, once more for each item.
type told struct {
	message     bool
	revision    int64
	byApplicant bool
}

// naive is the thread and the marks, kept in the simplest way.
type naive struct {
	items []told
	marks map[string][]envelope.Mark // all that were ever set
}

// read tells whether a reader has ever marked an item as read.
func (n *naive) read(reader string, item told) bool {
	return slices.ContainsFunc(n.marks[reader], func(m envelope.Mark) bool {
		if item.message {
			return item.revision < m.Messages
		}
		return item.revision < m.Application
	})
}

func (n *naive) unread(reader string, side correspondence.Side) (count int) {
	for _, item := range n.items {
		if item.byApplicant != (side == correspondence.Applicant) && !n.read(reader, item) {
			count++
		}
	}
	return count
}

// history draws what happens to an application, one event after another, and keeps the naive model beside the envelope.
type history struct {
	naive
	envelope  envelope.Envelope
	news      envelope.News    // of the applicant
	revisions map[string]int64 // the next of each stream
}

func newHistory() *history {
	return &history{naive: naive{marks: map[string][]envelope.Mark{}}, revisions: map[string]int64{}}
}

// happens applies an event in a stream, caused by somebody, and tells at which revision.
func (h *history) happens(stream, actor string, event any) (revision int64, changed bool) {
	revision = h.revisions[stream]
	h.revisions[stream]++
	happened := codec.Envelope{
		Stream: stream + "x-1", Revision: revision, Event: event, Meta: codec.Metadata{Actor: actor, Subject: applicant},
	}
	if mark, is := event.(correspondence.ThreadRead); !is || mark.Reader == applicant {
		h.news.Apply(happened)
	}
	return revision, h.envelope.Apply(happened)
}

var inThread = []any{
	application.Submitted{},
	application.Resubmitted{},
	application.Withdrawn{},
	application.ExecutorAssigned{},
	application.ExecutorRemoved{},
	application.TakenIntoWork{},
	application.ReturnedForCompletion{},
	application.ResponseIssued{},
	application.DecidedPositive{},
	application.RefusalIssued{},
	application.DocumentIssued{},
	application.DocumentSigned{},
	application.QuestionnaireAnswered{},
	application.ApplicationCompleted{},
	application.DueDateMoved{},
	application.ApplicantReminded{},
}

var besideThread = []any{
	application.StepSaved{}, application.FileAttached{}, application.FileUploaded{}, application.DueSoon{}, application.Overdue{},
}

func (h *history) draw(t *rapid.T) {
	person := rapid.SampledFrom([]string{applicant, executor, operator}).Draw(t, "who")
	side := correspondence.Staff
	if person == applicant {
		side = correspondence.Applicant
	}
	switch rapid.SampledFrom([]string{"message", "status", "other", "reading"}).Draw(t, "what") {
	case "message":
		revision, _ := h.happens(envelope.Correspondence, person, correspondence.MessagePosted{Author: person, Side: side})
		h.items = append(h.items, told{message: true, revision: revision, byApplicant: person == applicant})
	case "status":
		actor := rapid.SampledFrom([]string{applicant, executor, ""}).Draw(t, "actor")
		revision, _ := h.happens(envelope.Applications, actor, rapid.SampledFrom(inThread).Draw(t, "event"))
		h.items = append(h.items, told{revision: revision, byApplicant: actor == applicant})
	case "other":
		if _, changed := h.happens(envelope.Applications, person, rapid.SampledFrom(besideThread).Draw(t, "event")); changed {
			t.Errorf("what is no item of the thread changed the envelope")
		}
	case "reading":
		mark := envelope.Mark{
			Messages:    rapid.Int64Range(-1, h.revisions[envelope.Correspondence]).Draw(t, "messages"),
			Application: rapid.Int64Range(-1, h.revisions[envelope.Applications]).Draw(t, "application"),
		}
		before := h.unread(person, side)
		h.marks[person] = append(h.marks[person], mark)
		_, changed := h.happens(envelope.Readings, person, correspondence.ThreadRead{
			Reader: person, Side: side, Messages: mark.Messages, Application: mark.Application,
		})
		if after := h.envelope.Unread(person, side); after > before || after < before && !changed {
			t.Errorf("reading took the unread from %d to %d, changed: %t", before, after, changed)
		}
	}
}

// Whatever happens: what is unread is what the naive model counts, and no reading makes it more.
func TestTheEnvelopeCountsWhatNobodyOfTheSideHasRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			h.draw(t)
		}
		got, want := map[string]int{}, map[string]int{}
		for _, reader := range []string{applicant, executor, operator, "who never reads"} {
			side := correspondence.Staff
			if reader == applicant {
				side = correspondence.Applicant
			}
			got[reader], want[reader] = h.envelope.Unread(reader, side), h.unread(reader, side)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unread (-want +got):\n%s", diff)
		}
		var items []told
		for item := range h.envelope.Thread() {
			if item.Number != len(items)+1 {
				t.Errorf("item %d has the number %d", len(items)+1, item.Number)
			}
			items = append(items, told{message: item.Message, revision: item.Revision, byApplicant: item.ByApplicant})
		}
		if diff := cmp.Diff(h.items, items, cmp.AllowUnexported(told{})); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// To mark a number as read is to have read the items up to it, and no other.
func TestAPlaceIsTheMarkOfAllItemsUpToIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			h.draw(t)
		}
		number := rapid.IntRange(-2, h.envelope.Len()+2).Draw(t, "number")
		messages, events, ok := h.envelope.Place(number)
		if want := number >= 0 && number <= len(h.items); ok != want {
			t.Fatalf("%d of %d is a place: %t", number, len(h.items), ok)
		}
		if !ok {
			return
		}
		const reader = "a newcomer"
		h.happens(envelope.Readings, reader, correspondence.ThreadRead{
			Reader: reader, Side: correspondence.Staff, Messages: messages, Application: events,
		})
		want, got := []bool{}, []bool{}
		for i, item := range h.items {
			want = append(want, i >= number && item.byApplicant)
		}
		for item := range h.envelope.Thread() {
			got = append(got, item.Unread(correspondence.Staff, h.envelope.MarkOf(reader)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("read up to %d, unread (-want +got):\n%s", number, diff)
		}
	})
}

func TestEnvelopesAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	storedtest.PartAsTheDriver(t, rapid.Make[envelope.Envelope]())
}

// The applicant's news is what the whole envelope counts for the applicant, whatever happens.
func TestTheNewsIsWhatTheEnvelopeCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			h.draw(t)
			if want, got := h.unread(applicant, correspondence.Applicant), h.news.Count(); got != want {
				t.Fatalf("%d are new, want %d: %+v", got, want, h.news)
			}
		}
	})
}

// What was read leaves nothing behind, and what the applicant writes takes no room.
func TestTheNewsDoesNotGrowWithTheThread(t *testing.T) {
	t.Parallel()
	h := newHistory()
	for range 3 {
		h.happens(envelope.Correspondence, applicant, correspondence.MessagePosted{Side: correspondence.Applicant})
	}
	want := envelope.News{}
	if diff := cmp.Diff(want, h.news); diff != "" {
		t.Errorf("after messages of one's own (-want +got):\n%s", diff)
	}
	h.happens(envelope.Correspondence, executor, correspondence.MessagePosted{Side: correspondence.Staff})
	h.happens(envelope.Correspondence, applicant, correspondence.MessagePosted{Side: correspondence.Applicant})
	h.happens(envelope.Correspondence, executor, correspondence.MessagePosted{Side: correspondence.Staff})
	h.happens(envelope.Applications, executor, application.TakenIntoWork{})
	want = envelope.News{First: 3, Since: "n-n", Events: []int64{0}}
	if diff := cmp.Diff(want, h.news); diff != "" {
		t.Errorf("after answers (-want +got):\n%s", diff)
	}
	h.happens(envelope.Readings, applicant, correspondence.ThreadRead{Reader: applicant, Side: correspondence.Applicant, Messages: 4})
	want = envelope.News{Messages: 4, First: 5, Since: "n", Events: []int64{0}}
	if diff := cmp.Diff(want, h.news); diff != "" {
		t.Errorf("after the first answer was read (-want +got):\n%s", diff)
	}
	h.happens(envelope.Readings, applicant, correspondence.ThreadRead{
		Reader: applicant, Side: correspondence.Applicant, Messages: 6, Application: 1,
	})
	want = envelope.News{Messages: 6, Application: 1}
	if diff := cmp.Diff(want, h.news); diff != "" {
		t.Errorf("after all was read (-want +got):\n%s", diff)
	}
}

func TestNewsIsStoredAsTheDriverStoresIt(t *testing.T) {
	t.Parallel()
	storedtest.PartAsTheDriver(t, rapid.Make[envelope.News]())
}

func FuzzDecodeEnvelope(f *testing.F) {
	body, err := bson.Marshal(envelope.Envelope{Items: "oeas", Statuses: []int64{1, 4}, Marks: []envelope.Mark{{Reader: "a", Messages: 1}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, body []byte) {
		var e envelope.Envelope
		if e.DecodeBSON(body) != nil {
			return
		}
		for number := range min(e.Len(), 1000) + 2 { // whatever it is, it is no panic
			e.Place(number)
		}
		e.Unread("a", correspondence.Staff)
	})
}

func TestWhoseEnvelopeAStreamChanges(t *testing.T) {
	t.Parallel()
	for stream, want := range map[string]string{
		"application-1-2": "1-2", "correspondence-1-2": "1-2", "reading-1-2": "1-2", "note-1-2": "", "account-1": "", "": "",
	} {
		if got := envelope.ApplicationOf(stream); got != want {
			t.Errorf("%q: %q, want %q", stream, got, want)
		}
	}
}

func ExampleEnvelope_Place() {
	e := envelope.Envelope{Items: "oas", Statuses: []int64{7}} // sent, a question, an answer
	for number := range 4 {
		messages, events, ok := e.Place(number)
		fmt.Println(number, messages, events, ok)
	}
	// Output:
	// 0 0 0 true
	// 1 0 8 true
	// 2 1 8 true
	// 3 2 8 true
}
