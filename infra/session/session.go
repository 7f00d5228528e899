// Package session keeps who is signed in: tokens known only to their browsers, stored as hashes, with a time to live.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
)

// Collection declares where sessions are kept.
var Collection = readstore.Collection{
	Name:    "sessions",
	Indexes: []readstore.Index{{Name: "account", Fields: []readstore.Field{{Path: "account"}}}},
	Expires: true,
}

const (
	// Lifetime is how long a session lasts; the browser may forget it earlier.
	Lifetime = 12 * time.Hour
	// StayLifetime is how long the session of someone who chose to stay in the system lasts.
	StayLifetime = 30 * 24 * time.Hour

	tokenBytes = 32
)

// Store keeps sessions.
type Store struct {
	entries readstore.Entries
	now     func() time.Time
	recent  *lru.Cache[string, recent] // nil: other processes share the entries
	ended   atomic.Uint64              // counts sessions that ended here
}

// recent is a session that was looked up, and is known to be valid until it ends here or its time passes.
type recent struct {
	caller  httpapi.Caller
	expires time.Time
}

// recentSessions is how many sessions are kept in memory, at about 400 bytes each.
const recentSessions = 16_384

// New returns a store over entries in which Collection was declared. Where no other process changes the entries
// (exclusive), sessions that were looked up stay in memory until they end.
func New(entries readstore.Entries, now func() time.Time, exclusive bool) *Store {
	s := &Store{entries: entries, now: now}
	if exclusive {
		var err error
		if s.recent, err = lru.New[string, recent](recentSessions); err != nil {
			panic(err) // only for a size below 1
		}
	}
	return s
}

// Account is who signs in.
type Account struct {
	ID       string
	Roles    []string
	Provider string // for staff
}

// Started is a new session. The token goes to the browser and nowhere else.
type Started struct {
	ID      string
	Token   string
	Stay    bool
	Expires time.Time
}

type record struct {
	Account  string   `bson:"account"`
	Roles    []string `bson:"roles"`
	Provider string   `bson:"provider,omitempty"`
}

// DecodeBSON reads a record without reflection: every request of somebody signed in reads one.
func (r *record) DecodeBSON(body bson.Raw) error {
	return readstore.Fields(body, func(key []byte, v bsoncore.Value) {
		switch string(key) {
		case "account":
			r.Account, _ = v.StringValueOK()
		case "roles":
			r.Roles = readstore.Strings(v)
		case "provider":
			r.Provider, _ = v.StringValueOK()
		}
	})
}

// Start makes a session.
func (s *Store) Start(ctx context.Context, account Account, stay bool) (Started, error) {
	var secret [tokenBytes]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return Started{}, fmt.Errorf("making a session token: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	lifetime := Lifetime
	if stay {
		lifetime = StayLifetime
	}
	started := Started{ID: idOf(token), Token: token, Stay: stay, Expires: s.now().Add(lifetime)}
	body, err := bson.Marshal(record{Account: account.ID, Roles: account.Roles, Provider: account.Provider})
	if err != nil {
		return Started{}, fmt.Errorf("encoding a session: %w", err)
	}
	entry := readstore.Entry{ID: started.ID, Expires: started.Expires, Body: body}
	if _, err := s.entries.PutEntry(ctx, Collection.Name, entry); err != nil {
		return Started{}, fmt.Errorf("storing a session: %w", err)
	}
	return started, nil
}

// Caller finds whose session a token is. Error: problem.Unauthenticated.
func (s *Store) Caller(ctx context.Context, token string) (httpapi.Caller, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return httpapi.Caller{}, problem.New(problem.Unauthenticated, "sign-in-required")
	}
	return s.find(ctx, idOf(token))
}

// find finds a session, in memory or in the store.
func (s *Store) find(ctx context.Context, id string) (httpapi.Caller, error) {
	if s.recent != nil {
		if known, found := s.recent.Get(id); found && s.now().Before(known.expires) {
			return known.caller, nil
		}
	}
	return s.look(ctx, id)
}

// look finds a session in the store, and remembers it if it has not ended meanwhile.
func (s *Store) look(ctx context.Context, id string) (httpapi.Caller, error) {
	before := s.ended.Load()
	entry, err := s.entries.Entry(ctx, Collection.Name, id)
	if errors.Is(err, readstore.ErrNotFound) {
		return httpapi.Caller{}, problem.New(problem.Unauthenticated, "sign-in-required")
	}
	if err != nil {
		return httpapi.Caller{}, fmt.Errorf("finding a session: %w", err)
	}
	var r record
	if err := entry.Decode(&r); err != nil {
		return httpapi.Caller{}, err
	}
	caller := httpapi.Caller{AccountID: r.Account, Roles: r.Roles, Provider: r.Provider, SessionID: id}
	if s.recent != nil {
		s.recent.Add(id, recent{caller: caller, expires: entry.Expires})
		if s.ended.Load() != before { // a session ended while this one was read: it may have been this one
			s.recent.Remove(id)
		}
	}
	return caller, nil
}

// End ends a session. Ending one that has ended is no error.
func (s *Store) End(ctx context.Context, id string) error {
	if err := s.entries.RemoveEntry(ctx, Collection.Name, id, 0); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	if s.recent != nil {
		s.ended.Add(1)
		s.recent.Remove(id)
	}
	return nil
}

// EndAll ends all sessions of an account except one (empty: no exception).
func (s *Store) EndAll(ctx context.Context, account, except string) error {
	for {
		entries, err := s.entries.ListEntries(ctx, Collection.Name,
			readstore.Query{Index: "account", Prefix: []any{account}, Limit: readstore.MaxLimit})
		if err != nil {
			return fmt.Errorf("listing sessions: %w", err)
		}
		ended := 0
		for _, entry := range entries {
			if entry.ID == except {
				continue
			}
			if err := s.End(ctx, entry.ID); err != nil {
				return err
			}
			ended++
		}
		if ended == 0 || len(entries) < readstore.MaxLimit {
			return nil
		}
	}
}

func idOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Valid tells whether a session has neither ended nor run out.
func (s *Store) Valid(ctx context.Context, id string) (bool, error) {
	_, err := s.find(ctx, id)
	var p *problem.Problem
	if errors.As(err, &p) && p.Kind == problem.Unauthenticated {
		return false, nil
	}
	return err == nil, err
}
