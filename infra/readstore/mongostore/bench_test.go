package mongostore

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// benchRecord is about the size of an application in a list, in a collection with two indexes.
func benchRecord(b *testing.B) (record, []*index) {
	b.Helper()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	body, err := bson.Marshal(bson.D{
		{Key: "applicant", Value: "5f0c7a52-7c3e-5b0e-9a51-3f1f6f1f0d11"},
		{Key: "runningNumber", Value: int64(2065)},
		{Key: "number", Value: "2065-15-11-18"},
		{Key: "serviceId", Value: "legal-consultation"},
		{Key: "serviceVersion", Value: int32(3)},
		{Key: "status", Value: "sent"},
		{Key: "startedAt", Value: at},
		{Key: "submittedAt", Value: at},
		{Key: "dueAt", Value: nil},
		{Key: "termKind", Value: "working-days"},
		{Key: "executors", Value: bson.A{"5f0c7a52-7c3e-5b0e-9a51-3f1f6f1f0d12"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	applicant, number := readstore.Field{Path: "applicant"}, readstore.Field{Path: "runningNumber", Desc: true}
	return record{id: "0196b4f2-4a7e-7a51-9d3c-1f2e3d4c5b6a", seen: eventstore.Position{Commit: 7, Prepare: 7}, body: body}, []*index{
		newIndex(readstore.Index{Name: "by applicant", Fields: []readstore.Field{applicant, number}}, true),
		newIndex(readstore.Index{Name: "by applicant and status", Fields: []readstore.Field{applicant, {Path: "status"}, number}}, true),
	}
}

// BenchmarkEncode is what the store adds to writing a document, beside the driver's own work.
func BenchmarkEncode(b *testing.B) {
	r, indexes := benchRecord(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.encode(indexes); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse is what the store adds to reading a document.
func BenchmarkParse(b *testing.B) {
	r, indexes := benchRecord(b)
	stored, err := r.encode(indexes)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseRecord(stored); err != nil {
			b.Fatal(err)
		}
	}
}
