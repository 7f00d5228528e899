package transparency

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// originPrefix begins the names of logs. What follows is taken from the key, so that two logs never share a name.
const originPrefix = "services.example/portal/log/"

// Signer signs what the log says.
type Signer struct {
	key    ed25519.PrivateKey
	signer note.Signer
	public string
}

// NewSigner makes the signer of a log from the 32 secret bytes of its Ed25519 key.
func NewSigner(seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("the key of the log is %d bytes long, not %d", len(seed), ed25519.SeedSize)
	}
	key := ed25519.NewKeyFromSeed(seed)
	public, isKey := key.Public().(ed25519.PublicKey)
	if !isKey {
		return nil, errors.New("the key of the log is none")
	}
	sum := sha256.Sum256(public)
	s := &Signer{key: key}
	return s, s.name(originPrefix+hex.EncodeToString(sum[:8]), public)
}

func (s *Signer) name(origin string, public ed25519.PublicKey) (err error) {
	if s.public, err = note.NewEd25519VerifierKey(origin, public); err != nil {
		return fmt.Errorf("naming the key of the log: %w", err)
	}
	fields := strings.SplitN(s.public, "+", 3)
	const ed25519Key = 1
	private := base64.StdEncoding.EncodeToString(append([]byte{ed25519Key}, s.key.Seed()...))
	if s.signer, err = note.NewSigner("PRIVATE+KEY+" + fields[0] + "+" + fields[1] + "+" + private); err != nil {
		return fmt.Errorf("preparing the key of the log: %w", err)
	}
	return nil
}

// Origin names the log.
func (s *Signer) Origin() string { return s.signer.Name() }

// Key is the public key, in the form that Open takes: name, hash and key, with + between them.
func (s *Signer) Key() string { return s.public }

// Sign signs a checkpoint of this size.
func (s *Signer) Sign(size uint64, root Hash, at time.Time) (Signed, error) {
	c := Checkpoint{Origin: s.Origin(), Size: size, Root: root, At: at.UTC().Truncate(time.Second)}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, s.signer)
	if err != nil {
		return Signed{}, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return Signed{Checkpoint: c, Note: signed}, nil
}

// statementWord stands between the log's name and the kind of a statement; no origin of a checkpoint has it.
const statementWord = "/statement/"

var errStatement = errors.New("this is not such a statement of the log")

// State signs words of the log other than a checkpoint, such as what a case bundle holds. The kind tells statements
// apart and is one word; the text is lines, none of them empty.
func (s *Signer) State(kind, text string) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: statementHeader(s.Origin(), kind) + strings.TrimRight(text, "\n") + "\n"}, s.signer)
	if err != nil {
		return nil, fmt.Errorf("signing a statement: %w", err)
	}
	return signed, nil
}

// OpenStatement reads a statement of this kind and returns its text. Errors: ErrUnsigned, or that it is no such statement.
func OpenStatement(signed []byte, kind, key string) (text string, err error) {
	log, err := note.NewVerifier(key)
	if err != nil {
		return "", fmt.Errorf("reading the key of the log: %w", err)
	}
	opened, err := note.Open(signed, note.VerifierList(log))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnsigned, errStatement)
	}
	text, found := strings.CutPrefix(opened.Text, statementHeader(log.Name(), kind))
	if !found {
		return "", errStatement
	}
	return text, nil
}

func statementHeader(origin, kind string) string { return origin + statementWord + kind + "\n" }
