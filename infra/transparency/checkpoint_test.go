package transparency_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/transparency"
)

func TestACheckpointIsReadWithTheKeyOfItsLog(t *testing.T) {
	s := signer(t, 1)
	signed := sign(t, s, records(5))
	want := transparency.Checkpoint{Origin: s.Origin(), Size: 5, Root: rootOf(records(5)), At: noon}
	got, err := transparency.Open(signed.Note, s.Key())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Checkpoint); diff != "" {
		t.Errorf("checkpoint (-want +got):\n%s", diff)
	}
	lines := strings.Split(string(signed.Note), "\n")
	if len(lines) != 7 || lines[0] != s.Origin() || lines[1] != "5" || lines[3] != "time 2026-11-23T12:00:00Z" || lines[4] != "" {
		t.Errorf("the note is %q", signed.Note)
	}
}

func TestWhatIsNoCheckpointOfTheLogIsRefused(t *testing.T) {
	s, other := signer(t, 1), signer(t, 2)
	signed := sign(t, s, records(5))
	statement, err := s.State("case", "a 1\nb 2")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		note []byte
		key  string
		want error
	}{
		"of another log":     {sign(t, other, records(5)).Note, s.Key(), transparency.ErrUnsigned},
		"another size":       {bytes.Replace(signed.Note, []byte("\n5\n"), []byte("\n6\n"), 1), s.Key(), transparency.ErrUnsigned},
		"another time":       {bytes.Replace(signed.Note, []byte("12:00:00"), []byte("13:00:00"), 1), s.Key(), transparency.ErrUnsigned},
		"no signature":       {bytes.SplitAfter(signed.Note, []byte("\n\n"))[0], s.Key(), transparency.ErrCheckpoint},
		"cut off":            {signed.Note[:len(signed.Note)-10], s.Key(), transparency.ErrCheckpoint},
		"a statement":        {statement, s.Key(), transparency.ErrCheckpoint},
		"empty":              {nil, s.Key(), transparency.ErrCheckpoint},
		"a million of lines": {bytes.Repeat([]byte("\n"), 1<<20), s.Key(), transparency.ErrCheckpoint},
	} {
		if _, err := transparency.Open(row.note, row.key); !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", name, err, row.want)
		}
	}
	if _, err := transparency.Open(signed.Note, "no key"); err == nil {
		t.Error("a key that is none was taken")
	}
}

func TestAStatementIsOfItsKind(t *testing.T) {
	s := signer(t, 1)
	signed, err := s.State("case", "a 1\nb 2")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := transparency.OpenStatement(signed, "case", s.Key()); err != nil || text != "a 1\nb 2\n" {
		t.Errorf("the statement says %q, error %v", text, err)
	}
	if _, err := transparency.OpenStatement(signed, "person", s.Key()); err == nil {
		t.Error("a statement of another kind was taken")
	}
	if _, err := transparency.OpenStatement(signed, "case", signer(t, 2).Key()); !errors.Is(err, transparency.ErrUnsigned) {
		t.Errorf("with another key: error %v", err)
	}
	if _, err := transparency.OpenStatement(sign(t, s, records(1)).Note, "case", s.Key()); err == nil {
		t.Error("a checkpoint was taken for a statement")
	}
}

func witness(seed byte) (string, ed25519.PrivateKey) {
	raw := make([]byte, ed25519.SeedSize)
	raw[1] = seed
	key := ed25519.NewKeyFromSeed(raw)
	return transparency.CosignKey("witness.example/w", key.Public().(ed25519.PublicKey)), key
}

func TestWitnessesCosign(t *testing.T) {
	s := signer(t, 1)
	signed := sign(t, s, records(5))
	public, private := witness(1)
	copied, err := transparency.Cosign(signed.Note, "witness.example/w", private, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	got, err := transparency.AddCosignatures(signed.Note, copied, s.Key(), public)
	if err != nil {
		t.Fatal(err)
	}
	want := []transparency.Cosigned{{Witness: "witness.example/w", At: noon.Add(time.Minute)}}
	if diff := cmp.Diff(want, got.Witnesses); diff != "" {
		t.Errorf("witnesses (-want +got):\n%s", diff)
	}
	if !bytes.Equal(got.Note, copied) {
		t.Errorf("the note is %q, want %q", got.Note, copied)
	}
	if plain, err := transparency.Open(copied, s.Key()); err != nil || plain.Witnesses != nil {
		t.Errorf("who knows no witness reads %v, error %v", plain.Witnesses, err)
	}
}

func TestACosignatureThatCountsForNothingIsRefused(t *testing.T) {
	s := signer(t, 1)
	signed := sign(t, s, records(5))
	public, private := witness(1)
	_, stranger := witness(2)
	cosign := func(note []byte, key ed25519.PrivateKey) []byte {
		copied, err := transparency.Cosign(note, "witness.example/w", key, noon)
		if err != nil {
			t.Fatal(err)
		}
		return copied
	}
	have := cosign(signed.Note, private)
	for name, row := range map[string]struct {
		held, copied []byte
		want         error
	}{
		"of a stranger under the name":    {signed.Note, cosign(signed.Note, stranger), transparency.ErrWitness},
		"of another checkpoint":           {signed.Note, cosign(sign(t, s, records(6)).Note, private), transparency.ErrWitness},
		"that is there already":           {have, have, transparency.ErrWitness},
		"none":                            {signed.Note, signed.Note, transparency.ErrWitness},
		"of what the log has not signed":  {signed.Note, cosign(sign(t, signer(t, 2), records(5)).Note, private), transparency.ErrUnsigned},
		"on something that is no note":    {signed.Note, []byte("x"), transparency.ErrCheckpoint},
		"whose time was moved afterwards": {signed.Note, moved(have), transparency.ErrUnsigned},
	} {
		if _, err := transparency.AddCosignatures(row.held, row.copied, s.Key(), public); !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", name, err, row.want)
		}
	}
}

// moved changes the last signature of a note.
func moved(note []byte) []byte {
	changed := bytes.Clone(note)
	at := len(changed) - 50
	if changed[at] == 'A' {
		changed[at] = 'B'
	} else {
		changed[at] = 'A'
	}
	return changed
}

func FuzzOpen(f *testing.F) {
	s := signer(f, 1)
	public, private := witness(1)
	signed := sign(f, s, records(5)).Note
	copied, err := transparency.Cosign(signed, "witness.example/w", private, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add(copied)
	f.Add([]byte("a\n1\nAAAA\n\n— b c\n"))
	f.Fuzz(func(t *testing.T, note []byte) {
		got, err := transparency.Open(note, s.Key(), public)
		if err == nil && (got.Size != 5 || got.Root != rootOf(records(5))) {
			t.Errorf("%q was taken for %v", note, got.Checkpoint)
		}
		_, _ = transparency.AddCosignatures(signed, note, s.Key(), public)
		_, _ = transparency.OpenStatement(note, "case", s.Key())
	})
}
