// Package storedtest checks that documents which read and write themselves do so as the driver does.
package storedtest

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/infra/readstore"
)

// Document is a pointer to a document that reads and writes itself.
type Document[D any] interface {
	*D
	readstore.RawEncoder
	readstore.RawDecoder
}

// Part is a pointer to a part of documents, which writes its fields into them and reads itself.
type Part[D any] interface {
	*D
	readstore.RawDecoder
	AppendFields(dst []byte) []byte
}

// AsTheDriver checks documents with anything in them.
func AsTheDriver[D any, P Document[D]](t *testing.T, drawn *rapid.Generator[D]) {
	t.Helper()
	asTheDriver[D, P](t, drawn, P.AppendBSON)
}

// PartAsTheDriver checks parts of documents with anything in them.
func PartAsTheDriver[D any, P Part[D]](t *testing.T, drawn *rapid.Generator[D]) {
	t.Helper()
	asTheDriver[D, P](t, drawn, func(part P, dst []byte) []byte { return readstore.AppendDocument(dst, part.AppendFields) })
}

func asTheDriver[D any, P interface {
	*D
	readstore.RawDecoder
}](t *testing.T, drawn *rapid.Generator[D], write func(doc P, dst []byte) []byte) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		doc := drawn.Draw(t, "document")
		want, err := bson.Marshal(&doc)
		if err != nil {
			t.Skip("the driver does not store it")
		}
		if got := write(P(&doc), []byte("before")); !bytes.Equal(got, append([]byte("before"), want...)) {
			t.Fatalf("written as\n%v, by the driver as\n%v", bson.Raw(got[len("before"):]), bson.Raw(want))
		}
		var read, readByDriver D
		if err := bson.Unmarshal(want, &readByDriver); err != nil {
			t.Fatal(err)
		}
		if err := P(&read).DecodeBSON(want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(readByDriver, read); diff != "" {
			t.Errorf("read otherwise than by the driver:\n%s", diff)
		}
	})
}

// NoFieldIsForgotten checks that a field which is added to a struct is written: it would never be stored else.
func NoFieldIsForgotten[D any, P Document[D]](t *testing.T) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		doc := rapid.Make[D]().Draw(t, "document")
		want, err := bson.Marshal(&doc)
		if err != nil {
			t.Skip("the driver does not store it")
		}
		if got := P(&doc).AppendBSON(nil); !bytes.Equal(got, want) {
			t.Fatalf("written as\n%v, by the driver as\n%v", bson.Raw(got), bson.Raw(want))
		}
	})
}
