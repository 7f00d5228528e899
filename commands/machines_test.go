package commands

import (
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
)

// TestAnAdministratorLooksAfterServiceAccounts: adds one, gives it a token, and revokes that. What is stored is not the token.
func TestAnAdministratorLooksAfterServiceAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, now := o.staff(1, "", account.Admin), o.clock.Now()
	at := o.end().String()

	var made struct{ ID string }
	for range 2 {
		admin.do("POST", "/admin/machines", `{"name":"open-data","purpose":"Ашық деректер"}`, "Idempotency-Key", "k1").
			is(t, http.StatusCreated, &made).writtenAt(o.world, 0)
	}
	at = admin.then(at, machine.Added{Machine: made.ID, Name: "open-data", Purpose: "Ашық деректер", At: now})
	if meta := o.metadata("machines", "machine.added.v1"); meta.Actor != admin.id || meta.Role != "admin" || meta.Subject != made.ID {
		t.Errorf("written as %+v", meta)
	}
	admin.do("POST", "/admin/machines", `{"name":"open-data","purpose":"Тағы"}`).refuses(t, http.StatusConflict, "machine-name-taken")
	admin.do("POST", "/admin/machines", `{"name":"Дана","purpose":""}`).refuses(t, http.StatusUnprocessableEntity, "invalid")

	tokens := "/admin/machines/" + made.ID + "/tokens"
	expires := now.Add(24 * time.Hour)
	ask := map[string]any{"scopes": []string{"feed:read", "analytics:read"}, "expires": expires}
	var first, again IssuedToken
	admin.do("POST", tokens, ask, "Idempotency-Key", "k2").is(t, http.StatusCreated, &first).writtenAt(o.world, 1)
	admin.do("POST", tokens, ask, "Idempotency-Key", "k2").is(t, http.StatusCreated, &again)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same command gave another token")
	}
	scopes := []machine.Scope{machine.AnalyticsRead, machine.FeedRead}
	at = admin.then(at, machine.TokenIssued{
		Machine: made.ID, Token: first.ID, Hash: hashOf(first.Token), Scopes: scopes, Expires: expires, At: now,
	})
	for _, refused := range []struct {
		path, body, code string
		status           int
	}{
		{"/admin/machines/" + uuid.NewString() + "/tokens", `{"scopes":["feed:read"],"expires":"2026-12-01T00:00:00Z"}`, "machine-not-found", 404},
		{tokens, `{"scopes":["audit:personal"],"expires":"2026-12-01T00:00:00Z"}`, "invalid", 422},
		{tokens, `{"scopes":["admin"],"expires":"2026-12-01T00:00:00Z"}`, "invalid", 422},
		{tokens, `{"scopes":[],"expires":"2026-12-01T00:00:00Z"}`, "invalid", 422},
		{tokens, `{"scopes":["feed:read"],"expires":"2026-11-01T00:00:00Z"}`, "invalid", 422},
		{tokens, `{"scopes":["feed:read"],"expires":"2036-11-01T00:00:00Z"}`, "invalid", 422},
	} {
		admin.do("POST", refused.path, refused.body).refuses(t, refused.status, refused.code)
	}
	admin.then(at)

	list := func(state TokenState, used *time.Time) {
		t.Helper()
		want := []Machine{{
			ID: made.ID, Name: "open-data", Purpose: "Ашық деректер", AddedAt: now,
			Tokens: []MachineToken{{ID: first.ID, Scopes: scopes, IssuedAt: now, Expires: expires, State: state, LastUsed: used}},
		}}
		var got []Machine
		answer := admin.do("GET", "/admin/machines", nil).is(t, http.StatusOK, &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("machines (-want +got):\n%s", diff)
		}
		if strings.Contains(answer.body, first.Token) || strings.Contains(answer.body, hashOf(first.Token)) {
			t.Error("the list tells a token")
		}
	}
	list(TokenValid, nil)
	_, err := o.Machines.Caller(t.Context(), first.Token)
	done(t, err)
	list(TokenValid, &now)

	for range 2 {
		admin.do("DELETE", tokens+"/"+first.ID, nil).is(t, http.StatusNoContent, nil).writtenAt(o.world, 2)
	}
	at = admin.then(at, machine.TokenRevoked{Machine: made.ID, Token: first.ID, At: now})
	list(TokenRevoked, &now)
	admin.do("DELETE", tokens+"/"+uuid.NewString(), nil).refuses(t, http.StatusNotFound, "token-not-found")
	admin.do("DELETE", "/admin/machines/x/tokens", nil).refuses(t, http.StatusNotFound, "machine-not-found")
	admin.do("DELETE", tokens, nil).is(t, http.StatusNoContent, nil)
	admin.then(at)

	nobody := o.staff(2, "", account.Auditor, account.Analyst)
	nobody.do("GET", "/admin/machines", nil).refuses(t, http.StatusNotFound, "not-found")
	nobody.do("POST", tokens, `{`).refuses(t, http.StatusNotFound, "not-found")

	for recorded, err := range o.events.Store.ReadStream(t.Context(), machine.Stream, eventstore.StreamRead{}) {
		done(t, err)
		if raw := string(recorded.Data) + string(recorded.Metadata); strings.Contains(raw, first.Token) || strings.Contains(raw, "деректер") {
			t.Errorf("%s holds in clear what nobody may read", recorded.Type)
		}
	}
}

func hashOf(token string) string { return tokenHash(sha256.Sum256([]byte(token))).String() }

// tool makes a service account with a token for a day.
func (w *world) tool(name string, scopes ...string) IssuedToken {
	w.t.Helper()
	_, _, err := w.Machines.Add(w.t.Context(), NewRequest("system"), name, "Сынақ")
	done(w.t, err)
	token, _, err := w.Machines.Issue(w.t.Context(), NewRequest("system"), IssueToken{
		Machine: name, Scopes: scopes, Expires: w.clock.Now().Add(24 * time.Hour), Operator: true,
	})
	done(w.t, err)
	return token
}

func TestATokenIsItsMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	audit, feed := w.tool("audit-tool", "audit:read", "audit:personal"), w.tool("feeder", "analytics:read", "feed:read")
	for _, test := range []struct {
		token IssuedToken
		want  httpapi.Caller
	}{
		{audit, httpapi.Caller{
			AccountID: audit.Machine, SessionID: audit.ID, Machine: true, Roles: []string{"auditor"}, Scopes: []string{"audit:read", "audit:personal"},
		}},
		{feed, httpapi.Caller{
			AccountID: feed.Machine, SessionID: feed.ID, Machine: true, Roles: []string{"analyst"}, Scopes: []string{"analytics:read", "feed:read"},
		}},
	} {
		for range 2 { // found, and remembered
			got, err := w.Machines.Caller(t.Context(), test.token.Token)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("caller (-want +got):\n%s, %v", diff, err)
			}
		}
	}
	w.refusesToken(w.Commands, changed(audit.Token))
	w.refusesToken(w.Commands, audit.Token+" ")
	w.refusesToken(w.Commands, strings.TrimPrefix(audit.Token, httpapi.TokenPrefix))
	forged, _, err := newToken()
	done(t, err)
	w.refusesToken(w.Commands, forged)

	w.Machines.streams.machines.events = awayStore{w.events}
	w.admitsToken(w.Commands, audit.Token) // it is remembered for a moment
	w.clock.pass(staleToken)
	if _, err := w.Machines.Caller(t.Context(), audit.Token); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("while the store is away a token is %v", err)
	}
}

// awayStore is a store that cannot be read.
type awayStore struct{ eventstore.Store }

func (awayStore) ReadStream(context.Context, string, eventstore.StreamRead) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		yield(eventstore.Recorded{}, eventstore.ErrUnavailable)
	}
}

// changed is a token with a slip in it.
func changed(token string) string {
	at := len(token) / 2
	if token[at] == 'A' {
		return token[:at] + "B" + token[at+1:]
	}
	return token[:at] + "A" + token[at+1:]
}

func (w *world) refusesToken(c *Commands, token string) {
	w.t.Helper()
	if caller, err := c.Machines.Caller(w.t.Context(), token); !problem.Has(err, "token-wrong") {
		w.t.Errorf("a token that does not count is %+v, %v", caller, err)
	}
}

func (w *world) admitsToken(c *Commands, token string) {
	w.t.Helper()
	if _, err := c.Machines.Caller(w.t.Context(), token); err != nil {
		w.t.Errorf("a token that counts is refused: %v", err)
	}
}

// TestARevokedTokenIsOut: at once here, soon in every other process, and for ever.
func TestARevokedTokenIsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, other := w.tool("tool", "feed:read"), w.tool("other", "feed:read")
	elsewhere := w.process()
	for _, c := range []*Commands{w.Commands, elsewhere} {
		w.admitsToken(c, one.Token)
		w.admitsToken(c, other.Token)
	}
	_, err := w.Machines.Revoke(t.Context(), NewRequest("system"), "tool", strings.ToUpper(one.ID))
	done(t, err)
	w.refusesToken(w.Commands, one.Token)
	w.admitsToken(w.Commands, other.Token)
	for id, want := range map[string]bool{one.ID: false, other.ID: true, one.Machine: false, "": false} {
		if valid, err := elsewhere.Machines.Valid(t.Context(), id); valid != want || err != nil { // for those who listen
			t.Errorf("token %s is valid: %t, %v", id, valid, err)
		}
	}
	w.clock.pass(staleToken)
	w.refusesToken(elsewhere, one.Token)
	w.admitsToken(elsewhere, other.Token)
	w.restart()
	w.refusesToken(w.Commands, one.Token)

	w.clock.pass(24*time.Hour - staleToken - time.Millisecond)
	w.admitsToken(w.Commands, other.Token)
	w.clock.pass(time.Millisecond)
	w.refusesToken(w.Commands, other.Token)
	list, err := w.Machines.List(t.Context())
	done(t, err)
	if got := []TokenState{list[0].Tokens[0].State, list[1].Tokens[0].State}; !cmp.Equal(got, []TokenState{TokenRevoked, TokenExpired}) {
		t.Errorf("the tokens are %q", got)
	}
}

// TestATokenIsShownOnce: whoever repeats a command after its first answer is gone is told so, and no second token is made.
func TestATokenIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.Machines.Add(t.Context(), NewRequest("system"), "tool", "Сынақ")
	done(t, err)
	issue := func() error {
		_, _, err := w.Machines.Issue(t.Context(), keyed("admin", "k", "body"), IssueToken{
			Machine: "tool", Scopes: []string{"feed:read"}, Expires: w.clock.Now().Add(time.Hour),
		})
		return err
	}
	done(t, issue())
	at := w.end()
	w.restart()
	if err := issue(); !problem.Has(err, "token-shown-before") {
		t.Errorf("the command again: %v", err)
	}
	w.happened(at)
}

func FuzzTokenLike(f *testing.F) {
	token, _, err := newToken()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", token, token[1:], token + "=", changed(token), httpapi.TokenPrefix} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if tokenLike(given) && (given == "" || tokenLike(changed(given)) || tokenLike(given+"\n")) {
			t.Errorf("%q is like a token, and so is what is near it", given)
		}
	})
}
