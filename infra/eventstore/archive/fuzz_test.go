package archive_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/infra/eventstore/archive"
)

// FuzzReader reads anything, as it is and as the lines of an archive. What is accepted is read the same when it is
// written again.
func FuzzReader(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("{}\n"))
	f.Add(packed(f, history()))
	f.Add(lines(f, packed(f, history())))
	f.Add(lines(f, packed(f, nil)))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, file := range [][]byte{content, compress(t, content)} {
			_, events, err := read(file)
			if err != nil {
				continue
			}
			_, again, err := read(packed(t, events))
			if err != nil {
				t.Fatalf("what was read cannot be read again: %v", err)
			}
			if diff := cmp.Diff(events, again, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("what was read is read otherwise when it is written again:\n%s", diff)
			}
		}
	})
}

// FuzzStampedMetadata looks for metadata that the time of the record spoils.
func FuzzStampedMetadata(f *testing.F) {
	for _, event := range history() {
		f.Add(event.Metadata)
	}
	f.Fuzz(func(t *testing.T, metadata []byte) {
		event := history()[0]
		event.Metadata = metadata
		once := archive.Carried(event)
		event.Event = once
		event.Created = event.Created.AddDate(1, 0, 0)
		if twice := archive.Carried(event); !bytes.Equal(once.Metadata, twice.Metadata) {
			t.Errorf("%q became %q, and %q when it was moved again", metadata, once.Metadata, twice.Metadata)
		}
	})
}
