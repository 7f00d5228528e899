package transparency

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is what the log signs: how many records it has, and the root of the tree over them.
type Checkpoint struct {
	Origin string // names the log; the name of its key
	Size   uint64 // records
	Root   Hash
	At     time.Time // when it was made, by the log's clock, in whole seconds UTC
}

var (
	// ErrCheckpoint says that a text is not a checkpoint.
	ErrCheckpoint = errors.New("this is no checkpoint")
	// ErrUnsigned says that a checkpoint has no valid signature of the log.
	ErrUnsigned = errors.New("the checkpoint is not signed with the key of the log")
)

const (
	timeWord      = "time "
	leastLines    = 4 // with the time, without the empty one at the end
	maxNote       = 64 << 10
	longestOrigin = 200
	timeLayout    = "2006-01-02T15:04:05Z"
)

// MaxWitnesses is how many witnesses can be asked for.
const MaxWitnesses = 64

// Text gives the body that is signed, in the form of C2SP tlog-checkpoint: origin, size, root in base64, and as its one
// extension the time.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n" +
		timeWord + c.At.UTC().Format(timeLayout) + "\n"
}

// parseCheckpoint reads a body. Extensions that it does not know are passed over.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < leastLines || lines[len(lines)-1] != "" || lines[0] == "" || len(lines[0]) > longestOrigin {
		return Checkpoint{}, ErrCheckpoint
	}
	lines = lines[:len(lines)-1]
	if slices.Contains(lines, "") {
		return Checkpoint{}, fmt.Errorf("%w: it has an empty line", ErrCheckpoint)
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = strconv.ParseUint(lines[1], 10, 64); err != nil || strconv.FormatUint(c.Size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("%w: its size is no number", ErrCheckpoint)
	}
	if c.Root, err = ParseHash(lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its root: %w", ErrCheckpoint, err)
	}
	for _, extension := range lines[3:] {
		if at, found := strings.CutPrefix(extension, timeWord); found {
			if c.At, err = time.Parse(timeLayout, at); err != nil {
				return Checkpoint{}, fmt.Errorf("%w: its time is none", ErrCheckpoint)
			}
		}
	}
	return c, nil
}

// Signed is a checkpoint whose signatures were verified.
type Signed struct {
	Checkpoint
	Note      []byte     // as it is kept and handed on, with all signatures
	Witnesses []Cosigned // those of the witnesses asked for that have signed, by name
}

// Cosigned says that a witness has seen a checkpoint, and that it continues all that the witness saw before.
type Cosigned struct {
	Witness string    `json:"witness"` // name of its key
	At      time.Time `json:"at"`      // by the witness's clock, in whole seconds
}

// Open reads a signed checkpoint. The key is the log's public key as `portal audit key` prints it; the keys of witnesses
// are in the same form. Errors: ErrCheckpoint, ErrUnsigned, one that names a key that is none.
func Open(signed []byte, key string, witnesses ...string) (Signed, error) {
	log, err := note.NewVerifier(key)
	if err != nil {
		return Signed{}, fmt.Errorf("reading the key of the log: %w", err)
	}
	if len(signed) > maxNote || len(witnesses) > MaxWitnesses {
		return Signed{}, fmt.Errorf("%w: it is too long", ErrCheckpoint)
	}
	verifiers := []note.Verifier{log}
	for _, witness := range unique(witnesses) {
		known, err := newCosignVerifier(witness)
		if err != nil {
			return Signed{}, err
		}
		verifiers = append(verifiers, known)
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return Signed{}, ErrUnsigned
	case err != nil:
		return Signed{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	isLog := func(s note.Signature) bool { return s.Name == log.Name() && s.Hash == log.KeyHash() }
	if !slices.ContainsFunc(opened.Sigs, isLog) {
		return Signed{}, ErrUnsigned
	}
	read, err := parseCheckpoint(opened.Text)
	if err != nil {
		return Signed{}, err
	}
	if read.Origin != log.Name() {
		return Signed{}, fmt.Errorf("%w: it is of another log", ErrUnsigned)
	}
	read.Origin = log.Name() // not a part of the note, which would be held as long: there are many checkpoints
	s := Signed{Checkpoint: read, Note: slices.Clone(signed)}
	for _, signature := range opened.Sigs {
		if !isLog(signature) {
			s.Witnesses = append(s.Witnesses, cosignedBy(signature))
		}
	}
	slices.SortFunc(s.Witnesses, func(a, b Cosigned) int { return strings.Compare(a.Witness, b.Witness) })
	return s, nil
}

// unique leaves each of the keys once: a note has no place for two equal ones.
func unique(keys []string) []string { return slices.Compact(slices.Sorted(slices.Values(keys))) }

// CheckKey tells whether a text is the public key of a log.
func CheckKey(key string) error {
	if _, err := note.NewVerifier(key); err != nil {
		return fmt.Errorf("reading the key of the log: %w", err)
	}
	return nil
}
