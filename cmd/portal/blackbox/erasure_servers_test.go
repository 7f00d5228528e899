package blackbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"services.example/portal/infra/keyring"
	"services.example/portal/infra/transparency"
)

// flagOf is the value of a flag.
func flagOf(t *testing.T, flags []string, name string) string {
	t.Helper()
	at := slices.Index(flags, name)
	if at < 0 {
		t.Fatalf("no %s among %q", name, flags)
	}
	return flags[at+1]
}

// inMongo lists the collections of a database that hold one of these texts, with the text.
func inMongo(t *testing.T, address string, texts ...string) []string {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(address))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(t.Context()) }()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	database := client.Database(strings.TrimPrefix(parsed.Path, "/"))
	names, err := database.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range names {
		documents, err := database.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for documents.Next(t.Context()) {
			for _, text := range texts {
				if bytes.Contains(documents.Current, []byte(text)) {
					found = append(found, name+": "+text)
				}
			}
		}
		if err := documents.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// history gives the lines of one stream as a program reads them.
func (c *client) history(token, stream string) (lines []string, all string) {
	c.t.Helper()
	body := c.do(http.MethodGet, "/audit/streams/"+stream, nil, "Authorization", "Bearer "+token, "Audit-Reason", "yearly examination").
		must(http.StatusOK, nil).body
	for line := range strings.Lines(string(body)) {
		var event struct{ ID, Type string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			c.t.Fatal(err)
		}
		if event.Type != "" {
			lines = append(lines, event.Type+" "+event.ID)
		}
	}
	return lines, string(body)
}

// signedBeyond waits for a signed checkpoint of more records than so many.
func (c *client) signedBeyond(key string, records uint64) (signed transparency.Signed) {
	c.t.Helper()
	eventually(c.t, func() bool {
		note := c.do(http.MethodGet, "/audit/log/checkpoint", nil)
		if note.status != http.StatusOK {
			return false
		}
		var err error
		if signed, err = transparency.Open(note.body, key); err != nil {
			c.t.Fatal(err)
		}
		return signed.Size > records
	})
	return signed
}

// TestAPersonIsErasedOnServers erases somebody on a portal of two processes: one takes the order, the other carries it out, and a
// moment later neither can use the key any more. MongoDB holds nothing of them then, the records are as they were, and what was signed
// over them before is continued.
func TestAPersonIsErasedOnServers(t *testing.T) {
	t.Parallel()
	p := legal(2104)
	flags := append(onServers(t), "--erasure-pause", "0s", "--erasure-every", "1s", "--checkpoint-every", "100ms")
	o := openOffice(t, p, "шығындарды өтеу", flags...) // which has the reactors, and trusts its own demo authority
	other := start(t, t.TempDir(), flags...)
	one, two := o.server.admin(t), o.server.secondAdmin(t, 2105)
	for _, c := range []*client{o.applicant, o.operator, o.executor, o.admin} {
		c.queries = other
	}
	one.server, two.server = other, other // whose order the first one carries out
	letter := "Құпия хат"
	o.by(o.applicant, http.MethodPost, "/messages", map[string]any{"text": letter}, http.StatusCreated, nil)
	o.supportMeasure()
	var agreement string
	for _, document := range o.page(o.applicant).Documents {
		if document.Kind == "agreement" {
			agreement = document.ID
		}
	}
	eventually(t, func() bool { return o.proven("/documents/"+agreement, 2) })
	content := o.content(o.executor, agreement)
	var me struct{ ID string }
	o.applicant.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)

	ok(t, "machine", "add", "audit-tool", "--purpose", "Тексеру құралы", "--data", o.server.data)
	printed := ok(t, "machine", "token", "audit-tool", "--scope", "audit:read,audit:personal,feed:read", "--days", "1", "--data", o.server.data)
	token := strings.TrimSpace(printed)
	there, here := other.client(t, "en"), o.server.client(t, "en")
	account, thread := "account-"+me.ID, "correspondence-"+o.application.ID
	accountBefore, personal := there.history(token, account)
	threadBefore, words := there.history(token, thread)
	if !strings.Contains(personal, p.login) || !strings.Contains(words, letter) {
		t.Fatal("the other process does not show the person before: the search does not work")
	}
	address := strings.TrimSpace(string(read(t, strings.TrimPrefix(flagOf(t, flags, "--read-store"), "file:"))))
	values := []string{p.login, p.phone, p.email, letter}
	if len(inMongo(t, address, values...)) == 0 {
		t.Fatal("MongoDB holds nothing before: the search does not work")
	}
	key := strings.TrimSpace(ok(t, "audit", "key", "--data", o.server.data))
	earlier := there.signedBeyond(key, 0)

	o.applicant.do(http.MethodPost, "/my/erasure", map[string]any{"password": p.password}).must(http.StatusAccepted, nil)
	path := "/admin/erasures/" + me.ID
	for _, admin := range []*client{one, two} {
		admin.do(http.MethodPost, path+"/approve", nil).must(http.StatusOK, nil)
	}
	o.applicant.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required") // the other process says so
	var status struct {
		Stage             string
		Unreadable, Files int
		Held              []struct{ DocumentID string }
	}
	stage := func() string {
		two.do(http.MethodGet, path, nil).must(http.StatusOK, &status)
		return status.Stage
	}
	eventually(t, func() bool { return slices.Contains([]string{"key-destroyed", "completed"}, stage()) })
	destroyed := time.Now() // or a little before
	for _, c := range []*client{there, here} {
		eventually(t, func() bool {
			_, personal := c.history(token, account)
			return !strings.Contains(personal, p.login)
		})
	}
	if took := time.Since(destroyed); took > keyring.Staleness+time.Second {
		t.Errorf("the key was used for %v", took)
	}
	eventually(t, func() bool { return stage() == "completed" })
	if len(status.Held) != 1 || status.Held[0].DocumentID != agreement || status.Unreadable < 5 || status.Files < 5 {
		t.Errorf("completed as %+v", status)
	}
	if found := inMongo(t, address, values...); len(found) > 0 {
		t.Errorf("still in MongoDB: %q", found)
	}
	files := strings.TrimPrefix(flagOf(t, flags, "--files"), "file://")
	if left, err := os.ReadDir(filepath.Join(files, me.ID)); err == nil && len(left) > 0 {
		t.Errorf("%d files are still there", len(left))
	}

	accountAfter, personal := there.history(token, account)
	threadAfter, words := there.history(token, thread)
	if strings.Contains(personal+words, p.login) || strings.Contains(personal+words, letter) {
		t.Error("history still names the person")
	}
	if !slices.Equal(threadBefore, threadAfter) || len(accountAfter) < len(accountBefore) || !slices.Equal(accountBefore, accountAfter[:len(accountBefore)]) {
		t.Errorf("the records are others: %q and %q were %q and %q", accountAfter, threadAfter, accountBefore, threadBefore)
	}
	for _, s := range []*server{o.server, other} {
		var consistency transparency.Consistency
		anybody := s.client(t, "en")
		later := anybody.signedBeyond(key, earlier.Size)
		anybody.do(http.MethodGet, fmt.Sprintf("/audit/log/consistency?from=%d&to=%d", earlier.Size, later.Size), nil).
			must(http.StatusOK, &consistency)
		if err := consistency.Verify(earlier.Checkpoint, later.Checkpoint); err != nil {
			t.Errorf("from %d to %d records: %v", earlier.Size, later.Size, err)
		}
	}
	for _, queries := range []*server{o.server, other} {
		o.executor.queries = queries
		if got := o.content(o.executor, agreement); !bytes.Equal(got, content) {
			t.Error("the agreement is not kept as it was")
		}
	}

	ended := there.follows("/feed?follow=true", "Authorization", "Bearer "+token)
	ok(t, "machine", "revoke", "audit-tool", "--data", o.server.data)
	if took, _ := within(t, time.Now(), ended); took > mostStale {
		t.Errorf("in the other process a revoked token reads on for %v", took)
	}
}
