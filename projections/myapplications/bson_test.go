package myapplications_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/stored/storedtest"
)

// drawn is a row with anything in it.
func drawn(t *rapid.T) myapplications.Row {
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
	})
	return myapplications.Row{
		Applicant: rapid.String().Draw(t, "applicant"), RunningNumber: rapid.Int64().Draw(t, "running"),
		Number: rapid.String().Draw(t, "number"), ServiceID: rapid.String().Draw(t, "service"),
		ServiceVersion: int(rapid.Int32().Draw(t, "version")),
		Standing: lifecycle.Standing{
			Status: rapid.String().Draw(t, "status"), Outcome: rapid.String().Draw(t, "outcome"),
			Decided: rapid.String().Draw(t, "decided"), Unsigned: rapid.SliceOf(rapid.String()).Draw(t, "unsigned"),
			Executors:   rapid.SliceOf(rapid.String()).Draw(t, "executors"),
			SubmittedAt: rapid.Ptr(moment, true).Draw(t, "submitted"), DueAt: rapid.Ptr(moment, true).Draw(t, "due"),
		},
		StartedAt: moment.Draw(t, "started"), TermKind: service.TermKind(rapid.String().Draw(t, "kind")),
		Unread: rapid.Int().Draw(t, "unread"), UnreadOf: rapid.String().Draw(t, "unread of"),
		RefusedOf: rapid.String().Draw(t, "refused of"),
		News:      rapid.Make[envelope.News]().Draw(t, "news"),
	}
}

func TestRowsAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	storedtest.AsTheDriver(t, rapid.Custom(drawn))
}

func TestNoFieldOfARowIsForgotten(t *testing.T) {
	t.Parallel()
	storedtest.NoFieldIsForgotten[myapplications.Row](t)
}

// What is read for lists is the row without its news.
func TestALineIsARowWithoutItsNews(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		row := drawn(t)
		body := row.AppendBSON(nil)
		var want myapplications.Row
		if err := want.DecodeBSON(body); err != nil {
			t.Fatal(err)
		}
		want.News = envelope.News{}
		var line myapplications.Line
		if err := line.DecodeBSON(body); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, line.Row); diff != "" {
			t.Errorf("decoded otherwise for a list:\n%s", diff)
		}
	})
}

func FuzzDecodeRow(f *testing.F) {
	body, err := bson.Marshal(myapplications.Row{
		Applicant: "a", Standing: lifecycle.Standing{Executors: []string{"b"}},
		News: envelope.News{Messages: 1, First: 1, Since: "n-n", Events: []int64{3}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, body []byte) {
		var row myapplications.Row
		_ = row.DecodeBSON(body) // whatever it is, it is no panic
	})
}
