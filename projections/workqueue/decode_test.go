package workqueue_test

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/stored/storedtest"
	"services.example/portal/projections/workqueue"
)

var drawnRow = rapid.Custom(func(t *rapid.T) workqueue.Row {
	word := func(label string) string { return rapid.String().Draw(t, label) }
	words := func(label string) []string { return rapid.SliceOf(rapid.String()).Draw(t, label) }
	moment := func(label string) *time.Time {
		return rapid.Ptr(rapid.Custom(func(t *rapid.T) time.Time {
			return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
		}), true).Draw(t, label)
	}
	return workqueue.Row{
		RunningNumber: rapid.Int64().Draw(t, "running"), Number: word("number"), Applicant: word("applicant"),
		ServiceID: word("service"), ServiceVersion: int(rapid.Int32().Draw(t, "version")), ProviderID: word("provider"),
		Standing: lifecycle.Standing{
			Status: word("status"), Outcome: word("outcome"), Decided: word("decided"), Unsigned: words("unsigned"),
			Executors: words("executors"), SubmittedAt: moment("submitted"), DueAt: moment("due"),
		},
		TermKind: service.TermKind(word("term kind")), DueSoonFor: moment("due soon for"), OverdueFor: moment("overdue for"),
		Waiting:    workqueue.Waiting{For: application.WaitingFor(word("waiting for")), Since: moment("since")},
		RemindedOf: words("reminded of"), Rated: rapid.Bool().Draw(t, "rated"),
		Envelope: envelope.Envelope{
			Items: word("items"), Statuses: rapid.SliceOf(rapid.Int64()).Draw(t, "statuses"),
			Marks: rapid.SliceOf(rapid.Make[envelope.Mark]()).Draw(t, "marks"),
		},
		Places: workqueue.Places{
			New: word("new"), Term: word("term"), Mine: words("mine"), Turn: moment("turn"), Unread: words("unread"), Due: moment("place due"),
		},
	}
})

func TestRowsAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	storedtest.AsTheDriver(t, drawnRow)
}

func TestNoFieldOfARowIsForgotten(t *testing.T) {
	t.Parallel()
	storedtest.NoFieldIsForgotten[workqueue.Row](t)
}

func FuzzDecodeRow(f *testing.F) {
	at := time.UnixMilli(1).UTC()
	body, err := bson.Marshal(workqueue.Row{
		Applicant: "a", Standing: lifecycle.Standing{Executors: []string{"b"}, DueAt: &at},
		Envelope: envelope.Envelope{Items: "oas", Statuses: []int64{3}, Marks: []envelope.Mark{{Reader: "b", Messages: 1}}},
		Places:   workqueue.Places{Mine: []string{"b"}, Turn: &at},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, body []byte) {
		var row workqueue.Row
		if row.DecodeBSON(body) == nil {
			row.Unread("b") // whatever it is, it is no panic
		}
	})
}
