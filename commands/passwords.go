package commands

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
)

// The cost of one password hash, as OWASP's Password Storage Cheat Sheet recommends for Argon2id.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
)

// passwords hashes and compares passwords, only so many at a time that their memory stays small.
type passwords struct {
	slots *semaphore.Weighted
	decoy string // compared with where there is no account, so that the answer takes as long
}

func newPasswords() *passwords {
	p := &passwords{slots: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))}
	p.decoy = encodeArgon(make([]byte, argonSalt), make([]byte, argonKey))
	return p
}

// hash returns a password's hash in the PHC string format.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	var salt [argonSalt]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	if err := p.slots.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("waiting to hash a password: %w", err)
	}
	defer p.slots.Release(1)
	key := argon2.IDKey([]byte(password), salt[:], argonTime, argonMemory, argonThreads, argonKey)
	return encodeArgon(salt[:], key), nil
}

// matches tells whether a password has this hash; an empty hash matches nothing and takes as long.
func (p *passwords) matches(ctx context.Context, password, hash string) (bool, error) {
	if hash == "" {
		hash = p.decoy
	}
	var memory, time uint32
	var threads uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return false, nil
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return false, fmt.Errorf("reading the cost of a password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("reading the salt of a password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("reading a password hash: %w", err)
	}
	if err := p.slots.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("waiting to compare a password: %w", err)
	}
	defer p.slots.Release(1)
	got := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func encodeArgon(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}
