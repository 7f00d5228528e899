package all_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/projections/all"
	"services.example/portal/projections/notes"
)

// TestOneReadModelFoldsNotes: what staff write for each other comes to no document that an applicant's query reads, because
// no other read model is given the streams in which it lies.
func TestOneReadModelFoldsNotes(t *testing.T) {
	t.Parallel()
	const stream = "note-22222222-2222-4222-8222-222222222222"
	var folding []string
	for _, model := range all.Projections() {
		for _, prefix := range model.Streams {
			if strings.HasPrefix(stream, prefix) {
				folding = append(folding, model.Name)
			}
		}
	}
	if diff := cmp.Diff([]string{notes.Name}, folding); diff != "" {
		t.Errorf("read models that fold %s (-want +got):\n%s", stream, diff)
	}
	written := codec.Envelope{Stream: stream, Event: correspondence.NoteWritten{NoteID: "a note"}}
	if keys := notes.Model.Keys(written); len(keys) != 1 || keys[0] != "a note" {
		t.Errorf("a note changes %q", keys)
	}
}
