package myapplications_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/projections/myapplications"
)

func TestRowsAreDecodedAsTheDriverDecodesThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
		})
		row := myapplications.Row{
			Applicant: rapid.String().Draw(t, "applicant"), RunningNumber: rapid.Int64().Draw(t, "running"),
			Number: rapid.String().Draw(t, "number"), ServiceID: rapid.String().Draw(t, "service"),
			ServiceVersion: int(rapid.Int32().Draw(t, "version")), Status: rapid.String().Draw(t, "status"),
			StartedAt: moment.Draw(t, "started"), SubmittedAt: rapid.Ptr(moment, true).Draw(t, "submitted"),
			DueAt: rapid.Ptr(moment, true).Draw(t, "due"), TermKind: service.TermKind(rapid.String().Draw(t, "kind")),
			Executors: rapid.SliceOf(rapid.String()).Draw(t, "executors"),
		}
		body, err := bson.Marshal(row)
		if err != nil {
			t.Skip("the driver does not store it")
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
	})
}

func FuzzDecodeRow(f *testing.F) {
	body, err := bson.Marshal(myapplications.Row{Applicant: "a", Executors: []string{"b"}})
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
