package main

import (
	"testing"

	"services.example/portal/cmd/portal/bench"
	"services.example/portal/commands"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/workqueue"
)

// TestThePlaceOfANumber: what people see as number n of a thread stands for places in the two streams, and their mark is
// kept by those.
func TestThePlaceOfANumber(t *testing.T) {
	t.Parallel()
	l, err := bench.Load(t.Context(), benchHost{}, t.TempDir(), "threads", 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(t.Context(), embeddedIn(l.Data), options{messages: &outbox{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	user := l.Users[0]
	writer := application.Staff{Account: user.Account, Roles: []account.Role{account.Applicant}}
	giving := func() commands.Request {
		req := commands.NewRequest(string(account.Applicant))
		req.Actor = user.Account
		return req
	}
	var sent commands.Sent
	for range 2 {
		if sent, err = p.commands.Correspondence.PostMessage(t.Context(), giving(), user.Sent, writer, commands.Letter{Text: "Қашан?"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.engine.Await(t.Context(), workqueue.Name, sent.Position); err != nil {
		t.Fatal(err)
	}
	_, submitted, err := (threads{p}).Place(t.Context(), user.Sent, 1)
	if err != nil || submitted < 2 {
		t.Fatalf("the sending is before revision %d (%v), want one after the draft's events", submitted, err)
	}
	for number, want := range [][2]int64{{0, 0}, {0, submitted}, {1, submitted}, {2, submitted}} {
		messages, events, err := (threads{p}).Place(t.Context(), user.Sent, number)
		if got := [2]int64{messages, events}; got != want || err != nil {
			t.Errorf("number %d stands for %v (%v), want %v", number, got, err, want)
		}
	}
	for id, number := range map[string]int{user.Sent: 4, user.Draft: 1, "nothing": 1} {
		if _, _, err := (threads{p}).Place(t.Context(), id, number); !problem.Has(err, "beyond-the-end") {
			t.Errorf("number %d of %s: %v, want that it is beyond the end", number, id, err)
		}
	}
	if _, err := p.commands.Correspondence.MarkRead(t.Context(), giving(), user.Sent, writer, 3); err != nil {
		t.Error(err)
	}
	if _, err := p.commands.Correspondence.MarkRead(t.Context(), giving(), user.Sent, writer, 4); !problem.Has(err, "beyond-the-end") {
		t.Errorf("read further than there is: %v", err)
	}
}

func TestNoPlaceBeforeAThreadIsServed(t *testing.T) {
	t.Parallel()
	where := storage{Data: t.TempDir(), EventStore: "embedded", ReadStore: "embedded"}
	p, err := open(t.Context(), where, options{messages: &outbox{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.reads.Declare(t.Context(), readstore.Collection{Name: projections.DirectoryCollection}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := (threads{p}).Place(t.Context(), "x", 1); !problem.Has(err, "read-model-behind") {
		t.Errorf("answered %v, want that the read model is behind", err)
	}
}
