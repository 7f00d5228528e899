package tlog_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/keyring"
	"services.example/portal/infra/transparency"
)

// TestErasingAPersonLeavesProofsValid destroys a person's key after their words were proven: the words are gone, the proof
// that they were written holds.
func TestErasingAPersonLeavesProofsValid(t *testing.T) {
	const subject, words = "97a8cf3e-1b53-5c36-9b9c-93a11b5a5a01", "Менің мекенжайым: Абай көшесі, 1"
	ring, err := keyring.Open(t.TempDir(), keyring.NewMaster())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ring.Close() })
	c, err := codec.New(ring, aggregates.All()...)
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, openReads(t))
	o.write(0, 300)
	said := correspondence.MessagePosted{Text: words}
	encoded, err := c.Encode(t.Context(), "correspondence-1", uuid.New(), codec.Metadata{Subject: subject}, said)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(encoded.Data, []byte("Абай")) {
		t.Fatal("the words are stored in clear: this test proves nothing")
	}
	appended, err := o.events.Append(t.Context(), "correspondence-1", eventstore.NoStream, encoded)
	if err != nil {
		t.Fatal(err)
	}
	signed := o.cover(appended.Position)
	before := o.records()[300]
	proofs, err := o.log.Prove(t.Context(), signed.Checkpoint, before)
	if err != nil {
		t.Fatal(err)
	}

	if err := ring.Destroy(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	after := o.records()[300]
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the record has changed: %s", diff)
	}
	if err := proofs[0].Verify(transparency.Leaf(after), signed.Checkpoint); err != nil {
		t.Error(err)
	}
	later := o.cover(o.write(400, 500))
	again, err := o.log.Prove(t.Context(), later.Checkpoint, after)
	if err != nil {
		t.Fatal(err)
	}
	if err := again[0].Verify(transparency.Leaf(after), later.Checkpoint); err != nil {
		t.Error(err)
	}
}
