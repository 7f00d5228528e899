package archivetest

import (
	"context"

	"services.example/portal/infra/eventstore"
)

// flaky is a store that becomes unavailable after so many writes, as one whose process is killed: the last write has
// been carried out or not, and its answer is lost.
type flaky struct {
	eventstore.Store
	writes     int
	carriesOut bool
}

func (f *flaky) write(carryOut func() error) error {
	f.writes--
	if f.writes >= 0 {
		return carryOut()
	}
	if f.carriesOut && f.writes == -1 {
		if err := carryOut(); err != nil {
			return err
		}
	}
	return eventstore.ErrUnavailable
}

// Append implements eventstore.Store.
func (f *flaky) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (done eventstore.Appended, err error) {
	if len(events) == 0 {
		return f.Store.Append(ctx, stream, expected)
	}
	return done, f.write(func() (err error) {
		done, err = f.Store.Append(ctx, stream, expected, events...)
		return err
	})
}

// Delete implements eventstore.Store.
func (f *flaky) Delete(ctx context.Context, stream string, expected eventstore.Expected) (at eventstore.Position, err error) {
	return at, f.write(func() (err error) {
		at, err = f.Store.Delete(ctx, stream, expected)
		return err
	})
}

// Tombstone implements eventstore.Store.
func (f *flaky) Tombstone(ctx context.Context, stream string, expected eventstore.Expected) (at eventstore.Position, err error) {
	return at, f.write(func() (err error) {
		at, err = f.Store.Tombstone(ctx, stream, expected)
		return err
	})
}
