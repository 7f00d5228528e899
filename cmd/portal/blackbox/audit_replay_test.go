package blackbox_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"services.example/portal/readapi/auditlog"
)

// TestAuditReplay: history is read in a browser's session, in a terminal on the portal's machine, and by a program from
// elsewhere; each reading is seen by the next auditor, and only those who may see personal data do.
func TestAuditReplay(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	who := individual(6201)
	applicant := s.client(t, "kk")
	applicant.register(who)
	var accounts []staffMember
	applicant.do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	var auditor *client
	for _, member := range accounts {
		if member.Role == "auditor" {
			auditor = s.staff(t, "en", member)
		}
	}
	const why = "Complaint 17 of 2026"
	const registered = "account.registration-started."
	printed := regexp.MustCompile(`(?m)^\S+  [-0-9]{10} [:0-9]{8}  account-[-0-9a-f]{36} 0  (.*)$`)
	said := func(out string) string {
		t.Helper()
		lines := printed.FindAllStringSubmatch(out, -1)
		if len(lines) == 0 {
			t.Fatalf("nothing was printed:\n%s", out)
		}
		return lines[len(lines)-1][1] // those before are of the demo's people
	}
	named := func(words string) bool {
		return strings.Contains(words, "Бозторғай") || strings.Contains(words, "Айбек")
	}

	inSession := auditor.do(http.MethodGet, "/audit/events?types="+registered, nil, "Audit-Reason", why)
	lines := strings.SplitAfter(strings.TrimSpace(string(inSession.body)), "\n")
	if inSession.status != http.StatusOK || len(lines) < 2 {
		t.Fatalf("answered %d: %d lines", inSession.status, len(lines))
	}
	last, err := auditlog.ParseLine([]byte(lines[len(lines)-2])) // before the mark of the end; those before are of the demo's people
	if err != nil {
		t.Fatal(err)
	}
	if !named(last.Sentence.RU) || strings.Contains(string(last.Data), "passwordHash") {
		t.Errorf("it says %q with %d bytes of data", last.Sentence.RU, len(last.Data))
	}

	onData := []string{"audit", "replay", "--data", s.data, "--types", registered, "--reason", why, "--language", "ru"}
	if words := said(ok(t, onData...)); !named(words) || !strings.HasPrefix(words, "Лицо без входа в систему: начата регистрация, физическое лицо: ") {
		t.Errorf("the terminal shows %d characters", len(words))
	}
	if words := said(ok(t, append(onData, "--no-personal")...)); named(words) || !strings.HasSuffix(words, " [withheld]") {
		t.Errorf("without personal data it shows %q", words)
	}

	ok(t, "machine", "add", "audit-tool", "--purpose", "Тексеру құралы", "--data", s.data)
	token := func(scopes string) string {
		out := ok(t, "machine", "token", "audit-tool", "--scope", scopes, "--days", "1", "--data", s.data)
		return regexp.MustCompile(`portal_machine_\S+`).FindString(out)
	}
	overHTTP := func(scopes string) []string {
		return []string{"audit", "replay", "--server", s.url, "--token", token(scopes), "--types", registered, "--reason", "Шағым № 17 бойынша", "--language", "ru"}
	}
	if words := said(ok(t, overHTTP("audit:read,audit:personal")...)); !named(words) {
		t.Errorf("a program that may see personal data is shown %d characters", len(words))
	}
	if words := said(ok(t, overHTTP("audit:read")...)); named(words) || !strings.HasSuffix(words, " [withheld]") {
		t.Errorf("a program that may not see personal data is shown %q", words)
	}
	if _, stderr, code := run(t, "", overHTTP("feed:read")...); code == 0 || !strings.Contains(stderr, "404") {
		t.Errorf("a program that may not read history: %d %s", code, stderr)
	}
	for _, wrong := range [][]string{
		{"--reason", "short"}, {"--reason", why, "--after", "x"}, {"--reason", why, "--server", "http://portal.example"}, {"--reason", why, "--server", "portal"},
	} {
		if _, stderr, code := run(t, "", append([]string{"audit", "replay", "--data", s.data}, wrong...)...); code == 0 || stderr == "" {
			t.Errorf("%q was accepted", wrong)
		}
	}

	readings := ok(t, "audit", "replay", "--data", s.data, "--types", "access.read.", "--reason", why, "--language", "en")
	for _, want := range []string{
		"Auditor: history was read: the log of events, types " + registered, "Console of the portal's machine: history was read",
		"personal data not shown; reason: " + why, "personal data not shown; reason: Шағым № 17 бойынша",
	} {
		if !strings.Contains(readings, want) {
			t.Errorf("no %q among the readings:\n%s", want, readings)
		}
	}
	if n := strings.Count(readings, "\n"); n != 5 {
		t.Errorf("%d readings were recorded:\n%s", n, readings)
	}
	rows := strings.Split(strings.TrimSpace(readings), "\n")
	auditor.position, _, _ = strings.Cut(rows[len(rows)-1], " ") // the answer must show what was read up to there
	var page struct {
		Items []struct {
			Reader struct{ Role string }
			Reason string
		}
	}
	auditor.do(http.MethodGet, "/audit/accesses?order=oldest", nil).must(http.StatusOK, &page)
	if len(page.Items) == 0 || page.Items[0].Reader.Role != "auditor" || page.Items[0].Reason != why {
		t.Errorf("the next auditor sees %+v", page.Items)
	}
	applicant.do(http.MethodGet, "/audit/accesses", nil).refused(http.StatusNotFound, "not-found")

	s.stop()
	if words := said(ok(t, onData...)); !named(words) {
		t.Errorf("of a portal that does not run, it shows %d characters", len(words))
	}
}
