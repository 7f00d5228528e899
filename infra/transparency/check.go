package transparency

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"services.example/portal/infra/eventstore"
)

// Audit is a comparison of a whole log with what was signed of it.
type Audit struct {
	// Records are those of the log, in order. Records that are no leaves are passed over.
	Records iter.Seq2[eventstore.Recorded, error]
	// Checkpoints must all fit. They were verified, and come with growing sizes.
	Checkpoints []Checkpoint
	// Leaves are the hashes of the records as the kept tree has them: they tell which record it is that does not fit. Nil:
	// there are none, and only the checkpoints between which it lies are told.
	Leaves iter.Seq2[Hash, error]
	// Progress, if given, is told from time to time how many records were read.
	Progress func(records int64)
}

// Verdict is what came of an Audit.
type Verdict struct {
	Records     uint64      // that were read
	Covered     uint64      // of them by checkpoints that fit
	Checkpoints int         // that fit
	Latest      *Checkpoint // of those that fit
	Misfit      *Misfit     // nil: nothing was added, removed, changed or reordered
	TreeFault   *uint64     // the first leaf of the kept tree that is not as the log and the checkpoints say; nil: none
	Uncompared  bool        // not all records up to the last checkpoint were compared with a kept tree
}

// Sound tells whether everything fits.
func (v Verdict) Sound() bool { return v.Misfit == nil && v.TreeFault == nil }

// Kind is what is wrong with a record.
type Kind string

// The kinds of misfits.
const (
	Changed    Kind = "changed"    // another record is in its place
	Missing    Kind = "missing"    // the one that was there is not
	Inserted   Kind = "inserted"   // it was not there
	Exchanged  Kind = "exchanged"  // with the one after it
	Truncated  Kind = "truncated"  // the log ends before it
	Unknown    Kind = "unknown"    // it is one of those between From and To
	Unreadable Kind = "unreadable" // the store cannot read it
)

// Misfit is the first record that does not fit.
type Misfit struct {
	Kind     Kind
	Index    uint64      // of the leaf, the first being 0
	From, To uint64      // the records among which it is: of Unknown, the first of them and the one after the last
	Record   *Place      // what the log has in its place; nil if it has nothing there
	Before   *Place      // the last record that fits; nil: none does
	Against  *Checkpoint // that does not fit; nil: only the kept tree tells
	Cause    error       // of Unreadable
}

// Place names a record of the log.
type Place struct {
	Stream   string
	Revision int64
	Type     string
	Position eventstore.Position
}

func placeOf(record eventstore.Recorded) *Place {
	return &Place{Stream: record.Stream, Revision: record.Revision, Type: record.Type, Position: record.Position}
}

// String names the record.
func (p *Place) String() string {
	return fmt.Sprintf("event %d of stream %s (%s, position %s)", p.Revision, p.Stream, p.Type, p.Position)
}

// String says what is wrong, for people.
func (m *Misfit) String() string {
	place := ""
	if m.Record != nil {
		place = ": " + m.Record.String()
	}
	after := "at the beginning of the log"
	if m.Before != nil {
		after = "after " + m.Before.String()
	}
	against := ""
	if m.Against != nil {
		against = fmt.Sprintf("; the checkpoint of %d records, made %s, does not fit", m.Against.Size, m.Against.At.UTC().Format(timeLayout))
	}
	switch m.Kind {
	case Changed:
		return fmt.Sprintf("record %d was changed%s%s", m.Index, place, against)
	case Missing:
		return fmt.Sprintf("record %d is missing, %s%s", m.Index, after, against)
	case Inserted:
		return fmt.Sprintf("record %d was inserted%s%s", m.Index, place, against)
	case Exchanged:
		return fmt.Sprintf("records %d and %d were exchanged%s%s", m.Index, m.Index+1, place, against)
	case Truncated:
		return fmt.Sprintf("the log ends before record %d, %s%s", m.Index, after, against)
	case Unreadable:
		return fmt.Sprintf("record %d cannot be read, %s: %v", m.Index, after, m.Cause)
	case Unknown:
		fallthrough
	default:
		return fmt.Sprintf("a record between %d and %d was changed, added or removed%s", m.From, m.To-1, against)
	}
}

// Run reads the whole log. It returns an error if the context ends or the kept tree cannot be read; what is wrong with
// the log is in the verdict.
func (a Audit) Run(ctx context.Context) (Verdict, error) {
	records := startHashing(ctx, a.Records)
	defer records.stop()
	c := &comparison{audit: a, next: records.take}
	if a.Leaves != nil {
		leaf, stopLeaves := iter.Pull2(a.Leaves)
		defer stopLeaves()
		c.leaf = leaf
	}
	err := c.run()
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return c.verdict, err
}

// hashedRecord is a record with the hash of its leaf.
type hashedRecord struct {
	record eventstore.Recorded
	leaf   Hash
}

// comparison is an Audit under way.
type comparison struct {
	audit   Audit
	next    func() (*hashedRecord, bool, error)
	leaf    func() (Hash, error, bool)
	verdict Verdict

	tree     Frontier
	before   *eventstore.Recorded
	fitting  uint64  // records up to here fit the last checkpoint that does
	suspect  *Misfit // the first record that differs from the kept tree; the next checkpoint judges
	ahead    *hashedRecord
	expected []Hash // leaves of the kept tree that were looked at before their turn
}

func (c *comparison) run() error {
	if err := c.judge(); err != nil || c.verdict.Misfit != nil {
		return err
	}
	for {
		read, more, err := c.read()
		if err != nil {
			return c.unreadable(err)
		}
		if !more {
			return c.end()
		}
		if err := c.compare(read); err != nil {
			return err
		}
		c.tree.Append(read.leaf)
		c.verdict.Records = c.tree.Size()
		c.before = &read.record
		if c.audit.Progress != nil && c.verdict.Records%often == 0 {
			c.audit.Progress(int64(c.verdict.Records))
		}
		if err := c.judge(); err != nil || c.verdict.Misfit != nil {
			return err
		}
	}
}

// often is after how many records progress is told.
const often = 4096

func (c *comparison) read() (*hashedRecord, bool, error) {
	if c.ahead != nil {
		read := c.ahead
		c.ahead = nil
		return read, true, nil
	}
	return c.next()
}

func (c *comparison) lookAhead() *hashedRecord {
	if c.ahead == nil {
		if read, more, err := c.next(); more && err == nil {
			c.ahead = read
		}
	}
	return c.ahead
}

// kept returns the n-th leaf of the kept tree from the one whose turn it is.
func (c *comparison) kept(n int) (leaf Hash, has bool, err error) {
	for len(c.expected) <= n {
		if c.leaf == nil {
			return leaf, false, nil
		}
		leaf, err, more := c.leaf()
		if err != nil {
			return leaf, false, fmt.Errorf("reading the kept tree: %w", err)
		}
		if !more {
			return leaf, false, nil
		}
		c.expected = append(c.expected, leaf)
	}
	return c.expected[n], true, nil
}

// compare compares a record with the leaf of the kept tree whose turn it is.
func (c *comparison) compare(read *hashedRecord) error {
	leaf, has, err := c.kept(0)
	if err != nil || !has {
		c.verdict.Uncompared = c.verdict.Uncompared || !has && c.tree.Size() < c.last()
		return err
	}
	defer func() { c.expected = append(c.expected[:0], c.expected[1:]...) }()
	if leaf == read.leaf || c.suspect != nil {
		return nil
	}
	m := &Misfit{Kind: Changed, Index: c.tree.Size(), Record: placeOf(read.record), Before: c.place()}
	after, hasAfter, err := c.kept(1)
	if err != nil {
		return err
	}
	ahead := c.lookAhead()
	switch {
	case ahead != nil && hasAfter && ahead.leaf == leaf && read.leaf == after:
		m.Kind = Exchanged
	case hasAfter && read.leaf == after:
		m.Kind = Missing
	case ahead != nil && ahead.leaf == leaf:
		m.Kind = Inserted
	}
	c.suspect = m
	return nil
}

func (c *comparison) place() *Place {
	if c.before == nil {
		return nil
	}
	return placeOf(*c.before)
}

// judge compares the tree with the checkpoints of its size. A checkpoint that fits clears a suspect: it is the kept tree
// that is wrong then.
func (c *comparison) judge() error {
	for len(c.audit.Checkpoints) > 0 && c.audit.Checkpoints[0].Size == c.tree.Size() {
		signed := c.audit.Checkpoints[0]
		c.audit.Checkpoints = c.audit.Checkpoints[1:]
		if signed.Root != c.tree.Root() {
			c.misfit(&signed)
			return nil
		}
		c.verdict.Checkpoints++
		c.verdict.Covered, c.verdict.Latest, c.fitting = signed.Size, &signed, signed.Size
		if c.suspect != nil {
			if c.verdict.TreeFault == nil {
				index := c.suspect.Index
				c.verdict.TreeFault = &index
			}
			c.suspect = nil
		}
	}
	if len(c.audit.Checkpoints) > 0 && c.audit.Checkpoints[0].Size < c.tree.Size() {
		return errors.New("the checkpoints are not in the order of their sizes")
	}
	return nil
}

// misfit says which record it is that a checkpoint does not fit.
func (c *comparison) misfit(signed *Checkpoint) {
	if c.suspect != nil {
		c.verdict.Misfit = c.suspect
	} else {
		c.verdict.Misfit = &Misfit{Kind: Unknown, Index: c.fitting, From: c.fitting, To: signed.Size}
	}
	c.verdict.Misfit.Against = signed
}

// last is the size of the last checkpoint.
func (c *comparison) last() uint64 {
	if n := len(c.audit.Checkpoints); n > 0 {
		return c.audit.Checkpoints[n-1].Size
	}
	return c.fitting
}

// end judges a log that has been read to its end.
func (c *comparison) end() error {
	if len(c.audit.Checkpoints) > 0 { // there are records that it does not have
		signed := c.audit.Checkpoints[0]
		if c.suspect == nil && (!c.verdict.Uncompared || c.fitting == c.tree.Size()) {
			c.suspect = &Misfit{Kind: Truncated, Index: c.tree.Size(), Before: c.place()}
		}
		c.misfit(&signed)
		return nil
	}
	if c.suspect != nil { // no checkpoint covers it
		c.verdict.Misfit = c.suspect
		return nil
	}
	_, has, err := c.kept(0)
	if has {
		c.verdict.Misfit = &Misfit{Kind: Truncated, Index: c.tree.Size(), Before: c.place()}
	}
	return err
}

// unreadable ends a comparison at a record that the store cannot read.
func (c *comparison) unreadable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, eventstore.ErrUnavailable) {
		return fmt.Errorf("reading the event log: %w", err)
	}
	if c.suspect != nil {
		c.verdict.Misfit = c.suspect
		return nil
	}
	c.verdict.Misfit = &Misfit{Kind: Unreadable, Index: c.tree.Size(), Before: c.place(), Cause: err}
	return nil
}
