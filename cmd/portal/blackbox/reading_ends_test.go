package blackbox_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// mostStale is for how long at most somebody reads on who may not any more, in whichever process.
const mostStale = 5 * time.Second

// follows opens an answer that goes on, and tells when it has ended.
func (c *client) follows(path string, headers ...string) <-chan struct{} {
	c.t.Helper()
	asked := c.server
	if c.queries != nil {
		asked = c.queries
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(c.t.Context()), http.MethodGet, asked.url+base(path)+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = response.Body.Close() })
	body := bufio.NewReader(response.Body)
	if _, err := body.Peek(1); err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s answered %d, %v", path, response.StatusCode, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, body)
	}()
	return ended
}

// within waits for something that must happen, and tells how long after a moment it did.
func within[T any](t *testing.T, since time.Time, happens <-chan T) (took time.Duration, what T) {
	t.Helper()
	select {
	case what = <-happens:
		return time.Since(since), what
	case <-time.After(4 * mostStale):
		t.Fatal("it goes on and on")
		return 0, what
	}
}

// polls waits for the answer to one request, with which it ends.
func (c *client) polls(path string, headers ...string) <-chan string {
	answered := make(chan string, 1)
	go func() {
		a, err := c.try(http.MethodGet, path, nil, headers...)
		if err != nil {
			answered <- err.Error()
			return
		}
		answered <- http.StatusText(a.status) + " " + string(a.body)
	}()
	return answered
}

// TestReadingEndsWithTheRightToRead: a program's when its token is revoked or expires, a person's with the session. What goes on for
// ever ends, and who only waits is told why.
func TestReadingEndsWithTheRightToRead(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	admin, tool := s.admin(t), s.client(t, "en")
	c, other := s.client(t, "kk"), s.client(t, "kk")
	c.register(individual(2921))
	other.register(individual(2922))
	var made struct{ ID string }
	admin.do(http.MethodPost, "/admin/machines", map[string]string{"name": "tool", "purpose": "Сынақ"}).must(http.StatusCreated, &made)
	tokens := "/admin/machines/" + made.ID + "/tokens"
	issue := func(lifetime time.Duration) (id string, headers []string) {
		var token struct{ ID, Token string }
		admin.do(http.MethodPost, tokens, map[string]any{"scopes": []string{"audit:read", "feed:read"}, "expires": time.Now().Add(lifetime)}).
			must(http.StatusCreated, &token)
		return token.ID, []string{"Authorization", "Bearer " + token.Token, "Audit-Reason", "yearly examination"}
	}
	_, short := issue(time.Second)
	issued := time.Now()
	expires := tool.follows("/audit/events?follow=true", short...)
	id, long := issue(time.Hour)
	var page struct{ Next string }
	for more := true; more; {
		var next struct {
			Next string
			More bool
		}
		tool.do(http.MethodGet, "/feed?limit=1000&after="+page.Next, nil, long...).must(http.StatusOK, &next)
		page.Next, more = next.Next, next.More
	}
	opened := map[string]<-chan struct{}{
		"the log":  tool.follows("/audit/events?follow=true", long...),
		"the feed": tool.follows("/feed?follow=true", long...),
	}
	waits := tool.polls("/feed?wait=30&after="+page.Next, long...)
	mine, theirs := c.follows("/my/events"), other.follows("/my/events")

	revoked := time.Now()
	admin.do(http.MethodDelete, tokens+"/"+id, nil).must(http.StatusNoContent, nil)
	c.do(http.MethodDelete, "/sessions/current", nil).must(http.StatusNoContent, nil)
	opened["a person's page"] = mine
	for name, ended := range opened {
		if took, _ := within(t, revoked, ended); took > mostStale {
			t.Errorf("%s went on for %v", name, took)
		}
	}
	if took, said := within(t, revoked, waits); took > mostStale || !strings.HasPrefix(said, "Unauthorized") || !strings.Contains(said, "token-wrong") {
		t.Errorf("who waited was told after %v: %s", took, said)
	}
	if took, _ := within(t, issued, expires); took > time.Second+mostStale {
		t.Errorf("an expired token reads on until %v after it was made", took)
	}
	select {
	case <-theirs:
		t.Error("the page of somebody who stayed has ended, too")
	default:
	}
}
