package blackbox_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/disktest"
)

// TestRefusedToStart lists how the portal may not be started, and what it says then.
func TestRefusedToStart(t *testing.T) {
	t.Parallel()
	production := []string{
		"--production", "--smtp", "smtp://127.0.0.1:1025", "--mail-from", "portal@portal.example",
		"--sms-gateway", "http://token@127.0.0.1:1026/sms", "--site-url", "https://portal.example",
	}
	without := func(flag string) []string {
		i := slices.Index(production, flag)
		return slices.Concat(production[:i], production[i+2:])
	}
	for _, r := range []struct {
		name string
		args []string
		says []string
	}{
		{"a demo for everybody", []string{"--listen", "0.0.0.0:0"}, []string{"this machine only", "--production"}},
		{"a demo on every address", []string{"--listen", ":0"}, []string{"this machine only"}},
		{"a demo on an address of IPv6", []string{"--listen", "[::]:0"}, []string{"this machine only"}},
		{"no address", []string{"--listen", "nowhere"}, []string{"address"}},
		{"a demo with a mail server", []string{"--smtp", "smtp://127.0.0.1:1025"}, []string{"gateways are for --production"}},
		{"a demo with an SMS gateway", []string{"--sms-gateway", "http://127.0.0.1/"}, []string{"gateways are for --production"}},
		{
			"production with nothing",
			[]string{"--production"},
			[]string{"--smtp", "--mail-from", "--sms-gateway", "--site-url"},
		},
		{"production without mail", without("--smtp"), []string{"--smtp"}},
		{"production without a sender", without("--mail-from"), []string{"--mail-from"}},
		{"production without SMS", without("--sms-gateway"), []string{"--sms-gateway"}},
		{"production without its address", without("--site-url"), []string{"--site-url"}},
		{
			"production with a gateway that is not encrypted",
			append(without("--sms-gateway"), "--sms-gateway", "http://Qurmanghazy-64@gateway.example/"),
			[]string{"SMS gateway", "https"},
		},
		{
			"production with a mail server that is no URL",
			append(without("--smtp"), "--smtp", "Qurmanghazy-64@host"),
			[]string{"smtp://"},
		},
		{"another event store", []string{"--event-store", "file://x"}, []string{"--event-store"}},
		{"a master key that is none", []string{"--master-key", "Qurmanghazy-64"}, []string{"master key"}},
		{"a flag that does not exist", []string{"--nothing"}, []string{"--nothing"}},
		{"a catalogue that does not exist", []string{"--catalogue", "nowhere"}, []string{"catalogue"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"serve", "--data", t.TempDir()}, r.args...)
			if !slices.Contains(r.args, "--listen") {
				args = append(args, "--listen", "127.0.0.1:0")
			}
			stdout, stderr, code := run(t, "", args...)
			if code == 0 || strings.Contains(stdout, "ready") {
				t.Fatalf("it started, and ended with %d", code)
			}
			for _, words := range r.says {
				if !strings.Contains(stderr, words) {
					t.Errorf("it says %q, without %q", stderr, words)
				}
			}
			if strings.Contains(stdout+stderr, "Qurmanghazy") || strings.Contains(stderr, "goroutine") {
				t.Errorf("it says %q", stdout+stderr)
			}
		})
	}
}

// TestOneProcess starts a second portal on the folder of one that runs. The folder lies deeper than the address of a
// socket can say.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	s := start(t, filepath.Join(t.TempDir(), strings.Repeat("deep/", 30)))
	if n := events(t, s.data); n == 0 {
		t.Error("the portal that runs was not asked")
	}
	if want := "portal ready at " + s.url + " (demo: "; !strings.HasPrefix(s.ready, want) {
		t.Errorf("the ready line is %q, want %q…", s.ready, want)
	}
	for _, second := range [][]string{
		{"serve", "--data", s.data, "--listen", "127.0.0.1:0"},
		{"seed", "--data", s.data},
	} {
		_, stderr, code := run(t, "", second...)
		if code == 0 || !strings.Contains(stderr, "in use") && !strings.Contains(stderr, "another process") {
			t.Errorf("portal %s on the same folder ended with %d: %s", second[0], code, stderr)
		}
	}
	s.client(t, "en").do(http.MethodGet, "/services", nil).must(http.StatusOK, nil)

	asked := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("it ended badly: %v\n%s", err, s.out)
	}
	if took := time.Since(asked); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
}

// gatewayServer stands for the gateways of production: it keeps what they were given.
type gatewayServer struct {
	*httptest.Server
	mu   sync.Mutex
	sent []struct{ To, Text string }
}

func startGateway(t *testing.T) *gatewayServer {
	t.Helper()
	g := &gatewayServer{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		var message struct{ To, Text string }
		if err := json.NewDecoder(r.Body).Decode(&message); err == nil && r.Header.Get("Authorization") == "Bearer token" {
			g.sent = append(g.sent, message)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gatewayServer) code(t *testing.T, phone string) string {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, message := range slices.Backward(g.sent) {
		if message.To == phone {
			return regexp.MustCompile(`[0-9]{4}`).FindString(message.Text)
		}
	}
	t.Fatal("no SMS was handed to the gateway")
	return ""
}

// TestProduction registers somebody in production, where nothing of a demo is left.
func TestProduction(t *testing.T) {
	t.Parallel()
	gateway := startGateway(t)
	data := t.TempDir()
	ok(t, "seed", "--data", data)
	ok(t, "project", "--data", data) // so that the catalogue is there from the first request on
	s := start(t, data, "--production", "--smtp", "smtp://127.0.0.1:1", "--mail-from", "portal@portal.example",
		"--sms-gateway", strings.Replace(gateway.URL, "http://", "http://token@", 1), "--site-url", "https://portal.example")
	if !strings.Contains(s.ready, "(production)") {
		t.Errorf("the ready line is %q", s.ready)
	}
	c := s.client(t, "en")
	for _, path := range []string{"/dev/outbox", "/dev/accounts", "/dev", "/"} {
		c.do(http.MethodGet, path, nil).refused(http.StatusNotFound, "not-found")
	}
	var found struct{ Total int }
	c.do(http.MethodGet, "/services", nil).must(http.StatusOK, &found)
	if found.Total == 0 {
		t.Error("what was seeded is not there")
	}
	c.do(http.MethodPost, "/sessions", map[string]any{"login": identitytest.IIN(910_001), "password": "Demo-2026-portal"}).
		refused(http.StatusUnauthorized, "invalid-credentials")

	p := individual(4001)
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/registrations", p.registration).must(http.StatusAccepted, &challenge)
	confirmed := c.do(http.MethodPost, "/registrations/confirm",
		map[string]any{"challengeId": challenge.ChallengeID, "code": gateway.code(t, p.phone)}).must(http.StatusCreated, nil)
	cookie := confirmed.header.Get("Set-Cookie")
	for _, part := range []string{"__Host-portal-session=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the session cookie lacks %s: %s", part, strings.Split(cookie, "=")[0])
		}
	}
	if strings.Contains(cookie, "Domain=") {
		t.Error("the session cookie is for a whole domain")
	}
	token := strings.Split(strings.Split(cookie, ";")[0], "=")[1]
	c.do(http.MethodPost, "/password-resets", map[string]any{"login": p.login}).must(http.StatusAccepted, nil) // as for a stranger
	gateway.Close()
	down := c.do(http.MethodPost, "/sessions", map[string]any{"login": p.login, "password": p.password})
	down.refused(http.StatusServiceUnavailable, "message-not-sent")
	if down.header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	c = s.client(t, "en") // a jar would add its own cookie
	c.do(http.MethodGet, "/me", nil, "Cookie", "__Host-portal-session="+token).must(http.StatusOK, nil)
	c.do(http.MethodGet, "/me", nil, "Cookie", "portal-session="+token).refused(http.StatusUnauthorized, "sign-in-required")
}

// demoAccount is one of /dev/accounts.
type demoAccount struct{ Role, Login, Password, Phone, Provider, TOTP string }

// code is what confirms a sign-in: the authenticator's, or that of the SMS.
func (a demoAccount) code(t *testing.T, c *client) string {
	t.Helper()
	if a.TOTP == "" {
		return c.code(a.Phone)
	}
	code, err := totp.GenerateCode(a.TOTP, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestDemoPeople signs in everybody whom /dev/accounts shows: staff with an authenticator, applicants by SMS.
func TestDemoPeople(t *testing.T) { //nolint:tparallel // the outbox is looked at when all are in
	t.Parallel()
	s := start(t, t.TempDir())
	var accounts []demoAccount
	s.client(t, "en").do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	roles := map[string]int{}
	for _, account := range accounts {
		roles[account.Role]++
		t.Run(account.Role+" "+account.Login, func(t *testing.T) {
			c := s.client(t, "en")
			var challenge struct{ ChallengeID string }
			c.do(http.MethodPost, "/sessions", map[string]any{"login": account.Login, "password": account.Password}).
				must(http.StatusAccepted, &challenge)
			confirm := map[string]any{"challengeId": challenge.ChallengeID, "code": account.code(t, c)}
			c.do(http.MethodPost, "/sessions/confirm", confirm).must(http.StatusOK, nil)
			var me struct {
				Login      string
				Roles      []string
				ProviderID string
			}
			c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
			if me.Login != account.Login || !slices.Equal(me.Roles, []string{account.Role}) || me.ProviderID != account.Provider {
				t.Errorf("signed in as %+v", me)
			}
			c.do(http.MethodPost, "/sessions/confirm", confirm).refused(http.StatusGone, "code-expired")
		})
	}
	if diff := cmp.Diff(map[string]int{
		"operator": 3, "executor": 3, "provider-admin": 3, "admin": 1, "auditor": 1, "analyst": 1, "applicant": 2,
	}, roles); diff != "" {
		t.Error(diff)
	}
	outbox := s.client(t, "en").do(http.MethodGet, "/dev/outbox", nil)
	var messages []struct {
		Channel, To, Text string
		At                time.Time
	}
	outbox.must(http.StatusOK, &messages)
	if len(messages) != 2 || messages[0].Channel != "sms" || messages[0].Text == "" || messages[0].At.Before(messages[1].At) {
		t.Errorf("the outbox, newest first: %d messages", len(messages))
	}
}

// TestSeed loads the catalogue twice, and one with a mistake.
func TestSeed(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if first := ok(t, "seed", "--data", data); !regexp.MustCompile(`^catalogue loaded: [1-9][0-9]* new events\n$`).MatchString(first) {
		t.Errorf("the first time it said %q", first)
	}
	loaded := events(t, data)
	if again := ok(t, "seed", "--data", data); again != "catalogue loaded: 0 new events\n" {
		t.Errorf("the second time it said %q", again)
	}
	if now := events(t, data); now != loaded {
		t.Errorf("the second time wrote %d events", now-loaded)
	}

	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("..", "catalogue", "data"))); err != nil {
		t.Fatal(err)
	}
	service := filepath.Join(folder, "services", "legal-consultation.yaml")
	content, err := os.ReadFile(service)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(content, []byte("term: {days: 5, kind: working}"), []byte("term: {days: 5, kind: lunar}"), 1)
	if bytes.Equal(content, broken) {
		t.Fatal("nothing was broken")
	}
	if err := os.WriteFile(service, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := run(t, "", "seed", "--data", data, "--catalogue", folder)
	if code == 0 || !strings.Contains(stderr, "services/legal-consultation.yaml") || !strings.Contains(stderr, "term") {
		t.Errorf("a catalogue with a mistake ended with %d: %s", code, stderr)
	}
	if now := events(t, data); now != loaded {
		t.Errorf("a catalogue with a mistake wrote %d events", now-loaded)
	}
}

// TestBackup copies a portal that is running, and serves the copy: everything is there.
func TestBackup(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	held := newBelongings(t, s)

	backup := filepath.Join(t.TempDir(), "copy")
	if said := ok(t, "backup", "--data", s.data, backup); !strings.Contains(said, "master key is not among them") {
		t.Errorf("backup said %q", said)
	}
	if _, stderr, code := run(t, "", "backup", "--data", s.data, backup); code == 0 || !strings.Contains(stderr, "not empty") {
		t.Errorf("a second copy into the same folder ended with %d: %s", code, stderr)
	}
	want := events(t, s.data)
	s.stop()

	_, stderr, code := run(t, "", "project", "--data", backup)
	if code == 0 || !strings.Contains(stderr, "master key") {
		t.Errorf("a copy without its master key ended with %d: %s", code, stderr)
	}
	takeMasterKey(t, s.data, backup)
	if got := events(t, backup); got != want {
		t.Errorf("the copy has %d events, want %d", got, want)
	}
	held.isIn(t, start(t, backup))
}

// TestVerify checks a log that is running, one that rests, one that is damaged, and none.
func TestVerify(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	running := events(t, s.data)
	s.stop()
	if resting := events(t, s.data); running == 0 || resting != running {
		t.Errorf("%d events while it runs, %d at rest", running, resting)
	}
	damaged := 0
	log := filepath.Join(s.data, "events")
	err := filepath.WalkDir(log, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".sst" && filepath.Ext(path) != ".log" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || len(content) < 4096 {
			return err
		}
		for i := len(content) / 4; i < len(content)/2; i++ {
			content[i] ^= 0xff
		}
		damaged++
		return os.WriteFile(path, content, 0o600)
	})
	if err != nil || damaged == 0 {
		t.Fatalf("damaged %d files: %v", damaged, err)
	}
	stdout, stderr, code := run(t, "", "verify", "--data", s.data)
	if code == 0 || strings.Contains(stdout, "sound") || strings.Contains(stderr, "goroutine") {
		t.Errorf("a damaged log ended with %d: %s%s", code, stdout, stderr)
	}
	if _, stderr, code := run(t, "", "verify", "--data", filepath.Join(t.TempDir(), "nothing")); code == 0 || stderr == "" {
		t.Errorf("no log ended with %d: %q", code, stderr)
	}
}

// TestProject shows the read models, and rebuilds one while people work.
func TestProject(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	b := newBadInput(t, s)
	table := ok(t, "project", "--data", s.data)
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if !strings.HasPrefix(lines[0], "READ MODEL") {
		t.Errorf("the table begins with %q", lines[0])
	}
	var names []string
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		names = append(names, fields[0])
		if fields[2] != "live" {
			t.Errorf("read model %s is %s", fields[0], fields[2])
		}
	}
	if !slices.Contains(names, "my_applications") || !slices.Contains(names, "application_page") || len(names) < 10 {
		t.Errorf("read models: %v", names)
	}
	metrics := string(s.client(t, "en").do(http.MethodGet, "/metrics", nil).must(http.StatusOK, nil).body)
	for _, name := range names {
		for _, metric := range []string{"projections_lag_events", "projections_lag_seconds"} {
			if !regexp.MustCompile(metric + `\{[^}]*projection="` + name + `"`).MatchString(metrics) {
				t.Errorf("no %s of %s", metric, name)
			}
		}
	}

	stop, working := make(chan struct{}), sync.WaitGroup{}
	var failed string
	started := make(chan struct{})
	begun := sync.OnceFunc(func() { close(started) })
	working.Go(func() {
		defer begun()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			a, err := b.c.try(http.MethodPost, "/applications", map[string]any{"serviceId": b.service.ID})
			if err != nil || a.status != http.StatusCreated {
				failed = fmt.Sprintf("command %d under a rebuild: %+v, %v", i, a, err)
				return
			}
			if a, err = b.c.try(http.MethodGet, "/my/applications", nil); err != nil || a.status != http.StatusOK {
				failed = fmt.Sprintf("query %d under a rebuild: %+v, %v", i, a, err)
				return
			}
			begun()
		}
	})
	<-started
	for range 3 {
		report := ok(t, "project", "--data", s.data, "--rebuild", "my_applications")
		lines := strings.Split(strings.TrimSpace(report), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[1], "my_applications ") || !strings.HasSuffix(lines[1], "  0 differences") {
			t.Errorf("rebuilding said %q", report)
		}
	}
	close(stop)
	working.Wait()
	if failed != "" {
		t.Error(failed)
	}
	if _, stderr, code := run(t, "", "project", "--data", s.data, "--rebuild", "nothing"); code == 0 || !strings.Contains(stderr, "nothing") {
		t.Errorf("an unknown read model ended with %d: %s", code, stderr)
	}
	s.stop()
	checkStores(t, s.data)
}

// TestStaff makes an account of staff, who then signs in with the authenticator that it printed.
func TestStaff(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	args := []string{
		"staff", "--data", data, "--iin", identitytest.IIN(4100), "--last-name", "Қайыңбек", "--first-name", "Олжас",
		"--email", "staff4100@applicant.example", "--phone", identitytest.Phone(4100), "--role", "auditor",
	}
	printed, stderr, code := run(t, testPassword+"\n", args...)
	if code != 0 {
		t.Fatalf("it ended with %d: %s", code, stderr)
	}
	secret := regexp.MustCompile(`(?m)^account [0-9a-f-]{36}\nauthenticator otpauth://totp/\S+[?&]secret=([A-Z2-7]+)`).FindStringSubmatch(printed)
	if secret == nil {
		t.Fatalf("it printed %d characters", len(printed))
	}
	if _, stderr, code := run(t, testPassword+"\n", args...); code == 0 || !strings.Contains(stderr, "identity-taken") {
		t.Errorf("the same person again ended with %d: %s", code, stderr)
	}
	for _, wrong := range []struct{ flag, value, says string }{
		{"--iin", "123456789012", "iin"}, {"--role", "king", "roles"}, {"--role", "operator", "providerId"}, {"--email", "x", "email"},
	} {
		changed := slices.Clone(args)
		changed[slices.Index(changed, wrong.flag)+1] = wrong.value
		if wrong.flag != "--iin" {
			changed[slices.Index(changed, "--iin")+1] = identitytest.IIN(4101)
		}
		if _, stderr, code := run(t, testPassword+"\n", changed...); code == 0 || !strings.Contains(stderr, wrong.says) {
			t.Errorf("%s %s ended with %d: %s", wrong.flag, wrong.value, code, stderr)
		}
	}
	c := start(t, data).client(t, "en")
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/sessions", map[string]any{"login": identitytest.IIN(4100), "password": testPassword}).
		must(http.StatusAccepted, &challenge)
	totpCode, err := totp.GenerateCode(secret[1], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.do(http.MethodPost, "/sessions/confirm", map[string]any{"challengeId": challenge.ChallengeID, "code": totpCode}).must(http.StatusOK, nil)
	var me struct{ Roles []string }
	c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	if !slices.Equal(me.Roles, []string{"auditor"}) {
		t.Errorf("roles %v", me.Roles)
	}
}

// TestOperations reads what operators watch. No metric names an application or a person.
func TestOperations(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	b := newBadInput(t, s)
	b.c.do(http.MethodGet, "/applications/"+b.draft.ID, nil).must(http.StatusOK, nil)
	b.c.do(http.MethodGet, "/services/"+b.service.ID, nil).must(http.StatusOK, nil)
	b.c.do(http.MethodGet, "/nothing/"+b.draft.ID, nil).refused(http.StatusNotFound, "not-found")
	b.c.do("BREW", "/applications/"+b.draft.ID, nil).refused(http.StatusMethodNotAllowed, "method-not-allowed")

	if alive := b.c.do(http.MethodGet, "/healthz", nil).must(http.StatusOK, nil); string(alive.body) != "ok\n" {
		t.Errorf("/healthz answered %q", alive.body)
	}
	var ready struct {
		Ready       bool
		Events      string
		Projections []struct{ Name, State, Error string }
	}
	b.c.do(http.MethodGet, "/readyz", nil).must(http.StatusOK, &ready)
	if !ready.Ready || ready.Events != "ok" || len(ready.Projections) < 10 {
		t.Errorf("/readyz answered %+v", ready)
	}
	metrics := string(b.c.do(http.MethodGet, "/metrics", nil).must(http.StatusOK, nil).body)
	route := `http_server_request_duration_seconds_count\{http_request_method="GET",http_response_status_code="200",http_route="/api/v1/applications/\{id\}"`
	if !regexp.MustCompile(route).MatchString(metrics) {
		t.Error("no metric of the application's page")
	}
	if ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|BREW|\b[0-9]{12}\b`).FindAllString(metrics, 3); ids != nil {
		t.Errorf("metrics name %q", ids)
	}
	for _, page := range []struct{ path, kind, holds string }{
		{"/", "text/html; charset=utf-8", "DEMO"},
		{"/api/docs", "text/html; charset=utf-8", "<script"},
		{"/api/openapi.json", "application/openapi+json", `"openapi":"3.1`},
	} {
		a := b.c.do(http.MethodGet, page.path, nil).must(http.StatusOK, nil)
		if a.header.Get("Content-Type") != page.kind || !bytes.Contains(a.body, []byte(page.holds)) {
			t.Errorf("%s is %s and holds no %s", page.path, a.header.Get("Content-Type"), page.holds)
		}
	}
}

// TestNothingInClear looks for everything personal that was written into a portal in the files of its event store, its
// attachments, its keys, and its uploads. The read store may hold it: it can be dropped, and is built again.
func TestNothingInClear(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	c, p := s.client(t, "kk"), individual(4200)
	c.register(p)
	service := c.service("legal consultation")
	secrets := []string{
		p.login, strings.TrimPrefix(p.phone, "+7"), p.email, p.password, "Бозторғай", "Айбек", "Нұрланұлы",
		"Көкмайса", "KZ-Құпия-мәтін-7", "Сыр-құжат", "құпия-файл",
	}
	c.do(http.MethodPut, "/me/client-card", map[string]any{"street": "Көкмайса көшесі"}).must(http.StatusOK, nil)
	var draft started
	c.do(http.MethodPost, "/applications", map[string]any{"serviceId": service.ID}, "Idempotency-Key", "start").must(http.StatusCreated, &draft)
	path := "/applications/" + draft.ID
	c.do(http.MethodPut, path+"/steps/"+service.step("form"), map[string]any{"data": map[string]any{"note": "KZ-Құпия-мәтін-7"}},
		"Idempotency-Key", "save").must(http.StatusOK, nil)
	content := append(slices.Clone(pdfBytes), "құпия-файл"...)
	c.do(http.MethodPost, path+"/files?step="+service.step("document"), file("Сыр-құжат.pdf", content)).must(http.StatusCreated, nil)
	c.do(http.MethodPost, "/password-resets", map[string]any{"login": p.login}).must(http.StatusAccepted, nil)
	secrets = append(secrets, c.resetToken(p.email))
	c.do(http.MethodPost, path+"/submit", nil).refused(http.StatusUnprocessableEntity, "incomplete")
	c.do(http.MethodGet, path, nil).must(http.StatusOK, nil)

	backup := filepath.Join(t.TempDir(), "copy") // flushes the log into tables
	ok(t, "backup", "--data", s.data, backup)
	s.stop()
	for _, secret := range secrets {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(secret))[:len(secret)])
	}
	for _, folder := range []string{"events", "files", "keys", "uploads"} {
		if found := disktest.Holding(t, filepath.Join(s.data, folder), secrets...); len(found) > 0 {
			t.Errorf("in clear: %q", found)
		}
	}
	if found := disktest.Holding(t, backup, secrets...); len(found) > 0 {
		t.Errorf("in clear in the copy: %q", found)
	}
	for _, folder := range []string{filepath.Join(s.data, "events"), backup} {
		if len(disktest.Holding(t, folder, service.ID)) == 0 {
			t.Errorf("what is stored in clear was not found in %s: the search does not work", folder)
		}
	}
}
