package thread_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"services.example/portal/domain/correspondence"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/stored/storedtest"
	"services.example/portal/projections/thread"
)

var moment = rapid.Custom(func(t *rapid.T) time.Time {
	ns := rapid.Int64Range(0, 999_999_999).Draw(t, "ns") // finer than what is stored
	return time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "s"), ns).UTC()
})

// drawn is a document with anything in it, lists and times that are absent among it.
var drawn = rapid.Custom(func(t *rapid.T) thread.Document {
	words := rapid.String()
	status := rapid.Custom(func(t *rapid.T) thread.Status {
		return thread.Status{At: moment.Draw(t, "at"), Actor: words.Draw(t, "actor"), Line: lifecycle.Line{
			What: words.Draw(t, "what"), Step: words.Draw(t, "step"), Person: words.Draw(t, "person"), Detail: words.Draw(t, "detail"),
			Document: words.Draw(t, "document"), DueAt: rapid.Ptr(moment, true).Draw(t, "due"),
		}}
	})
	head := rapid.Custom(func(t *rapid.T) thread.Head {
		return thread.Head{
			ProviderID: words.Draw(t, "provider"), ServiceID: words.Draw(t, "service"),
			Statuses: rapid.OneOf(rapid.Just([]thread.Status(nil)), rapid.SliceOf(status)).Draw(t, "statuses"),
			Files:    rapid.SliceOf(words).Draw(t, "files"),
		}
	})
	message := rapid.Custom(func(t *rapid.T) thread.Message {
		return thread.Message{
			Applicant: words.Draw(t, "applicant"), ID: words.Draw(t, "id"), At: moment.Draw(t, "at"), Author: words.Draw(t, "author"),
			Side: correspondence.Side(words.Draw(t, "side")), Notice: rapid.Bool().Draw(t, "notice"), Text: words.Draw(t, "text"),
			Files: rapid.SliceOf(rapid.Make[thread.File]()).Draw(t, "files"),
		}
	})
	return thread.Document{
		Applicant: words.Draw(t, "applicant"),
		Head:      rapid.Ptr(head, true).Draw(t, "head"), Message: rapid.Ptr(message, true).Draw(t, "message"),
	}
})

func TestThreadsAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	storedtest.AsTheDriver(t, drawn)
}

func TestNoFieldOfAThreadIsForgotten(t *testing.T) {
	t.Parallel()
	storedtest.NoFieldIsForgotten[thread.Document](t)
}

func FuzzDecodeThread(f *testing.F) {
	due := time.UnixMilli(1)
	head := thread.Document{Applicant: "a", Head: &thread.Head{
		Statuses: []thread.Status{{Line: lifecycle.Line{DueAt: &due}}},
		Files:    []string{"f"},
	}}
	message := thread.Document{Message: &thread.Message{Applicant: "a", ID: "m", Files: []thread.File{{ID: "f"}}}}
	f.Add(head.AppendBSON(nil))
	f.Add(message.AppendBSON(nil))
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		var doc, again thread.Document
		if doc.DecodeBSON(body) != nil { // whatever it is, it is no panic
			return
		}
		if err := again.DecodeBSON(doc.AppendBSON(nil)); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}
