package blackbox_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"services.example/portal/infra/disktest"
)

// machines lists service accounts as the command line does: the columns of each line, without the times.
func machines(t *testing.T, data string) []string {
	t.Helper()
	moment := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	var rows []string
	for line := range strings.Lines(ok(t, "machine", "list", "--data", data)) {
		rows = append(rows, strings.Join(strings.Fields(moment.ReplaceAllString(line, "TIME")), " "))
	}
	return rows
}

// TestAServiceAccountsLife: it is made and given a token on the command line while the portal runs, reads what its scopes are
// for and nothing else, and is out when the token is revoked. The token is nowhere on disk.
func TestAServiceAccountsLife(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := start(t, data)
	id := regexp.MustCompile(`^machine ([0-9a-f-]{36})\n$`).
		FindStringSubmatch(ok(t, "machine", "add", "audit-tool", "--purpose", "Тексеру құралы", "--data", data))
	if id == nil {
		t.Fatal("adding did not print an id")
	}
	if rows := machines(t, data); !slices.Equal(rows[1:], []string{id[1] + " audit-tool none"}) {
		t.Errorf("listed %q", rows)
	}
	printed, stderr, code := run(t, "", "machine", "token", "audit-tool", "--scope", "audit:read,audit:personal", "--scope", "feed:read",
		"--scope", "analytics:read", "--days", "30", "--data", data)
	said := regexp.MustCompile(`^token ([0-9a-f-]{36}) is valid until `).FindStringSubmatch(stderr)
	token := strings.TrimSuffix(printed, "\n")
	if code != 0 || said == nil || !strings.HasPrefix(token, "portal_machine_") || strings.Contains(token, "\n") {
		t.Fatalf("making a token ended with %d: %s", code, stderr)
	}
	row := func(state, used string) string {
		return strings.Join([]string{id[1], "audit-tool", said[1], state, "TIME", used, "audit:read audit:personal analytics:read feed:read"}, " ")
	}
	if rows := machines(t, data); !slices.Equal(rows[1:], []string{row("valid", "never")}) {
		t.Errorf("listed %q", rows)
	}

	c := s.client(t, "en")
	bearer := []string{"Authorization", "Bearer " + token, "Audit-Reason", "yearly examination"}
	c.do(http.MethodGet, "/audit/events?limit=1", nil, bearer...).must(http.StatusOK, nil)
	c.do(http.MethodGet, "/categories", nil, bearer...).must(http.StatusOK, nil)
	for _, closed := range c.closedToMachines() {
		path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(closed.path, nowhere)
		c.do(closed.method, path, nil, bearer...).refused(http.StatusNotFound, "not-found")
	}
	if rows := machines(t, data); !slices.Equal(rows[1:], []string{row("valid", "TIME")}) {
		t.Errorf("listed %q", rows)
	}

	ok(t, "machine", "revoke", "audit-tool", said[1], "--data", data)
	refused := c.do(http.MethodGet, "/audit/events?limit=1", nil, bearer...)
	refused.refused(http.StatusUnauthorized, "token-wrong")
	if got := refused.header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Errorf("WWW-Authenticate %q", got)
	}
	s.stop()
	if rows := machines(t, data); !slices.Equal(rows[1:], []string{row("revoked", "TIME")}) {
		t.Errorf("listed while nothing runs %q", rows)
	}
	for _, wrong := range [][]string{
		{"token", "nobody", "--scope", "feed:read"}, {"token", "audit-tool", "--scope", "admin"}, {"revoke", "nobody"}, {"add", "Дана", "--purpose", "x"},
	} {
		if _, _, code := run(t, "", slices.Concat([]string{"machine"}, wrong, []string{"--data", data})...); code == 0 {
			t.Errorf("portal machine %q succeeded", wrong)
		}
	}
	secret := strings.TrimPrefix(token, "portal_machine_")
	if found := disktest.Holding(t, data, secret); len(found) > 0 || strings.Contains(s.out.String(), secret) {
		t.Errorf("the token is in %q, or in what the portal said", found)
	}
}

// closedToMachines are the operations that need a session and name no scope.
func (c *client) closedToMachines() []endpoint {
	c.t.Helper()
	var document struct {
		Paths map[string]map[string]struct{ Security []map[string][]string }
	}
	c.do(http.MethodGet, "/api/openapi.json", nil).must(http.StatusOK, &document)
	var closed []endpoint
	for path, methods := range document.Paths {
		for method, operation := range methods {
			names := func(ways map[string][]string) bool { return ways["machine"] != nil }
			if len(operation.Security) > 0 && !slices.ContainsFunc(operation.Security, names) {
				closed = append(closed, endpoint{method: strings.ToUpper(method), path: path})
			}
		}
	}
	if len(closed) < 50 {
		c.t.Fatalf("only %d operations are closed to machines: this test no longer reads the document", len(closed))
	}
	return closed
}

// TestAnAdministratorsTokenIsInForceAtOnce: over the API, with a token that other programs read by.
func TestAnAdministratorsTokenIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	admin, tool := s.admin(t), s.client(t, "ru")
	var made struct{ ID string }
	admin.do(http.MethodPost, "/admin/machines", map[string]string{"name": "open-data", "purpose": "Ашық деректер"}).must(http.StatusCreated, &made)
	var token struct{ ID, Token string }
	tokens := "/admin/machines/" + made.ID + "/tokens"
	ask := map[string]any{"scopes": []string{"audit:read"}, "expires": time.Now().AddDate(0, 0, 30)}
	admin.do(http.MethodPost, tokens, ask).must(http.StatusCreated, &token)
	read := func() *answer {
		return tool.do(http.MethodGet, "/audit/streams/machines", nil, "Authorization", "Bearer "+token.Token, "Audit-Reason", "yearly examination")
	}
	if history := string(read().must(http.StatusOK, nil).body); strings.Contains(history, "Ашық") || strings.Contains(history, token.Token) {
		t.Error("a token without audit:personal shows what a person wrote")
	}
	admin.do(http.MethodDelete, tokens+"/"+token.ID, nil).must(http.StatusNoContent, nil)
	read().refused(http.StatusUnauthorized, "token-wrong")
}
