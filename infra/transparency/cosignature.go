package transparency

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// cosignAlgorithm marks keys and signatures of C2SP tlog-cosignature, cosignature/v1: they also sign the time.
const cosignAlgorithm = 4

const (
	hashSize       = 4 // of the hash of a key, before every signature
	cosignTimeSize = 8
	cosignSize     = cosignTimeSize + ed25519.SignatureSize
)

// ErrWitness says that a witness's signature is missing, wrong, or of a witness that nobody has named.
var ErrWitness = errors.New("there is no valid signature of a known witness")

// CosignKey gives the public key of a witness in the form in which witnesses are named: name, hash and key.
func CosignKey(name string, public ed25519.PublicKey) string {
	raw := append([]byte{cosignAlgorithm}, public...)
	return fmt.Sprintf("%s+%08x+%s", name, cosignHash(name, raw), base64.StdEncoding.EncodeToString(raw))
}

func cosignHash(name string, raw []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	return binary.BigEndian.Uint32(sum[:])
}

// cosignVerifier verifies the signatures of one witness.
type cosignVerifier struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func newCosignVerifier(key string) (*cosignVerifier, error) {
	name, rest, _ := strings.Cut(key, "+")
	hash, raw64, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(raw64)
	if err != nil || name == "" || strings.ContainsAny(name, " \t\r\n") || len(raw) != 1+ed25519.PublicKeySize || raw[0] != cosignAlgorithm {
		return nil, fmt.Errorf("reading the key of a witness: %w", ErrWitness)
	}
	v := &cosignVerifier{name: name, hash: cosignHash(name, raw), public: raw[1:]}
	if fmt.Sprintf("%08x", v.hash) != hash {
		return nil, fmt.Errorf("reading the key of the witness %s: %w: its hash is another", name, ErrWitness)
	}
	return v, nil
}

// CheckWitness tells whether a text is the key of a witness.
func CheckWitness(key string) error {
	_, err := newCosignVerifier(key)
	return err
}

// Name is that of the key.
func (v *cosignVerifier) Name() string { return v.name }

// KeyHash is that of the key.
func (v *cosignVerifier) KeyHash() uint32 { return v.hash }

// Verify checks a cosignature of a checkpoint's text.
func (v *cosignVerifier) Verify(text, signature []byte) bool {
	if len(signature) != cosignSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return ed25519.Verify(v.public, cosigned(text, at), signature[cosignTimeSize:])
}

// cosigned is what a witness signs.
func cosigned(text []byte, at uint64) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

// cosignedBy reads the time of a signature that was verified.
func cosignedBy(signature note.Signature) Cosigned {
	c := Cosigned{Witness: signature.Name}
	raw, err := base64.StdEncoding.DecodeString(signature.Base64)
	if err == nil && len(raw) >= hashSize+cosignTimeSize {
		seconds := binary.BigEndian.Uint64(raw[hashSize:])
		c.At = time.Unix(int64(seconds&(1<<62-1)), 0).UTC()
	}
	return c
}

// Cosign adds a witness's signature to a checkpoint. The witness must have made sure that the checkpoint continues the
// last one that it signed.
func Cosign(signed []byte, name string, key ed25519.PrivateKey, at time.Time) ([]byte, error) {
	public, isKey := key.Public().(ed25519.PublicKey)
	body := bodyOf(signed)
	if !isKey || body == nil {
		return nil, fmt.Errorf("cosigning: %w", ErrCheckpoint)
	}
	seconds := uint64(at.Unix())
	raw := binary.BigEndian.AppendUint32(nil, cosignHash(name, append([]byte{cosignAlgorithm}, public...)))
	raw = binary.BigEndian.AppendUint64(raw, seconds)
	raw = append(raw, ed25519.Sign(key, cosigned(body, seconds))...)
	line := "\u2014 " + name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	return append(bytes.Clone(signed), line...), nil
}

// bodyOf is what the signatures of a note sign, with the end of its last line; nil if it is no note.
func bodyOf(signed []byte) []byte {
	end := bytes.LastIndex(signed, []byte("\n\n"))
	if end < 0 {
		return nil
	}
	return signed[:end+1]
}

// AddCosignatures brings into a checkpoint the valid signatures that another copy of it has of these witnesses, at most
// one of each. Errors: ErrWitness if there is none that is new, and as Open.
func AddCosignatures(signed, copied []byte, key string, witnesses ...string) (Signed, error) {
	held, err := Open(signed, key, witnesses...)
	if err != nil {
		return Signed{}, err
	}
	given, err := Open(copied, key, witnesses...)
	if err != nil {
		return Signed{}, err
	}
	if !bytes.Equal(bodyOf(signed), bodyOf(copied)) {
		return Signed{}, fmt.Errorf("%w: this is a signature of another checkpoint", ErrWitness)
	}
	have := map[string]bool{}
	for _, w := range held.Witnesses {
		have[w.Witness] = true
	}
	out, added := bytes.Clone(signed), false
	for _, w := range given.Witnesses {
		if line, found := lineOf(copied, w.Witness, witnesses); found && !have[w.Witness] {
			out, added = append(out, line...), true
		}
	}
	if !added {
		return Signed{}, ErrWitness
	}
	return Open(out, key, witnesses...)
}

// lineOf finds the verified signature line of a witness.
func lineOf(signed []byte, name string, witnesses []string) ([]byte, bool) {
	body := bodyOf(signed)
	for line := range bytes.Lines(signed[len(body)+1:]) {
		fields := strings.Fields(string(line))
		if len(fields) != 3 || fields[1] != name {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil || len(raw) != hashSize+cosignSize {
			continue
		}
		for _, key := range witnesses {
			v, err := newCosignVerifier(key)
			if err == nil && v.name == name && v.hash == binary.BigEndian.Uint32(raw) && v.Verify(body, raw[hashSize:]) {
				return line, true
			}
		}
	}
	return nil, false
}
