package workqueue_test

import (
	"testing"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/workqueue"
)

// BenchmarkRow is what an event costs whose row is not in memory: reading, folding and writing it.
func BenchmarkRow(b *testing.B) {
	history := history{}.applicant(stream, started, submitted)
	for range 100 {
		history = history.applicant(thread, question).staff(thread, answer)
	}
	var row *workqueue.Row
	for _, event := range history.History {
		row = workqueue.Model.Fold(row, id, event)
	}
	body, err := readstore.Encode(row)
	if err != nil {
		b.Fatal(err)
	}
	event := history.History[2]
	b.ReportAllocs()
	for b.Loop() {
		row := new(workqueue.Row)
		if err := readstore.Decode(body, row); err != nil {
			b.Fatal(err)
		}
		if _, err := readstore.Encode(workqueue.Model.Fold(row, id, event)); err != nil {
			b.Fatal(err)
		}
	}
}
