package tlog_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/mongostore"
	"services.example/portal/infra/readstore/mongostore/mongotest"
	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rootOf builds the tree of the first records from nothing.
func rootOf(list []eventstore.Recorded) transparency.Hash {
	var tree transparency.Frontier
	for _, record := range list {
		tree.Append(transparency.Leaf(record))
	}
	return tree.Root()
}

// TestTheTreeIsThatOfTheLog keeps trees of sizes around the borders of tiles, in several runs, and proves everything.
func TestTheTreeIsThatOfTheLog(t *testing.T) {
	o := newOffice(t, openReads(t))
	theTreeIsThatOfTheLog(t, o)
}

// TestTheTreeIsThatOfTheLogInMongoDB does the same where batches are not atomic.
func TestTheTreeIsThatOfTheLogInMongoDB(t *testing.T) {
	reads, err := mongostore.Open(mongotest.Need(t).URL, mongostore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reads.Close() })
	theTreeIsThatOfTheLog(t, newOffice(t, reads))
}

func theTreeIsThatOfTheLog(t *testing.T, o *office) {
	t.Helper()
	var before transparency.Signed
	written := 0
	for _, size := range []int{1, 2, 255, 256, 257, 511, 700, 1024, 1500} {
		signed := o.cover(o.write(written, size))
		written = size
		list := o.records()
		if signed.Size != uint64(size) || signed.Root != rootOf(list) {
			t.Fatalf("of %d records: checkpoint %+v", size, signed.Checkpoint)
		}
		consistency, err := o.log.Consistency(t.Context(), before.Size, signed.Size)
		if err != nil {
			t.Fatal(err)
		}
		if before.Size > 0 {
			if err := consistency.Verify(before.Checkpoint, signed.Checkpoint); err != nil {
				t.Fatal(err)
			}
		}
		before = signed
		proofs, err := o.log.Prove(t.Context(), signed.Checkpoint, list...)
		if err != nil {
			t.Fatal(err)
		}
		for i, proof := range proofs {
			if err := proof.Verify(transparency.Leaf(list[i]), signed.Checkpoint); err != nil || proof.Index != uint64(i) {
				t.Fatalf("record %d of %d: proof %v, error %v", i, size, proof.Index, err)
			}
			if position, err := o.log.PositionOf(t.Context(), uint64(i)); err != nil || position != list[i].Position {
				t.Fatalf("record %d is at %v, want %v, error %v", i, position, list[i].Position, err)
			}
		}
	}
	var sizes []uint64
	for raw, err := range o.log.Checkpoints(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		signed, err := transparency.Open(raw, o.signer.Key())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, signed.Size)
	}
	if diff := cmp.Diff([]uint64{1, 2, 255, 256, 257, 511, 700, 1024, 1500}, sizes); diff != "" {
		t.Errorf("checkpoints (-want +got):\n%s", diff)
	}
	if signed, err := o.log.Covering(t.Context(), 255); err != nil || signed.Size != 256 {
		t.Errorf("record 255 is covered by the checkpoint of %d, error %v", signed.Size, err)
	}
	leaves, list := 0, o.records()
	for leaf, err := range o.log.Leaves(t.Context(), 1500) {
		if err != nil || leaf != transparency.Leaf(list[leaves]) {
			t.Fatalf("leaf %d: %v", leaves, err)
		}
		leaves++
	}
	if leaves != 1500 {
		t.Errorf("%d leaves", leaves)
	}
}

func TestWhatTheTreeDoesNotHaveIsSaid(t *testing.T) {
	o := newOffice(t, openReads(t))
	ctx := t.Context()
	if _, err := o.log.Latest(ctx); !errors.Is(err, tlog.ErrNoCheckpoint) {
		t.Errorf("no checkpoint: error %v", err)
	}
	signed := o.cover(o.write(0, 300))
	for name, ask := range map[string]func() error{
		"a leaf":               func() error { _, err := o.log.Inclusion(ctx, 300, 300); return err },
		"a longer log":         func() error { _, err := o.log.Inclusion(ctx, 1, 301); return err },
		"a longer root":        func() error { _, err := o.log.Root(ctx, 512); return err },
		"a longer later log":   func() error { _, err := o.log.Consistency(ctx, 1, 301); return err },
		"a log that shrinks":   func() error { _, err := o.log.Consistency(ctx, 3, 2); return err },
		"a tile":               func() error { _, err := o.log.Tile(ctx, 0, 2, 300); return err },
		"a tile far away":      func() error { _, err := o.log.Tile(ctx, 0, 1<<63, 300); return err },
		"a level":              func() error { _, err := o.log.Tile(ctx, 9, 0, 300); return err },
		"the place of a leaf":  func() error { _, err := o.log.PositionOf(ctx, 300); return err },
		"an absurd leaf":       func() error { _, err := o.log.Inclusion(ctx, 1<<63, 1<<63+5); return err },
		"the place far beyond": func() error { _, err := o.log.PositionOf(ctx, 1<<40); return err },
	} {
		if err := ask(); !errors.Is(err, tlog.ErrBeyond) {
			t.Errorf("%s: error %v, want ErrBeyond", name, err)
		}
	}
	if _, err := o.log.IndexOf(ctx, eventstore.Position{Commit: 99999, Prepare: 99999}); !errors.Is(err, tlog.ErrNoRecord) {
		t.Errorf("a record that is not there: error %v", err)
	}
	if _, err := o.log.Checkpoint(ctx, 5); !errors.Is(err, tlog.ErrNoCheckpoint) {
		t.Errorf("a checkpoint that is not there: error %v", err)
	}
	if again, err := o.log.Sign(ctx); err != nil || again.Size != signed.Size {
		t.Errorf("signed again: %v, error %v", again.Checkpoint, err)
	}
	if tile, err := o.log.Tile(ctx, 1, 0, 300); err != nil || len(tile) != 1 {
		t.Errorf("%d hashes above the first tile, error %v", len(tile), err)
	}
}

// TestATreeThatWasLostIsBuiltAgain drops it, and everything that was signed still holds.
func TestATreeThatWasLostIsBuiltAgain(t *testing.T) {
	o := newOffice(t, openReads(t))
	signed := o.cover(o.write(0, 700))
	if err := tlog.Forget(t.Context(), o.reads); err != nil {
		t.Fatal(err)
	}
	if _, err := o.log.Sign(t.Context()); !errors.Is(err, tlog.ErrBehind) {
		t.Errorf("signing without a tree: error %v, want ErrBehind", err)
	}
	if again := o.cover(o.write(700, 701)); again.Size != 701 {
		t.Errorf("signed %+v", again.Checkpoint)
	}
	if root, err := o.log.Root(t.Context(), 700); err != nil || root != signed.Root {
		t.Errorf("the tree has the root %v, error %v", root, err)
	}
}

// altered writes the log anew, as somebody would who can write to its files and knows their format: every checksum is right.
func (o *office) altered(list []eventstore.Recorded) {
	o.t.Helper()
	if err := o.events.Close(); err != nil {
		o.t.Fatal(err)
	}
	if err := o.files.RemoveAll("log"); err != nil {
		o.t.Fatal(err)
	}
	o.openEvents()
	for _, record := range list {
		if _, err := o.events.Append(o.t.Context(), record.Stream, eventstore.Any, record.Event); err != nil {
			o.t.Fatal(err)
		}
	}
}

func changed(record eventstore.Recorded) eventstore.Recorded {
	record.Data = []byte(`{"n":"other"}`)
	return record
}

// TestNothingIsSignedThatDoesNotContinueWhatWasSigned alters the log under a tree that is thrown away, kept, or set back.
func TestNothingIsSignedThatDoesNotContinueWhatWasSigned(t *testing.T) {
	for name, alter := range map[string]func(o *office){
		"a changed record, and a new tree": func(o *office) {
			list := o.records()
			list[100] = changed(list[100])
			o.altered(list)
			o.use(openReads(o.t))
		},
		"a log that was set back, and a new tree": func(o *office) {
			o.altered(o.records()[:200])
			o.use(openReads(o.t))
		},
		"a log that was set back, and the tree as it was": func(o *office) { o.altered(o.records()[:200]) },
		"a last record that was changed":                  func(o *office) { list := o.records(); list[299] = changed(list[299]); o.altered(list) },
		"another checkpoint in the data folder": func(o *office) {
			if err := os.WriteFile(o.anchor.Path, []byte("nothing"), 0o600); err != nil {
				o.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, openReads(t))
			o.cover(o.write(0, 300))
			alter(o)
			stop := o.keep()
			defer stop()
			o.eventually(func() bool { return errors.Is(o.log.Trouble(t.Context()), tlog.ErrAltered) })
			o.write(1000, 1200)
			if _, err := o.log.Sign(t.Context()); !errors.Is(err, tlog.ErrAltered) {
				t.Errorf("signing: error %v, want ErrAltered", err)
			}
		})
	}
}

// TestTroubleEndsWithItsCause puts the log back as it was.
func TestTroubleEndsWithItsCause(t *testing.T) {
	o := newOffice(t, openReads(t))
	o.cover(o.write(0, 300))
	list := o.records()
	o.altered(list[:200])
	stop := o.keep()
	o.eventually(func() bool { return errors.Is(o.log.Trouble(t.Context()), tlog.ErrAltered) })
	stop()
	o.altered(list)
	if signed := o.cover(o.write(300, 301)); signed.Size != 301 {
		t.Errorf("signed %+v", signed.Checkpoint)
	}
}

// TestAHistoryIsVerifiedByWhatLiesBesideIt writes the material of a log, and alters the log.
func TestAHistoryIsVerifiedByWhatLiesBesideIt(t *testing.T) {
	o := newOffice(t, openReads(t))
	o.cover(o.write(0, 200))
	o.cover(o.write(200, 600))
	material := tlog.Material{Dir: t.TempDir()}
	if err := material.Write(t.Context(), o.log); err != nil {
		t.Fatal(err)
	}
	key, err := material.Key()
	if err != nil {
		t.Fatal(err)
	}
	verify := func() transparency.Finding {
		found, err := transparency.History{
			Key: key, Records: o.events.ReadAll(t.Context(), eventstore.AllRead{}), Kept: material.Checkpoints(), Leaves: material.Leaves(),
		}.Verify(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := verify(); !found.Sound() || found.Covered != 600 || found.Checkpoints != 2 {
		t.Fatalf("found %+v", found)
	}
	list := o.records()
	for name, row := range map[string]struct {
		list []eventstore.Recorded
		kind transparency.Kind
		at   uint64
	}{
		"changed":   {slices.Concat(list[:300], []eventstore.Recorded{changed(list[300])}, list[301:]), transparency.Changed, 300},
		"dropped":   {slices.Concat(list[:599]), transparency.Truncated, 599},
		"exchanged": {slices.Concat(list[:199], []eventstore.Recorded{list[200], list[199]}, list[201:]), transparency.Exchanged, 199},
		"truncated": {list[:400], transparency.Truncated, 400},
		"emptied":   {nil, transparency.Truncated, 0},
	} {
		o.altered(row.list)
		if m := verify().Misfit; m == nil || m.Kind != row.kind || m.Index != row.at {
			t.Errorf("%s: found %v, want %s at %d", name, m, row.kind, row.at)
		}
	}
}

// TestWitnessesSignOneAfterAnother while a stored checkpoint is changed by several.
func TestWitnessesSignOneAfterAnother(t *testing.T) {
	names := []string{"a.example/w", "b.example/w"}
	keys := make([]ed25519.PrivateKey, len(names))
	public := make([]string, len(names))
	for i := range names {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = byte(i + 1)
		keys[i] = ed25519.NewKeyFromSeed(seed)
		public[i] = transparency.CosignKey(names[i], keys[i].Public().(ed25519.PublicKey))
	}
	o := newOffice(t, openReads(t), public...)
	signed := o.cover(o.write(0, 3))
	for i := range names {
		copied, err := transparency.Cosign(signed.Note, names[i], keys[i], noon)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.log.Cosign(t.Context(), 3, copied); err != nil {
			t.Fatal(err)
		}
		if _, err := o.log.Cosign(t.Context(), 3, copied); !errors.Is(err, transparency.ErrWitness) {
			t.Errorf("the same again: error %v", err)
		}
	}
	latest, err := o.log.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []transparency.Cosigned{{Witness: names[0], At: noon}, {Witness: names[1], At: noon}}
	if diff := cmp.Diff(want, latest.Witnesses); diff != "" {
		t.Errorf("witnesses (-want +got):\n%s", diff)
	}
	if _, err := o.log.Cosign(t.Context(), 4, signed.Note); !errors.Is(err, tlog.ErrNoCheckpoint) {
		t.Errorf("of another size: error %v", err)
	}
	if _, err := tlog.New(tlog.Options{Witnesses: []string{"nobody"}}); !errors.Is(err, transparency.ErrWitness) {
		t.Errorf("a key that is none: error %v", err)
	}
}

// TestAReplacedCheckpointIsNotHandedOn puts another log's checkpoint in the place of the stored one.
func TestAReplacedCheckpointIsNotHandedOn(t *testing.T) {
	o := newOffice(t, openReads(t))
	o.cover(o.write(0, 3))
	entries, err := o.reads.ListEntries(t.Context(), "transparency_checkpoints", readstore.Query{Index: "size", Limit: 1})
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	thief, err := transparency.NewSigner(slices.Repeat([]byte{9}, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := thief.Sign(3, transparency.Hash{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	doc := struct {
		Size string `bson:"size"`
		Note string `bson:"note"`
	}{entries[0].ID, string(forged.Note)}
	entry := entries[0]
	if entry.Body, err = readstore.Encode(doc); err != nil {
		t.Fatal(err)
	}
	if _, err := o.reads.PutEntry(t.Context(), "transparency_checkpoints", entry); err != nil {
		t.Fatal(err)
	}
	if _, err := o.log.Latest(t.Context()); !errors.Is(err, tlog.ErrAltered) {
		t.Errorf("the latest checkpoint: error %v, want ErrAltered", err)
	}
	if _, err := o.log.Sign(t.Context()); !errors.Is(err, tlog.ErrAltered) {
		t.Errorf("signing: error %v, want ErrAltered", err)
	}
}

// TestCheckpointsAreSignedByThemselves lets the keeper do it.
func TestCheckpointsAreSignedByThemselves(t *testing.T) {
	o := newOffice(t, openReads(t))
	o.write(0, 10)
	keeper := &tlog.Keeper{Log: o.log, Events: o.events, Every: time.Millisecond, Pause: time.Millisecond, Logger: quiet}
	done := make(chan struct{})
	ctx, cancel := withCancel(t)
	go func() {
		defer close(done)
		keeper.Run(ctx)
	}()
	signed := func(size uint64) func() bool {
		return func() bool {
			latest, err := o.log.Latest(t.Context())
			return err == nil && latest.Size == size
		}
	}
	o.eventually(signed(10))
	o.write(10, 12)
	o.eventually(signed(12))
	cancel()
	<-done
}

// TestWhatAWitnessHasSignedIsPreferred: proofs that leave the portal are worth more under such a checkpoint.
func TestWhatAWitnessHasSignedIsPreferred(t *testing.T) {
	witness, err := transparency.NewWitness("a.example/w", slices.Repeat([]byte{5}, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, openReads(t), witness.Key(), witness.Key()) // named twice, which harms nothing
	covering := func(index uint64) uint64 {
		signed, err := o.log.Covering(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		return signed.Size
	}
	for _, size := range []int{3, 6, 9} {
		o.cover(o.write(size-3, size))
	}
	if got := covering(1); got != 3 {
		t.Errorf("before a witness has signed, record 1 is covered by the checkpoint of %d", got)
	}
	six, err := o.log.Checkpoint(t.Context(), 6)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := witness.Sign(six, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.log.Cosign(t.Context(), 6, copied); err != nil {
		t.Fatal(err)
	}
	for index, want := range map[uint64]uint64{1: 6, 5: 6, 6: 9} {
		if got := covering(index); got != want {
			t.Errorf("record %d is covered by the checkpoint of %d, want %d", index, got, want)
		}
	}
	many := tlog.Options{Witnesses: slices.Repeat([]string{witness.Key()}, transparency.MaxWitnesses+1)}
	if _, err := tlog.New(many); !errors.Is(err, transparency.ErrWitness) {
		t.Errorf("too many witnesses: error %v, want ErrWitness", err)
	}
}

// TestWhatAVerificationFindsIsKept until one finds nothing, and does not keep the portal from signing.
func TestWhatAVerificationFindsIsKept(t *testing.T) {
	o := newOffice(t, openReads(t))
	o.cover(o.write(0, 3))
	for _, why := range []string{"record 1 was changed", "record 2 was changed"} {
		if err := o.log.Found(t.Context(), why); err != nil {
			t.Fatal(err)
		}
		if err := o.log.Finding(t.Context()); !errors.Is(err, tlog.ErrAltered) || !strings.HasSuffix(err.Error(), ": "+why) {
			t.Errorf("found %v, want %q", err, why)
		}
	}
	if err := o.log.Trouble(t.Context()); err != nil {
		t.Errorf("a finding keeps the portal from signing: %v", err)
	}
	if signed := o.cover(o.write(3, 4)); signed.Size != 4 {
		t.Errorf("signed %+v", signed.Checkpoint)
	}
	for range 2 {
		if err := o.log.Found(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.log.Finding(t.Context()); err != nil {
		t.Errorf("after a verification that found nothing: %v", err)
	}
}
