package archive

import (
	"context"
	"fmt"
	"io"

	"services.example/portal/infra/eventstore"
)

// Exported says what an export did.
type Exported struct {
	Summary
	LeftBehind int64 // events of the store's own streams, which are not carried
}

// Export writes everything that a store holds at this moment to an archive. The store stays in use meanwhile. Progress,
// if given, is told from time to time how many events were written.
func Export(
	ctx context.Context, store eventstore.Store, w io.Writer, header Header, progress func(events int64),
) (Exported, error) {
	out, err := NewWriter(w, header)
	if err != nil {
		return Exported{}, err
	}
	var done Exported
	for event, err := range store.ReadAll(ctx, eventstore.AllRead{Filter: eventstore.Filter{System: true}}) {
		if err != nil {
			return Exported{}, fmt.Errorf("exporting the event log: %w", err)
		}
		if !carried(event.Stream) {
			done.LeftBehind++
			continue
		}
		if err := out.Write(event); err != nil {
			return Exported{}, err
		}
		tell(progress, out.count)
	}
	done.Summary, err = out.Close()
	return done, err
}

// Check reads a whole archive and tells what is in it. Errors as those of Reader.
func Check(ctx context.Context, r io.Reader, progress func(events int64)) (Header, Summary, error) {
	in, err := NewReader(r)
	if err != nil {
		return Header{}, Summary{}, err
	}
	defer in.Close()
	for read := int64(1); ; read++ {
		if err := ctx.Err(); err != nil {
			return Header{}, Summary{}, fmt.Errorf("checking the archive: %w", err)
		}
		_, err := in.Next()
		if err == io.EOF { //nolint:errorlint // Reader answers it as it is
			return in.Header, in.Summary(), nil
		}
		if err != nil {
			return Header{}, Summary{}, err
		}
		tell(progress, read)
	}
}

// often is after how many events progress is told.
const often = 1000

func tell(progress func(int64), events int64) {
	if progress != nil && events%often == 0 {
		progress(events)
	}
}
