package blackbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/readstore/mongostore/mongotest"
)

// binary is the portal as it is built for users.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "portal-binary")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "portal")
		build := exec.CommandContext(context.Background(), "go", slices.Concat([]string{"build", "-o", binary}, buildFlags, []string{".."})...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the portal: %v\n%s", err, out)
			return 1
		}
		defer mongotest.Stop()
		return m.Run()
	}())
}

// server is a running portal.
type server struct {
	t        *testing.T
	data     string
	url      string
	ready    string // the line that said so
	cmd      *exec.Cmd
	out      *lines // what it said on standard error
	refusals *lines // the bodies of all answers that refused something
}

// start runs the portal on a folder and waits for its ready line.
func start(t *testing.T, data string, flags ...string) *server {
	t.Helper()
	s, stdout := launch(t, data, flags...)
	var err error
	if s.ready, err = bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("the portal did not become ready: %v\n%s", err, s.out)
	}
	if s.url = regexp.MustCompile(`http://[0-9.]+:[0-9]+`).FindString(s.ready); s.url == "" {
		t.Fatalf("ready line %q names no address", s.ready)
	}
	return s
}

// launch runs the portal on a folder without waiting. In the end, nothing that it said or refused may hold what
// identifies one of the invented people, or their password.
func launch(t *testing.T, data string, flags ...string) (*server, io.Reader) {
	t.Helper()
	s := &server{t: t, data: data, out: &lines{}, refusals: &lines{}}
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), binary,
		append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	s.cmd.Stderr = s.out
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the portal on %s said at last: …%s", data, s.out.end(4000))
		}
		if said := s.out.String(); strings.Contains(said, "DATA RACE") || strings.Contains(said, "panic") {
			t.Error(said)
		}
		for what, said := range map[string]string{"standard error": s.out.String(), "an answer that refuses": s.refusals.String()} {
			if leaks := personal.FindAllString(said, 3); leaks != nil {
				t.Errorf("personal values in %s: %q", what, leaks)
			}
		}
	})
	return s, stdout
}

// personal matches what identifies the people of these tests, and their passwords.
var personal = regexp.MustCompile(`(?:^|[^-0-9A-Za-z])(?:[0-9]{12}|\+?7[0-9]{10})\b|[a-z0-9.]+@applicant\.example|` +
	`(?i)qurmanghazy|parol-[0-9]|Demo-2026|Бозторғай|Айбек|Самұрық|Қиял`)

// kill ends the portal as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends the portal in order.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("the portal ended badly: %v\n%s", err, s.out)
	}
}

// lines collects what a process says.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// end is the last bytes of what was said.
func (l *lines) end(n int) string {
	said := l.String()
	return said[max(0, len(said)-n):]
}

// client is one browser: it has its cookies and its language.
type client struct {
	t        *testing.T
	server   *server
	queries  *server // another process of the same portal, which is asked what the first one was told; nil: the same
	http     *http.Client
	language string
	position string // of the latest command: queries ask for it
}

func (s *server) client(t *testing.T, language string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, server: s, http: &http.Client{Jar: jar}, language: language}
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// do sends a request. Headers come in pairs.
func (c *client) do(method, path string, body any, headers ...string) *answer {
	c.t.Helper()
	a, err := c.try(method, path, body, headers...)
	for again := 0; again < mostAgain && err == nil && method == http.MethodGet && c.shouldRepeat(a) && !slices.Contains(headers, "Min-Position"); again++ {
		a, err = c.try(method, path, body, headers...)
	}
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", method, path, err, c.server.out)
	}
	return a
}

// mostAgain is how often a page asks again that is told to, as the stand-in for MongoDB is slow. The portal waits each time.
const mostAgain = 12

// shouldRepeat tells whether an answer says that the same request is to be repeated for the sake of a read model, or of the
// stand-in's whole store, which takes seconds for a call where the machine has other work.
func (c *client) shouldRepeat(a *answer) bool {
	said := func(code string) bool { return strings.Contains(string(a.body), `"`+code+`"`) }
	onServers := slices.Contains(c.server.cmd.Args, "--read-store")
	return a.status == http.StatusServiceUnavailable && (said("read-model-behind") || onServers && said("store-unavailable"))
}

// try sends a request to a portal that may not live to answer it.
func (c *client) try(method, path string, body any, headers ...string) (*answer, error) {
	var reader io.Reader = http.NoBody
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case upload:
		reader, kind = b.body, b.kind
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = strings.NewReader(string(encoded))
	}
	asked := c.server
	if c.queries != nil && method == http.MethodGet && strings.HasPrefix(base(path), "/api") {
		asked = c.queries
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, asked.url+base(path)+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Language", c.language)
	if body != nil {
		request.Header.Set("Content-Type", kind)
	}
	if method == http.MethodGet && c.position != "" {
		request.Header.Set("Min-Position", c.position)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	a := &answer{t: c.t, status: response.StatusCode, header: response.Header}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	if a.status >= http.StatusBadRequest {
		_, _ = c.server.refusals.Write(a.body)
	}
	if position := response.Header.Get("Position"); position != "" {
		c.position = position
	}
	return a, nil
}

// base is where a path lies: under the API's version 1 unless it says so itself or is no part of the API.
func base(path string) string {
	for _, other := range []string{"/api", "/dev", "/healthz", "/readyz", "/metrics"} {
		if strings.HasPrefix(path, other) {
			return ""
		}
	}
	if path == "/" {
		return ""
	}
	return "/api/v1"
}

// run runs a command of the command line to its end, and answers what it printed and its exit code.
func run(t *testing.T, input string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("portal %v: %v", args, err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

// ok runs a command that must succeed.
func ok(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, code := run(t, "", args...)
	if code != 0 {
		t.Fatalf("portal %v ended with %d: %s%s", args, code, stdout, stderr)
	}
	return stdout
}

// events counts the events of a portal's log, which may be running.
func events(t *testing.T, data string) int {
	t.Helper()
	report := ok(t, "verify", "--data", data)
	found := regexp.MustCompile(`^the event log is sound: ([0-9]+) events`).FindStringSubmatch(report)
	if found == nil {
		t.Fatalf("verify said %q", report)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// upload is a multipart body.
type upload struct {
	kind string
	body io.Reader
}

// must checks the status and reads the answer into a value (nil: not at all).
func (a *answer) must(status int, into any) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("answered %d, want %d: %s", a.status, status, a.body)
	}
	if into != nil {
		if err := json.Unmarshal(a.body, into); err != nil {
			a.t.Fatalf("reading the answer %s: %v", a.body, err)
		}
	}
	return a
}

// refusal is a problem answer.
type refusal struct {
	Type, Title, Detail, Code string
	Status                    int
	Errors                    []struct{ Location, Message, Code string }
}

// refused checks that the answer is a problem with this code.
func (a *answer) refused(status int, code string) refusal {
	a.t.Helper()
	var r refusal
	a.must(status, &r)
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Fatalf("a problem came as %q", kind)
	}
	if r.Code != code || r.Status != status || r.Title == "" || r.Type == "" {
		a.t.Fatalf("problem %+v, want code %s", r, code)
	}
	return r
}

// faults lists locations and codes of a refusal's fields, in order.
func (r refusal) faults() []string {
	var list []string
	for _, e := range r.Errors {
		list = append(list, e.Location+" "+e.Code)
	}
	return list
}

// code finds the latest one-time code to a phone.
func (c *client) code(phone string) string {
	c.t.Helper()
	var messages []struct{ Channel, To, Text string }
	c.do(http.MethodGet, "/dev/outbox?to="+url.QueryEscape(phone), nil).must(http.StatusOK, &messages)
	for _, message := range messages { // among notices
		if code := regexp.MustCompile(`^[0-9]{4}\b`).FindString(message.Text); code != "" {
			return code
		}
	}
	c.t.Fatalf("no code to %s among %d messages", phone, len(messages))
	return ""
}

// person is somebody invented.
type person struct {
	login, phone, email, password string
	registration                  map[string]any
}

const testPassword = "Qurmanghazy-64"

func individual(n int) person {
	p := person{
		login: identitytest.IIN(n), phone: identitytest.Phone(n), email: fmt.Sprintf("individual%d@applicant.example", n),
		password: testPassword,
	}
	p.registration = map[string]any{
		"kind": "individual", "iin": p.login, "lastName": "Бозторғай", "firstName": "Айбек", "middleName": "Нұрланұлы",
		"email": p.email, "phone": p.phone, "password": p.password, "notifyBy": []string{"sms"},
	}
	return p
}

func legal(n int) person {
	p := person{
		login: identitytest.BIN(n), phone: identitytest.Phone(1_000_000 + n), email: fmt.Sprintf("legal%d@applicant.example", n),
		password: testPassword,
	}
	p.registration = map[string]any{
		"kind": "legal", "bin": p.login, "organization": "«Қиял» ЖШС", "lastName": "Самұрық", "firstName": "Дана",
		"email": p.email, "phone": p.phone, "password": p.password, "notifyBy": []string{"email", "sms"},
	}
	return p
}

// register makes an account and leaves the client signed in.
func (c *client) register(p person) {
	c.t.Helper()
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/registrations", p.registration).must(http.StatusAccepted, &challenge)
	c.do(http.MethodPost, "/registrations/confirm",
		map[string]any{"challengeId": challenge.ChallengeID, "code": c.code(p.phone)}).must(http.StatusCreated, nil)
}

// signIn signs in with password and code.
func (c *client) signIn(p person, stay bool) *answer {
	c.t.Helper()
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/sessions", map[string]any{"login": p.login, "password": p.password, "stay": stay}).
		must(http.StatusAccepted, &challenge)
	return c.do(http.MethodPost, "/sessions/confirm",
		map[string]any{"challengeId": challenge.ChallengeID, "code": c.code(p.phone)}).must(http.StatusOK, nil)
}
