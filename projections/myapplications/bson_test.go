package myapplications_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/myapplications"
)

func TestRowsAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
		})
		row := myapplications.Row{
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
		body, err := bson.Marshal(row)
		if err != nil {
			t.Skip("the driver does not store it")
		}
		if written := row.AppendBSON([]byte("before")); !bytes.Equal(written, append([]byte("before"), body...)) {
			t.Fatalf("written as\n%v, by the driver as\n%v", bson.Raw(written[len("before"):]), bson.Raw(body))
		}
		var want, got myapplications.Row
		if err := bson.Unmarshal(body, &want); err != nil {
			t.Fatal(err)
		}
		if err := got.DecodeBSON(body); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("decoded otherwise than by the driver:\n%s", diff)
		}
		var line myapplications.Line
		if err := line.DecodeBSON(body); err != nil {
			t.Fatal(err)
		}
		want.News = envelope.News{}
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
