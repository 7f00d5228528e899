package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/machine"
	"services.example/portal/infra/readstore"
)

// MachineUseCollection declares where it is kept when a token was used last.
var MachineUseCollection = readstore.Collection{Name: "machine_uses", Expires: true}

const (
	// useEvery is how exactly the last use of a token is known.
	useEvery = time.Minute
	// useKept is how long it is known after the token's end.
	useKept = 90 * 24 * time.Hour
)

// machineUses keeps when tokens were used last. It is no history: what a program reads of personal data is an event of
// its own.
type machineUses struct {
	entries readstore.Entries
	noted   *lru.Cache[string, time.Time]
}

func newMachineUses(deps Deps) *machineUses {
	noted, err := lru.New[string, time.Time](recentTokens)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &machineUses{entries: deps.Entries, noted: noted}
}

type machineUse struct {
	At time.Time `bson:"at"`
}

// note keeps that a token is being used, at most once in useEvery. That it could not be kept keeps nobody from reading.
func (u *machineUses) note(ctx context.Context, id string, token machine.Token, now time.Time) {
	if last, noted := u.noted.Get(token.ID); noted && now.Sub(last) < useEvery {
		return
	}
	u.noted.Add(token.ID, now)
	slog.InfoContext(ctx, "a service account reads", "machine", id, "token", token.ID)
	if err := u.put(ctx, token, now); err != nil && !errors.Is(err, readstore.ErrChanged) { // by another process, just now
		slog.WarnContext(ctx, "the use of a token was not kept", "machine", id, "token", token.ID, "error", err)
	}
}

func (u *machineUses) put(ctx context.Context, token machine.Token, now time.Time) error {
	before, err := u.entries.Entry(ctx, MachineUseCollection.Name, token.ID)
	if err != nil && !errors.Is(err, readstore.ErrNotFound) {
		return fmt.Errorf("looking for the use of a token: %w", err)
	}
	body, err := bson.Marshal(machineUse{At: now})
	if err != nil {
		return fmt.Errorf("encoding the use of a token: %w", err)
	}
	_, err = u.entries.PutEntry(ctx, MachineUseCollection.Name,
		readstore.Entry{ID: token.ID, Version: before.Version, Expires: token.Expires.Add(useKept), Body: body})
	return err
}

// last tells when a token was used last; nil: never.
func (u *machineUses) last(ctx context.Context, token string) (*time.Time, error) {
	entry, err := u.entries.Entry(ctx, MachineUseCollection.Name, token)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the use of a token: %w", err)
	}
	var use machineUse
	if err := entry.Decode(&use); err != nil {
		return nil, err
	}
	at := use.At.UTC()
	return &at, nil
}
