package transparency_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

func TestAWitnessIsReadFromItsSecretKey(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	w, err := transparency.NewWitness("witness.example/w", seed)
	if err != nil {
		t.Fatal(err)
	}
	again, err := transparency.ParseWitness(w.Secret() + "\n")
	if err != nil || again.Key() != w.Key() {
		t.Fatalf("read again: %v, error %v", again, err)
	}
	if err := transparency.CheckWitness(w.Key()); err != nil {
		t.Error(err)
	}
	s := signer(t, 1)
	copied, err := w.Sign(sign(t, s, records(3)), noon)
	if err != nil {
		t.Fatal(err)
	}
	if signed, err := transparency.Open(copied, s.Key(), w.Key()); err != nil || len(signed.Witnesses) != 1 || !signed.Witnesses[0].At.Equal(noon) {
		t.Errorf("signed by %v, error %v", signed.Witnesses, err)
	}
	for _, secret := range []string{
		"", w.Key(), strings.TrimPrefix(w.Secret(), "PRIVATE+"), strings.Replace(w.Secret(), "witness", "Witness", 1), w.Secret() + "AA==",
		strings.Replace(w.Secret(), "+B", "+A", 1),
	} {
		if _, err := transparency.ParseWitness(secret); err == nil {
			t.Errorf("%q was taken for a secret key", secret)
		} else if strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("the error tells the key: %v", err)
		}
	}
	for _, name := range []string{"", "two words", "a+b", "a\nb"} {
		if _, err := transparency.NewWitness(name, seed); !errors.Is(err, transparency.ErrWitness) {
			t.Errorf("%q was taken for a name, error %v", name, err)
		}
	}
}

// proofBetween proves that the log of the second size continues that of the first, as an honest log does.
func proofBetween(tb testing.TB, list []eventstore.Recorded, from, to uint64) transparency.Consistency {
	tb.Helper()
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		tb.Fatal(err)
	}
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		first := id.Index << id.Level
		root := rootOf(list[first:min(first+1<<id.Level, uint64(len(list)))])
		hashes[i] = root[:]
	}
	joined, err := nodes.Rehash(hashes, func(left, right []byte) []byte {
		node := transparency.Node(transparency.Hash(left), transparency.Hash(right))
		return node[:]
	})
	if err != nil {
		tb.Fatal(err)
	}
	c := transparency.Consistency{From: from, To: to}
	for _, hash := range joined {
		c.Hashes = append(c.Hashes, transparency.Hash(hash))
	}
	return c
}

// TestAWitnessFollowsALogAndNoFork: what continues is let through, and two histories never are, whatever proof there is.
func TestAWitnessFollowsALogAndNoFork(t *testing.T) {
	s := signer(t, 1)
	rapid.Check(t, func(r *rapid.T) {
		list := records(rapid.IntRange(1, 40).Draw(r, "records"))
		from := rapid.IntRange(1, len(list)).Draw(r, "seen")
		seen, next := sign(t, s, list[:from]).Checkpoint, sign(t, s, list).Checkpoint
		honest := transparency.Consistency{}
		if from < len(list) {
			honest = proofBetween(t, list, uint64(from), uint64(len(list)))
		}
		if err := transparency.Continues(seen, next, honest); err != nil {
			r.Fatalf("an honest log is refused: %v", err)
		}
		forged := slices.Clone(list)
		forged[rapid.IntRange(0, from-1).Draw(r, "changed")] = added()
		fork := sign(t, s, forged).Checkpoint
		itsOwn := transparency.Consistency{}
		if from < len(list) {
			itsOwn = proofBetween(t, forged, uint64(from), uint64(len(list)))
		}
		for _, given := range []transparency.Consistency{honest, itsOwn} {
			if err := transparency.Continues(seen, fork, given); !errors.Is(err, transparency.ErrFork) {
				r.Fatalf("a fork: error %v, want ErrFork", err)
			}
		}
	})
}

func TestWhatDoesNotContinueIsToldApart(t *testing.T) {
	s := signer(t, 1)
	list := records(5)
	three, five := sign(t, s, list[:3]).Checkpoint, sign(t, s, list).Checkpoint
	other, late := five, three
	other.Origin = "somebody.example/log"
	late.At = noon.Add(-time.Minute)
	for name, row := range map[string]struct {
		seen, next transparency.Checkpoint
		proof      transparency.Consistency
		want       error
	}{
		"a log that was set back": {five, three, transparency.Consistency{}, transparency.ErrFork},
		"an older checkpoint":     {five, late, transparency.Consistency{}, transparency.ErrOlder},
		"another log":             {three, other, transparency.Consistency{}, transparency.ErrFork},
		"no proof":                {three, five, transparency.Consistency{}, transparency.ErrProof},
		"a proof of other sizes":  {three, five, transparency.Consistency{From: 2, To: 5}, transparency.ErrProof},
	} {
		err := transparency.Continues(row.seen, row.next, row.proof)
		if !errors.Is(err, row.want) || !errors.Is(row.want, transparency.ErrFork) && errors.Is(err, transparency.ErrFork) {
			t.Errorf("%s: error %v, want %v", name, err, row.want)
		}
	}
}
