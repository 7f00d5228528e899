package transparency

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrFork says that a checkpoint does not continue one that was signed before: with its signatures, the two of them
// prove that the log has two histories, or was set back.
var ErrFork = errors.New("the log does not continue what was signed before")

// ErrOlder says that a checkpoint is an earlier one than the last that was signed: whoever gave it is behind.
var ErrOlder = errors.New("this checkpoint is older than the last that was signed")

// Witness signs what a log says, as long as it continues what it signed before. It has no memory of its own: whoever
// asks it keeps the last checkpoint.
type Witness struct {
	name string
	key  ed25519.PrivateKey
}

// witnessPrefix begins the secret key of a witness as text.
const witnessPrefix = "PRIVATE+KEY+"

// NewWitness makes a witness from the 32 secret bytes of its Ed25519 key. Its name looks like an address without a scheme,
// such as witness.example/portal.
func NewWitness(name string, seed []byte) (*Witness, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("the key of a witness is %d bytes long, not %d", len(seed), ed25519.SeedSize)
	}
	w := &Witness{name: name, key: ed25519.NewKeyFromSeed(seed)}
	return w, CheckWitness(w.Key())
}

// ParseWitness reads what Secret wrote.
func ParseWitness(secret string) (*Witness, error) {
	errSecret := errors.New("this is no secret key of a witness")
	rest, found := strings.CutPrefix(strings.TrimSpace(secret), witnessPrefix)
	name, rest, more := strings.Cut(rest, "+")
	_, raw64, last := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(raw64)
	if !found || !more || !last || err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != cosignAlgorithm {
		return nil, errSecret
	}
	w, err := NewWitness(name, raw[1:])
	if err != nil || w.Secret() != strings.TrimSpace(secret) {
		return nil, errSecret
	}
	return w, nil
}

// Key is the public key, as `portal serve --witness` takes it: name, hash and key.
func (w *Witness) Key() string { return CosignKey(w.name, w.public()) }

// Secret is the secret key as text.
func (w *Witness) Secret() string {
	raw := append([]byte{cosignAlgorithm}, w.key.Seed()...)
	hash := cosignHash(w.name, append([]byte{cosignAlgorithm}, w.public()...))
	return fmt.Sprintf("%s%s+%08x+%s", witnessPrefix, w.name, hash, base64.StdEncoding.EncodeToString(raw))
}

func (w *Witness) public() ed25519.PublicKey {
	public, _ := w.key.Public().(ed25519.PublicKey) // it always is
	return public
}

// Continues makes sure that a checkpoint may be signed after another. Next was opened with the key of the log; seen is
// the last checkpoint that was signed. The proof is not looked at where both are of one size. Errors: ErrFork; ErrOlder;
// ErrProof if the proof is none for these two.
func Continues(seen, next Checkpoint, proof Consistency) error {
	switch {
	case next.Origin != seen.Origin:
		return fmt.Errorf("%w: it is another log", ErrFork)
	case next.Size < seen.Size && next.At.Before(seen.At):
		return fmt.Errorf("%w: it has %d records of %d", ErrOlder, next.Size, seen.Size)
	case next.Size < seen.Size:
		return fmt.Errorf("%w: it has %d records, and had %d", ErrFork, next.Size, seen.Size)
	case next.Size == seen.Size && next.Root != seen.Root:
		return fmt.Errorf("%w: of %d records there are two versions", ErrFork, next.Size)
	case next.Size == seen.Size:
		return nil
	case proof.From != seen.Size || proof.To != next.Size:
		return proof.Verify(seen, next)
	}
	if err := proof.Verify(seen, next); err != nil {
		return fmt.Errorf("%w: %w", ErrFork, err)
	}
	return nil
}

// Sign adds the witness's signature to a checkpoint that Continues has found good. What was signed must be remembered
// before: a witness that forgets signs two histories.
func (w *Witness) Sign(signed Signed, at time.Time) ([]byte, error) {
	return Cosign(signed.Note, w.name, w.key, at)
}
