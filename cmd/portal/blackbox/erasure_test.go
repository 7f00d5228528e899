package blackbox_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/disktest"
)

// secondAdmin makes and signs in another administrator than the demo's.
func (s *server) secondAdmin(t *testing.T, n int) *client {
	t.Helper()
	login := identitytest.IIN(n)
	printed, stderr, code := run(t, testPassword+"\n", "staff", "add", "--data", s.data, "--iin", login, "--last-name", "Бұлбұл",
		"--first-name", "Жанар", "--email", "second-admin@applicant.example", "--phone", identitytest.Phone(n), "--role", "admin")
	if code != 0 {
		t.Fatalf("adding ended with %d: %s", code, stderr)
	}
	secret := regexp.MustCompile(`[?&]secret=([A-Z2-7]+)`).FindStringSubmatch(printed)
	if secret == nil {
		t.Fatalf("it printed %d characters", len(printed))
	}
	return s.staff(t, "en", staffMember{Login: login, Password: testPassword, TOTP: secret[1]})
}

// TestAPersonIsErasedEverywhere: somebody with a signed agreement takes their copy, asks to be erased, two administrators
// agree. Then no store holds them, in no file on the disk, and the agreement is there with its evidence.
func TestAPersonIsErasedEverywhere(t *testing.T) {
	t.Parallel()
	p := legal(5302)
	o := openOffice(t, p, "шығындарды өтеу", "--erasure-pause", "0s", "--erasure-every", "1s")
	data := o.server.data
	one, two := o.server.admin(t), o.server.secondAdmin(t, 5303)
	letter, note := "Құпия хат "+uuid.NewString(), "Құпия жазба "+uuid.NewString()
	o.by(o.applicant, http.MethodPost, "/messages", map[string]any{"text": letter}, http.StatusCreated, nil)
	o.by(o.executor, http.MethodPost, "/notes", map[string]any{"text": note}, http.StatusCreated, nil)
	var me struct{ ID string }
	o.applicant.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)

	var asked struct {
		Stage     string
		Obstacles []struct{ Code, Message, ApplicationID string }
	}
	ask := func() {
		t.Helper()
		o.applicant.do(http.MethodPost, "/my/erasure", map[string]any{"password": p.password}).must(http.StatusAccepted, nil)
		asked.Obstacles = nil
		o.applicant.do(http.MethodGet, "/my/erasure", nil).must(http.StatusOK, &asked)
	}
	o.applicant.do(http.MethodPost, "/my/erasure", map[string]any{"password": "not it"}).refused(http.StatusUnprocessableEntity, "invalid")
	ask()
	if len(asked.Obstacles) != 1 || asked.Stage != "refused" || asked.Obstacles[0].ApplicationID != o.application.ID ||
		asked.Obstacles[0].Message != "Өтінім бойынша жұмыс аяқталған жоқ." {
		t.Fatalf("with an application under way: %+v", asked)
	}

	o.supportMeasure()
	agreement := ""
	for _, document := range o.page(o.applicant).Documents {
		if document.Kind == "agreement" {
			agreement = document.ID
		}
	}
	eventually(t, func() bool { return o.proven("/documents/"+agreement, 2) })
	content := o.content(o.executor, agreement)

	copied := o.applicant.do(http.MethodGet, "/my/data", nil).must(http.StatusOK, nil).body
	held := unzip(t, copied)
	if !bytes.Contains(held["person.json"], []byte(p.login)) || !bytes.Contains(held["events.ndjson"], []byte(letter)) ||
		bytes.Contains(held["events.ndjson"], []byte(note)) || bytes.Contains(held["events.ndjson"], []byte("argon2")) {
		t.Error("the person's copy lacks something, or holds what is not for them")
	}
	files := 0
	for name := range held {
		if strings.HasPrefix(name, "files/") {
			files++
		}
	}
	if files < 5 { // what was attached, the result, the agreement, and its signatures with their evidence
		t.Errorf("the person's copy has %d files", files)
	}
	shown := filepath.Join(t.TempDir(), "person.zip")
	ok(t, "person", "show", "--data", data, "-o", shown, "--reason", "Өтініш № 20 бойынша", p.login)
	if readings := ok(t, "audit", "replay", "--data", data, "--types", "access.read.", "--reason", "Тексеру жоспары", "--language", "en"); !strings.Contains(readings, "Өтініш № 20 бойынша") {
		t.Errorf("nobody sees that the person's data was read:\n%s", readings)
	}
	if _, _, code := run(t, "", "person", "show", "--data", data, "-o", filepath.Join(t.TempDir(), "no.zip"), "--reason", "қысқа", p.login); code == 0 {
		t.Error("the person's data was read without a reason")
	}
	if !bytes.Contains(unzip(t, read(t, shown))["events.ndjson"], []byte(note)) {
		t.Error("whoever runs the portal does not see the notes")
	}

	values := []string{p.login, p.phone, p.email, letter, note}
	if found := disktest.Holding(t, data, values...); len(found) == 0 {
		t.Fatal("nothing is on the disk before: the search does not work")
	}
	ask()
	if asked.Stage != "requested" {
		t.Fatalf("it is %+v", asked)
	}
	path := "/admin/erasures/" + me.ID
	one.do(http.MethodPost, path+"/approve", nil).must(http.StatusOK, nil)
	one.do(http.MethodPost, path+"/approve", nil).must(http.StatusOK, nil) // nobody counts twice
	var status struct {
		Stage             string
		Approvers         []string
		KeyCheck          string
		Unreadable, Files int
		Held              []struct{ DocumentID, Kind string }
	}
	two.position = one.position
	two.do(http.MethodGet, path, nil).must(http.StatusOK, &status)
	if status.Stage != "approved" || len(status.Approvers) != 1 {
		t.Fatalf("after one administrator it is %+v", status)
	}
	two.do(http.MethodPost, path+"/approve", nil).must(http.StatusOK, nil)
	o.applicant.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	eventually(t, func() bool {
		two.do(http.MethodGet, path, nil).must(http.StatusOK, &status)
		return status.Stage == "completed"
	})
	if len(status.Held) != 1 || status.Held[0].DocumentID != agreement || status.Unreadable < 5 || status.Files < 5 || status.KeyCheck == "" {
		t.Errorf("completed as %+v", status)
	}

	o.executor.position = two.position
	page := o.executor.do(http.MethodGet, o.path(""), nil).must(http.StatusOK, nil).body
	thread := o.executor.do(http.MethodGet, o.path("/messages"), nil).must(http.StatusOK, nil).body
	notes := o.executor.do(http.MethodGet, o.path("/notes"), nil).must(http.StatusOK, nil).body
	for _, value := range append(slices.Clone(values), "Самұрық", "Қиял") {
		if all := slices.Concat(page, thread, notes); bytes.Contains(all, []byte(value)) {
			t.Errorf("staff still see %q", value)
		}
	}
	if got := o.content(o.executor, agreement); !bytes.Equal(got, content) {
		t.Error("the agreement is not kept as it was")
	}
	evidence := o.executor.do(http.MethodGet, "/documents/"+agreement+"/evidence", nil).must(http.StatusOK, nil).body
	bundle := filepath.Join(t.TempDir(), "evidence.zip")
	save(t, bundle, evidence)
	if out, code := edsVerify(t, bundle, "--also-trust", filepath.Join(data, "demo-gost-ca.pem"), "--language", "en"); code != 0 || strings.Count(out, "VALID: ") != 2 {
		t.Errorf("the evidence that is kept: exit code %d\n%s", code, out)
	}

	gone := filepath.Join(t.TempDir(), "gone.zip")
	ok(t, "person", "show", "--data", data, "-o", gone, "--reason", "Жойылғанын тексеру", me.ID)
	if left := unzip(t, read(t, gone)); !erased(t, left["person.json"]) || bytes.Contains(left["events.ndjson"], []byte(letter)) {
		t.Error("something is still held on who was erased")
	}
	credentials := map[string]any{"login": p.login, "password": p.password}
	o.applicant.do(http.MethodPost, "/sessions", credentials).refused(http.StatusUnauthorized, "invalid-credentials")

	o.server.stop()
	if found := disktest.Holding(t, data, values...); len(found) > 0 {
		t.Errorf("still on the disk: %q", found)
	}
	if files, err := os.ReadDir(filepath.Join(data, "files", me.ID)); err == nil && len(files) > 0 {
		t.Errorf("%d files are still there", len(files))
	}

	s := start(t, data) // whoever comes back is somebody new
	c := s.client(t, "kk")
	c.register(p)
	var again struct{ ID string }
	c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &again)
	if again.ID == me.ID {
		t.Error("the new account is the old one")
	}
}

// ordersErasure registers somebody who asks to be erased, and gives the consent of both administrators. It tells where the
// erasure is shown.
func (s *server) ordersErasure(t *testing.T, p person, admins ...*client) (path string) {
	t.Helper()
	c := s.client(t, "kk")
	c.register(p)
	var me struct{ ID string }
	c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	c.do(http.MethodPost, "/my/erasure", map[string]any{"password": p.password}).must(http.StatusAccepted, nil)
	path = "/admin/erasures/" + me.ID
	for _, admin := range admins {
		admin.do(http.MethodPost, path+"/approve", nil).must(http.StatusOK, nil)
	}
	return path
}

// completed waits until an erasure is complete.
func (c *client) completed(path string) {
	c.t.Helper()
	var status struct {
		Stage      string
		Unreadable int
	}
	eventually(c.t, func() bool {
		c.do(http.MethodGet, path, nil).must(http.StatusOK, &status)
		return status.Stage == "completed"
	})
	if status.Unreadable < 1 {
		c.t.Errorf("completed as %+v", status)
	}
}

// TestAnErasureSurvivesKills kills the portal again and again while it erases somebody. It ends with the erasure complete, and
// with no store that holds them, nor others who were erased after them.
func TestAnErasureSurvivesKills(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	flags := []string{"--erasure-pause", "0s", "--erasure-every", "1s"}
	s := start(t, data, flags...)
	one, two := s.admin(t), s.secondAdmin(t, 5305)
	people := []person{individual(5304), individual(5308), individual(5309)}
	path := s.ordersErasure(t, people[0], one, two)
	for range 5 {
		<-time.After(rand.N(300 * time.Millisecond)) // any moment will do: this is what is tested
		s.kill()
		s = start(t, data, flags...)
	}
	for _, admin := range []*client{one, two} {
		admin.server, admin.position = s, ""
	}
	two.completed(path)
	for _, p := range people[1:] {
		two.completed(s.ordersErasure(t, p, one, two))
	}
	s.stop()
	for _, p := range people {
		if found := disktest.Holding(t, data, p.login, p.phone, p.email); len(found) > 0 {
			t.Errorf("still on the disk: %q", found)
		}
	}
	checkStores(t, data)
}

// TestARestoredKeyringBringsNobodyBack: the portal starts on a keyring from before somebody was erased, and destroys their key
// again by itself.
func TestARestoredKeyringBringsNobodyBack(t *testing.T) {
	t.Parallel()
	p := individual(5306)
	data := t.TempDir()
	flags := []string{"--erasure-pause", "0s", "--erasure-every", "1s"}
	s := start(t, data, flags...)
	c, one, two := s.client(t, "kk"), s.admin(t), s.secondAdmin(t, 5307)
	c.register(p)
	var me struct{ ID string }
	c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	known := func() bool {
		return strings.Contains(ok(t, "audit", "replay", "--data", data, "--streams", "account-"+me.ID, "--reason", "Тексеру жоспары"), "Бозторғай")
	}
	if !known() {
		t.Fatal("the person is not there before: the search does not work")
	}
	s.stop()
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(filepath.Join(data, "keys"))); err != nil {
		t.Fatal(err)
	}
	s = start(t, data, flags...)
	c.server, one.server, two.server = s, s, s
	c.do(http.MethodPost, "/my/erasure", map[string]any{"password": p.password}).must(http.StatusAccepted, nil)
	path := "/admin/erasures/" + me.ID
	for _, admin := range []*client{one, two} {
		admin.do(http.MethodPost, path+"/approve", nil).must(http.StatusOK, nil)
	}
	two.completed(path)
	s.stop()
	if err := os.RemoveAll(filepath.Join(data, "keys")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(data, "keys"), os.DirFS(old)); err != nil {
		t.Fatal(err)
	}
	if !known() {
		t.Fatal("the old keyring has no key of theirs: this tests nothing")
	}
	start(t, data, flags...)
	eventually(t, func() bool { return !known() })
}

// erased tells whether person.json says that there is nobody.
func erased(t *testing.T, summary []byte) bool {
	t.Helper()
	var p struct {
		Erased               bool
		Number, Phone, Email string
	}
	if err := json.Unmarshal(summary, &p); err != nil {
		t.Fatal(err)
	}
	return p.Erased && p.Number+p.Phone+p.Email == ""
}

// unzip gives the files of a zip by their names.
func unzip(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	from, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, file := range from.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[file.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
