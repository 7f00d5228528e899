package blackbox_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"services.example/portal/domain/identity/identitytest"
)

// TestStaffWhileThePortalRuns: an account is made, listed, blocked and unblocked in the portal that serves. Who is blocked is
// out at once.
func TestStaffWhileThePortalRuns(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := start(t, data)
	login := identitytest.IIN(4200)
	printed, stderr, code := run(t, testPassword+"\n", "staff", "add", "--data", data, "--iin", login, "--last-name", "Қайыңбек",
		"--first-name", "Олжас", "--email", "staff4200@applicant.example", "--phone", identitytest.Phone(4200),
		"--role", "executor", "--role", "operator", "--provider", "22222222-2222-4222-8222-222222222222")
	if code != 0 {
		t.Fatalf("adding ended with %d: %s", code, stderr)
	}
	made := regexp.MustCompile(`^account ([0-9a-f-]{36})\nauthenticator otpauth://totp/\S+[?&]secret=([A-Z2-7]+)`).FindStringSubmatch(printed)
	if made == nil {
		t.Fatalf("it printed %d characters", len(printed))
	}
	row := func(state string) string {
		return made[1] + " Қайыңбек Олжас executor operator 22222222-2222-4222-8222-222222222222 " + state
	}
	lists := func(want string) {
		t.Helper()
		var rows []string
		for line := range strings.Lines(ok(t, "staff", "list", "--data", data)) {
			rows = append(rows, strings.Join(strings.Fields(line), " "))
		}
		if rows[0] != "ACCOUNT NAME ROLES PROVIDER STATE" || len(rows) != 14 || !slices.Contains(rows, want) {
			t.Errorf("%d lines without %q, the first %q", len(rows), want, rows[0])
		}
	}
	lists(row("active"))

	c := s.client(t, "en")
	signIn := func() *answer {
		return c.do(http.MethodPost, "/sessions", map[string]any{"login": login, "password": testPassword})
	}
	var challenge struct{ ChallengeID string }
	signIn().must(http.StatusAccepted, &challenge)
	shown, err := totp.GenerateCode(made[2], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.do(http.MethodPost, "/sessions/confirm", map[string]any{"challengeId": challenge.ChallengeID, "code": shown}).must(http.StatusOK, nil)
	for range 2 {
		if said := ok(t, "staff", "block", "--data", data, login); said != "account "+made[1]+" is blocked; its sessions have ended\n" {
			t.Errorf("blocking said %q", said)
		}
	}
	c.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	signIn().refused(http.StatusUnauthorized, "account-blocked")
	lists(row("blocked"))
	if said := ok(t, "staff", "unblock", "--data", data, made[1]); said != "account "+made[1]+" is active\n" {
		t.Errorf("unblocking said %q", said)
	}
	signIn().must(http.StatusAccepted, nil)

	applicant := individual(4201)
	s.client(t, "en").register(applicant)
	for _, who := range []string{applicant.login, "nobody"} {
		if _, stderr, code := run(t, "", "staff", "block", "--data", data, who); code == 0 || !strings.Contains(stderr, "account-not-found") {
			t.Errorf("blocking who is not staff ended with %d: %s", code, stderr)
		}
	}

	s.stop()
	if said := ok(t, "staff", "block", "--data", data, login); said != "account "+made[1]+" is blocked; its sessions have ended\n" {
		t.Errorf("blocking while nothing runs said %q", said)
	}
	lists(row("blocked"))
}
