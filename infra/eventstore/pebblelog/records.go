package pebblelog

import (
	"bytes"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2"
)

// recordReader reads single records. One that stands alone is looked up, which touches only the table that holds it;
// neighbours, such as the events of one append, are walked through.
type recordReader struct {
	db        *pebble.DB
	backwards bool
	closer    io.Closer        // of the record that was looked up
	it        *pebble.Iterator // nil until it is needed
	at        uint64           // where the iterator is, 0 if nowhere
	key       [eventKeySize]byte
}

// read returns a record, which is valid until the next call. following is the position that will be asked for next.
// Errors: pebble.ErrNotFound, and those of the database.
func (r *recordReader) read(position, following uint64) ([]byte, error) {
	putEventKey(r.key[:], position)
	if r.adjacent(r.at, position) || r.adjacent(position, following) {
		return r.walk(position)
	}
	if err := r.release(); err != nil {
		return nil, err
	}
	value, closer, err := r.db.Get(r.key[:])
	r.closer, r.at = closer, 0
	return value, err
}

func (r *recordReader) adjacent(from, to uint64) bool {
	if from == 0 || to == 0 {
		return false
	}
	if r.backwards {
		return to+1 == from
	}
	return from+1 == to
}

func (r *recordReader) walk(position uint64) ([]byte, error) {
	if r.it == nil {
		var err error
		r.it, err = r.db.NewIter(&pebble.IterOptions{LowerBound: []byte{eventPrefix}, UpperBound: []byte{eventPrefix + 1}})
		if err != nil {
			return nil, err
		}
	}
	var valid bool
	switch {
	case !r.adjacent(r.at, position):
		valid = r.it.SeekGE(r.key[:])
	case r.backwards:
		valid = r.it.Prev()
	default:
		valid = r.it.Next()
	}
	r.at = position
	if !valid || !bytes.Equal(r.it.Key(), r.key[:]) {
		r.at = 0
		if err := r.it.Error(); err != nil {
			return nil, err
		}
		return nil, pebble.ErrNotFound
	}
	return r.it.ValueAndErr()
}

func (r *recordReader) release() error {
	if r.closer == nil {
		return nil
	}
	err := r.closer.Close()
	r.closer = nil
	return err
}

func (r *recordReader) close() error {
	err := r.release()
	if r.it != nil {
		err = errors.Join(err, r.it.Close())
	}
	return err
}
