package commands

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
)

const (
	// tokenSecret is how much of a token is random, in bytes.
	tokenSecret = 32
	// staleToken is how long another process may go on to take a token that was revoked here.
	staleToken = 3 * time.Second
	// recentTokens is how many tokens are kept in memory, at about 300 bytes each.
	recentTokens = 4096
)

// tokenHash is what is kept of a token. It has no salt, because nobody can try 256 random bits.
type tokenHash [sha256.Size]byte

// String writes the hash as it is stored.
func (h tokenHash) String() string { return hex.EncodeToString(h[:]) }

// admitted is what a token was found to open, until it is looked up again.
type admitted struct {
	caller  httpapi.Caller
	until   time.Time
	changed uint64 // what Machines.changed was before
}

// newToken makes a token: a prefix by which programs that search for leaked secrets know it, 256 random bits, and a checksum, by
// which a token with a slip in it is told without looking it up.
func newToken() (token string, hash tokenHash, err error) {
	secret := make([]byte, tokenSecret)
	if _, err := rand.Read(secret); err != nil {
		return "", tokenHash{}, fmt.Errorf("making a token: %w", err)
	}
	token = httpapi.TokenPrefix + base64.RawURLEncoding.EncodeToString(withChecksum(secret))
	return token, sha256.Sum256([]byte(token)), nil
}

func withChecksum(secret []byte) []byte {
	return binary.BigEndian.AppendUint32(secret[:tokenSecret:tokenSecret], crc32.ChecksumIEEE(secret[:tokenSecret]))
}

// tokenLike tells whether a text is one that newToken could have made.
func tokenLike(token string) bool {
	encoded, found := strings.CutPrefix(token, httpapi.TokenPrefix)
	if !found || len(encoded) != base64.RawURLEncoding.EncodedLen(tokenSecret+crc32.Size) {
		return false
	}
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err == nil && subtle.ConstantTimeCompare(withChecksum(bytes), bytes) == 1
}

// Caller finds whose token it is. Error: token-wrong, for what is no token, or not one any more.
func (m *Machines) Caller(ctx context.Context, token string) (httpapi.Caller, error) {
	if !tokenLike(token) {
		return httpapi.Caller{}, problem.New(problem.Unauthenticated, "token-wrong")
	}
	hash := tokenHash(sha256.Sum256([]byte(token)))
	if known, found := m.recent.Get(hash); found && known.changed == m.changed.Load() && m.deps.Now().Before(known.until) {
		return known.caller, nil
	}
	return m.look(ctx, hash)
}

// look asks the stream, and remembers what it said for a while.
func (m *Machines) look(ctx context.Context, hash tokenHash) (httpapi.Caller, error) {
	changed, now := m.changed.Load(), m.deps.Now()
	s, err := m.streams.machines.state(ctx, machine.Stream)
	if err != nil {
		return httpapi.Caller{}, fmt.Errorf("looking for a token: %w", err)
	}
	one, token, found := holder(s, hash)
	if !found || !token.Valid(now) {
		m.recent.Remove(hash)
		return httpapi.Caller{}, problem.New(problem.Unauthenticated, "token-wrong")
	}
	caller := httpapi.Caller{AccountID: one.ID, SessionID: token.ID, Machine: true}
	for _, scope := range token.Scopes {
		caller.Scopes = append(caller.Scopes, string(scope))
		if role := string(scope.Role()); role != "" && !caller.Has(role) {
			caller.Roles = append(caller.Roles, role)
		}
	}
	until := now.Add(staleToken)
	if token.Expires.Before(until) {
		until = token.Expires
	}
	m.recent.Add(hash, admitted{caller: caller, until: until, changed: changed})
	m.uses.note(ctx, one.ID, token, now)
	return caller, nil
}

// holder finds the token with a hash. How long it takes does not tell how much of a hash was right.
func holder(s machine.State, hash tokenHash) (one machine.Machine, token machine.Token, found bool) {
	wanted := []byte(hash.String())
	for _, m := range s.Machines {
		for _, t := range m.Tokens {
			if subtle.ConstantTimeCompare([]byte(t.Hash), wanted) == 1 {
				one, token, found = m, t, true
			}
		}
	}
	return one, token, found
}
