package pebblelog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// Report is what Verify has counted.
type Report struct {
	Events     uint64 // all of the log
	Users      uint64 // those that are not system events
	Streams    uint64 // streams with events, metadata streams and ended ones included
	Tombstones uint64 // streams that have ended for ever
	Bytes      uint64 // of the records
	Last       eventstore.Position
}

// verifyStep is how many entries are checked between two looks at the context and two calls of progress.
const verifyStep = 4096

// Verify checks everything that the log in a directory holds, without changing it; no other portal may have it open.
// It calls progress, if that is not nil, from time to time with what it has counted so far. The first fault is
// returned as a DamageError.
func Verify(ctx context.Context, dir string, options Options, progress func(Report)) (Report, error) {
	l, err := open(dir, options.withDefaults(), true)
	if err != nil {
		return Report{}, fmt.Errorf("verify the event log in %s: %w", dir, err)
	}
	report, err := l.Verify(ctx, progress)
	return report, errors.Join(err, l.Close())
}

// Verify does the same on a log in use, as it is at this moment.
func (l *Log) Verify(ctx context.Context, progress func(Report)) (Report, error) {
	leave, err := l.enter()
	if err != nil {
		return Report{}, err
	}
	defer leave()
	if progress == nil {
		progress = func(Report) {}
	}
	v := verifier{log: l, ctx: ctx, progress: progress, snapshot: l.db.NewSnapshot()}
	for _, check := range []func() error{v.checkKeys, v.checkRecords, v.checkStreams, v.checkHeads} {
		if err = check(); err != nil {
			break
		}
	}
	if closeErr := v.snapshot.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return v.report, fmt.Errorf("verify the event log in %s: %w", l.dir, err)
	}
	progress(v.report)
	return v.report, nil
}

type verifier struct {
	log      *Log
	ctx      context.Context //nolint:containedctx // lives as long as one call of Verify
	progress func(Report)
	snapshot *pebble.Snapshot
	report   Report
	entries  uint64 // of stream indexes
	steps    int
}

var (
	errUnknownKey = errors.New("there is a key that is not the log's")
	errUsers      = errors.New("the running count of events is wrong")
	errTime       = errors.New("the event is older than the one in front of it")
	errNoHead     = errors.New("the stream has no head")
	errHeadStream = errors.New("the head of the stream does not agree with its events")
	errHeadRules  = errors.New("the head of the stream does not agree with its metadata")
	errCounts     = errors.New("there are not as many index entries as events")
)

// step keeps long checks interruptible.
func (v *verifier) step() error {
	v.steps++
	if v.steps%verifyStep != 0 {
		return nil
	}
	v.progress(v.report)
	return v.log.check(v.ctx)
}

// each calls do for every key of a range.
func (v *verifier) each(low, high []byte, do func(it *pebble.Iterator) error) error {
	it, err := v.snapshot.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: high})
	if err != nil {
		return readError(err)
	}
	for valid := it.First(); valid && err == nil; valid = it.Next() {
		if err = v.step(); err == nil {
			err = do(it)
		}
	}
	if closeErr := it.Close(); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	return err
}

// checkKeys looks for keys outside the ranges that the other checks walk through.
func (v *verifier) checkKeys() error {
	for _, gap := range [][2][]byte{
		{nil, {eventPrefix}},
		{[]byte(formatKey + "\x00"), {headPrefix}},
		{{headPrefix + 1}, {streamPrefix}},
		{{streamPrefix + 1}, nil},
	} {
		err := v.each(gap[0], gap[1], func(*pebble.Iterator) error { return &DamageError{Cause: errUnknownKey} })
		if err != nil {
			return err
		}
	}
	return nil
}

// checkRecords walks through the events in the order of the log.
func (v *verifier) checkRecords() error {
	created := int64(0)
	return v.each([]byte{eventPrefix}, []byte{eventPrefix + 1}, func(it *pebble.Iterator) error {
		r, err := parseEntry(it)
		if err != nil {
			return err
		}
		v.report.Events++
		if !isSystem(string(r.stream)) {
			v.report.Users++
		}
		switch {
		case r.position != v.report.Events:
			return &DamageError{Position: v.report.Events, Cause: errMissing}
		case r.users != v.report.Users:
			return &DamageError{Stream: string(r.stream), Position: r.position, Cause: errUsers}
		case r.created < created:
			return &DamageError{Stream: string(r.stream), Position: r.position, Cause: errTime}
		}
		created = r.created
		v.report.Bytes += uint64(len(it.Value()))
		v.report.Last = at(r.position)
		return nil
	})
}

// streamWalk is where checkStreams is.
type streamWalk struct {
	number   uint64
	name     string
	revision int64
	position uint64
}

// checkStreams walks through the indexes of the streams: their revisions are dense, and every entry leads to its
// event. As there are as many entries as events, every event then has its entry.
func (v *verifier) checkStreams() error {
	events, err := v.snapshot.NewIter(&pebble.IterOptions{LowerBound: []byte{eventPrefix}, UpperBound: []byte{eventPrefix + 1}})
	if err != nil {
		return readError(err)
	}
	var walk streamWalk
	err = v.each([]byte{streamPrefix}, []byte{streamPrefix + 1}, func(it *pebble.Iterator) error {
		return v.checkEntry(&walk, it, events)
	})
	if closeErr := events.Close(); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	if err == nil && v.entries != v.report.Events {
		err = &DamageError{Cause: errCounts}
	}
	return err
}

func (v *verifier) checkEntry(walk *streamWalk, it, events *pebble.Iterator) error {
	if len(it.Key()) != streamKeySize {
		return &DamageError{Cause: errKey}
	}
	number := binary.BigEndian.Uint64(it.Key()[1:])
	revision := int64(binary.BigEndian.Uint64(it.Key()[9:]))
	entry, ok := parseStreamEntry(it.Value())
	if !ok {
		return &DamageError{Stream: walk.name, Cause: errIndex}
	}
	if !events.SeekGE(eventKey(entry.position)) || !bytes.Equal(events.Key(), eventKey(entry.position)) {
		return &DamageError{Position: entry.position, Cause: errMissing}
	}
	r, err := parseEntry(events)
	if err != nil {
		return err
	}
	fault := &DamageError{Stream: string(r.stream), Position: entry.position, Cause: errIndex}
	if r.revision != revision || r.id != entry.id {
		return fault
	}
	next := int64(0)
	if number == walk.number {
		next = walk.revision + 1
		if string(r.stream) != walk.name || entry.position <= walk.position {
			return fault
		}
	} else if number != entry.position {
		return fault
	}
	if revision != next && revision != math.MaxInt64 {
		return &DamageError{Stream: string(r.stream), Position: entry.position, Cause: errIndex}
	}
	if number != walk.number {
		if err := v.checkNumber(string(r.stream), number); err != nil {
			return err
		}
		v.report.Streams++
	}
	if revision == math.MaxInt64 {
		v.report.Tombstones++
	}
	v.entries++
	*walk = streamWalk{number: number, name: string(r.stream), revision: revision, position: entry.position}
	return nil
}

// checkNumber sees that a stream's name leads to its number, so that no two numbers have one name.
func (v *verifier) checkNumber(stream string, number uint64) error {
	h, found, err := v.head(stream)
	switch {
	case err != nil:
		return err
	case !found:
		return &DamageError{Stream: stream, Cause: errNoHead}
	case h.number != number:
		return &DamageError{Stream: stream, Cause: errHeadStream}
	}
	return nil
}

func (v *verifier) head(stream string) (h head, found bool, err error) {
	value, closer, err := v.snapshot.Get(headKey(stream))
	if errors.Is(err, pebble.ErrNotFound) {
		return noHead, false, nil
	}
	if err != nil {
		return head{}, false, readError(err)
	}
	h, err = parseHead(value)
	if err != nil {
		err = &DamageError{Stream: stream, Cause: err}
	}
	if closeErr := closer.Close(); err == nil {
		err = closeErr
	}
	return h, true, err
}

// checkHeads sees that every head says what the last event of its stream, and of its metadata stream, say.
func (v *verifier) checkHeads() error {
	streams := uint64(0)
	err := v.each([]byte{headPrefix}, []byte{headPrefix + 1}, func(it *pebble.Iterator) error {
		stream := string(it.Key()[1:])
		h, err := parseHead(it.Value())
		if err != nil {
			return &DamageError{Stream: stream, Cause: err}
		}
		if h.number > 0 {
			streams++
		}
		if err := v.checkLast(stream, h); err != nil {
			return err
		}
		return v.checkRules(stream, h)
	})
	if err == nil && streams != v.report.Streams {
		err = &DamageError{Cause: errHeadStream}
	}
	return err
}

func (v *verifier) checkLast(stream string, h head) error {
	fault := &DamageError{Stream: stream, Cause: errHeadStream}
	if h.number == 0 {
		if h.last != eventstore.NoRevision || h.position != 0 || h.tombstone || !h.described {
			return fault
		}
		return nil
	}
	it, err := v.snapshot.NewIter(&pebble.IterOptions{LowerBound: streamKey(h.number, 0), UpperBound: streamEnd(h.number)})
	if err != nil {
		return readError(err)
	}
	want := head{number: h.number, last: eventstore.NoRevision}
	for valid := it.Last(); valid; valid = it.Prev() {
		revision := int64(binary.BigEndian.Uint64(it.Key()[9:]))
		entry, _ := parseStreamEntry(it.Value())
		want.position = max(want.position, entry.position)
		if revision == math.MaxInt64 {
			want.tombstone = true
			continue
		}
		want.last = revision
		break
	}
	if err := it.Close(); err != nil {
		return readError(err)
	}
	if h.last != want.last || h.position != want.position || h.tombstone != want.tombstone || h.changed < h.position {
		return fault
	}
	return nil
}

func (v *verifier) checkRules(stream string, h head) error {
	fault := &DamageError{Stream: stream, Cause: errHeadRules}
	if _, ok := metadataOwner(metadataPrefix + stream); !ok {
		if h.described {
			return fault
		}
		return nil
	}
	metadata, _, err := v.head(metadataPrefix + stream)
	if err != nil {
		return err
	}
	if metadata.last == eventstore.NoRevision {
		if h.described {
			return fault
		}
		return nil
	}
	value, closer, err := v.snapshot.Get(eventKey(metadata.position))
	if errors.Is(err, pebble.ErrNotFound) {
		return &DamageError{Stream: metadataPrefix + stream, Position: metadata.position, Cause: errMissing}
	}
	if err != nil {
		return readError(err)
	}
	r, err := parseRecord(metadata.position, value)
	if err != nil {
		err = &DamageError{Position: metadata.position, Cause: err}
	} else if !h.described || h.rules != rulesOf(r.json, r.data) {
		err = fault
	}
	if closeErr := closer.Close(); err == nil {
		err = closeErr
	}
	return err
}
