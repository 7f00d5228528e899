package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/commands/reactors"
	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
	"services.example/portal/projections/accountprofile"
	"services.example/portal/projections/erasures"
	"services.example/portal/projections/projectionstest"
)

// indexOf is what a read model makes of a history, as the task of erasures finds it.
func indexOf[D any](t *testing.T, model projections.ReadModel[D], history projectionstest.History) erasureIndex {
	t.Helper()
	reads, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reads.Close() })
	if err := reads.Declare(t.Context(), readstore.Collection{Name: "serving", Indexes: model.Indexes}); err != nil {
		t.Fatal(err)
	}
	for id, document := range projectionstest.Documents(t, model, history) {
		body, err := bson.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		write := readstore.Write{Collection: "serving", ID: id, Seen: eventstore.Position{Commit: 1, Prepare: 1}, Body: body}
		if err := reads.Commit(t.Context(), readstore.Batch{Writes: []readstore.Write{write}}); err != nil {
			t.Fatal(err)
		}
	}
	return erasureIndex{reads: reads, serves: func(context.Context, string) (string, error) { return "serving", nil }}
}

var someday = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestAccountsThatHaveATerm(t *testing.T) {
	t.Parallel()
	var history projectionstest.History
	in := func(id string, events ...any) { history = history.In("account-"+id, id, "", events...) }
	registration := account.RegistrationStarted{RegistrationID: "r", Kind: account.Individual, At: someday}
	works := account.StaffAccountCreated{Roles: []account.Role{account.Auditor, account.Analyst}, At: someday}
	in("a applicant", registration, account.RegistrationConfirmed{RegistrationID: "r", At: someday})
	in("b applicant, kept out", registration, account.RegistrationConfirmed{RegistrationID: "r", At: someday}, account.Blocked{At: someday})
	in("c erased", registration, account.RegistrationConfirmed{RegistrationID: "r", At: someday}, account.Erased{At: someday})
	in("d works here", works)
	in("e has left", works, account.Blocked{At: someday})
	in("f has come back", works, account.Blocked{At: someday}, account.Unblocked{At: someday})
	in("g never confirmed", registration)
	in("h never confirmed, erased", registration, account.Erased{At: someday})
	found, next, err := indexOf(t, accountprofile.Model, history).Accounts(t.Context(), "")
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	want := []reactors.KeptAccount{
		{Account: "a applicant", Kind: retention.Account},
		{Account: "b applicant, kept out", Kind: retention.Account},
		{Account: "e has left", Kind: retention.Staff},
		{Account: "g never confirmed", Kind: retention.Registration},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestErasuresThatGoOnAndThoseThatAreOver(t *testing.T) {
	t.Parallel()
	var history projectionstest.History
	in := func(id string, events ...any) { history = history.In("erasure-"+id, id, "", events...) }
	asked := erasure.Requested{RequestID: "r", Origin: erasure.Self, At: someday}
	ordered := erasure.Ordered{RequestID: "r", Closes: true, NotBefore: someday, At: someday}
	in("a asked", asked)
	in("b ordered", asked, ordered)
	in("c declined", asked, ordered, erasure.Declined{RequestID: "r", At: someday})
	in("d begun", asked, ordered, erasure.Begun{RequestID: "r", At: someday})
	in("e key destroyed", asked, ordered, erasure.Begun{RequestID: "r", At: someday}, erasure.KeyDestroyed{RequestID: "r", At: someday})
	in("f completed", asked, ordered, erasure.Begun{RequestID: "r", At: someday}, erasure.KeyDestroyed{RequestID: "r", At: someday},
		erasure.Completed{RequestID: "r", At: someday})
	in("g refused", asked, erasure.Refused{RequestID: "r", At: someday})
	index := indexOf(t, erasures.Model, history)
	for name, test := range map[string]struct {
		list func(context.Context, string) ([]string, string, error)
		want []string
	}{
		"to go on with": {index.Carried, []string{"b ordered", "c declined", "d begun", "e key destroyed"}},
		"over":          {index.Completed, []string{"f completed"}},
	} {
		found, next, err := test.list(t.Context(), "")
		if diff := cmp.Diff(test.want, found); diff != "" || next != "" || err != nil {
			t.Errorf("%s: %s, %v", name, diff, err)
		}
	}
}
