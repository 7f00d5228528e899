package blackbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestKill kills the portal at random moments while people work, starts it again on the same folder, and compares what
// is there with every answer that was given. The campaign of 100 kills:
//
//	PORTAL_KILL_ROUNDS=100 go test -run '^TestKill$' -v -timeout 60m ./cmd/portal/blackbox
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	if set := os.Getenv("PORTAL_KILL_ROUNDS"); set != "" {
		var err error
		if rounds, err = strconv.Atoi(set); err != nil {
			t.Fatal(err)
		}
	}
	data := t.TempDir()
	crowd := newCrowd(t, start(t, data))
	for round := range rounds {
		crowd.work(t)
		if round%2 == 1 {
			killWhileStarting(t, data)
		}
		s := start(t, data)
		crowd.moveTo(s)
		crowd.finish(t)
		crowd.check(t, round == rounds-1)
		checkStores(t, data)
		if t.Failed() {
			t.Fatalf("after %d kills", round+1)
		}
	}
	crowd.server.stop()
	checkStores(t, data)
	statuses := crowd.statuses()
	t.Logf("%d kills: %d commands acknowledged, %d were under way and repeated; applications: %v; nothing lost, nothing twice",
		rounds, crowd.acknowledged.Load(), crowd.repeated, statuses)
	if rounds >= 3 && (statuses["draft"] == 0 || statuses["submitted"]+statuses["withdrawn"] == 0) {
		t.Errorf("the load did not get far: %v", statuses)
	}
}

// killWhileStarting kills a portal that is not ready yet.
func killWhileStarting(t *testing.T, data string, flags ...string) {
	t.Helper()
	s, _ := launch(t, data, flags...)
	<-time.After(rand.N(400 * time.Millisecond)) // any moment will do: this is what is tested
	s.kill()
}

// checkStores verifies the log and compares every read model with what the log makes of it.
func checkStores(t *testing.T, data string) {
	t.Helper()
	if report := ok(t, "verify", "--data", data); !strings.HasPrefix(report, "the event log is sound: ") {
		t.Errorf("verify said %q", report)
	}
	report := strings.Split(strings.TrimSpace(ok(t, "project", "--data", data, "--rebuild", "all")), "\n")
	if len(report) < 10 {
		t.Errorf("only %d lines about read models: %q", len(report), report)
	}
	for _, line := range report[1:] {
		if !strings.HasSuffix(line, "  0 differences") {
			t.Errorf("rebuilt: %s", line)
		}
	}
}

// crowd is people who work at the same time.
type crowd struct {
	server       *server
	service      passport
	workers      []*worker
	acknowledged atomic.Int64
	repeated     int
}

const (
	people         = 4
	tabs           = 2 // of each person
	fewestCommands = 40
	mostCommands   = 200
)

func newCrowd(t *testing.T, s *server) *crowd {
	t.Helper()
	crowd := &crowd{server: s}
	for n := range people {
		c := s.client(t, "en")
		c.register(individual(3000 + n))
		crowd.service = c.service("legal consultation")
		for range tabs {
			w := &worker{crowd: crowd, c: c.in(t)}
			w.filled, w.freeFields = filledSteps(t, crowd.service)
			crowd.workers = append(crowd.workers, w)
		}
	}
	return crowd
}

// filledSteps is complete data for each step that takes data, and freeFields names a field of each that takes any text.
func filledSteps(t *testing.T, p passport) (filled map[string]map[string]any, freeFields map[string]string) {
	t.Helper()
	filled, freeFields = map[string]map[string]any{}, map[string]string{}
	for _, step := range p.Steps {
		if step.Kind == "document" {
			continue
		}
		filled[step.ID] = examples(t, step.Schema)
		for name, property := range properties(step.Schema) {
			restricted := property["enum"] != nil || property["format"] != nil || property["pattern"] != nil || property["const"] != nil
			if property["type"] == "string" && !restricted {
				freeFields[step.ID] = name
			}
		}
	}
	if len(freeFields) == 0 {
		t.Fatalf("%s takes no free text", p.Name.EN)
	}
	return filled, freeFields
}

// work lets everybody work until the portal is killed under them.
func (c *crowd) work(t *testing.T) {
	t.Helper()
	enough := make(chan struct{})
	goal := c.acknowledged.Load() + fewestCommands + rand.Int64N(mostCommands-fewestCommands)
	reached := sync.OnceFunc(func() { close(enough) })
	var group sync.WaitGroup
	for _, w := range c.workers {
		group.Go(func() {
			for w.step() {
				if c.acknowledged.Add(1) >= goal {
					reached()
				}
			}
			reached() // something is wrong, or the portal is dead already
		})
	}
	rebuild := exec.CommandContext(t.Context(), binary, "project", "--data", c.server.data, "--rebuild", "all")
	if rand.IntN(2) == 0 { // in half of the rounds a rebuild is under way as well
		if err := rebuild.Start(); err != nil {
			t.Fatal(err)
		}
	}
	<-enough
	<-time.After(rand.N(5 * time.Millisecond)) // not always at the moment of an answer
	c.server.kill()
	group.Wait()
	if rebuild.Process != nil {
		_ = rebuild.Wait() // it was cut off or came to its end
	}
	for _, w := range c.workers {
		if w.fault != "" {
			t.Errorf("before the kill: %s", w.fault)
		}
	}
}

func (c *crowd) moveTo(s *server) {
	c.server = s
	for _, w := range c.workers {
		w.c.server = s
	}
}

// finish repeats what was under way under its own key. It must succeed, whether or not it had been carried out.
func (c *crowd) finish(t *testing.T) {
	t.Helper()
	for _, w := range c.workers {
		w.c.position = ""
		w.c.in(t).do(http.MethodGet, "/me", nil).must(http.StatusOK, nil) // sessions survive
		if w.underWay == nil {
			continue
		}
		if !w.give(w.underWay) {
			t.Errorf("repeated after the kill: %s", w.fault)
			continue
		}
		c.repeated++
	}
}

// check compares what the portal shows with what it acknowledged: of the applications that were touched since the last
// time, or of all.
func (c *crowd) check(t *testing.T, all bool) {
	t.Helper()
	numbers := map[string]string{}
	for first := 0; first < len(c.workers); first += tabs {
		want := map[string]*draft{}
		for _, w := range c.workers[first : first+tabs] {
			for _, d := range w.drafts {
				want[d.id] = d
			}
		}
		reader := c.workers[first].c.in(t)
		for _, w := range c.workers[first : first+tabs] { // both have to be seen
			reader.position = w.c.position
			reader.do(http.MethodGet, "/my/applications", nil).must(http.StatusOK, nil)
		}
		for _, r := range (journey{t: t, c: reader}).all() {
			if other, taken := numbers[r.Number]; taken {
				t.Errorf("number %s was given to %s and %s", r.Number, other, r.ID)
			}
			numbers[r.Number] = r.ID
			d := want[r.ID]
			if d == nil {
				t.Errorf("application %s was not asked for, or was deleted", r.ID)
				continue
			}
			delete(want, r.ID)
			if r.Number != d.number || r.Status != d.status() {
				t.Errorf("application %s is %s, %s; acknowledged were %s, %s", r.ID, r.Number, r.Status, d.number, d.status())
			}
			if d.touched || all {
				d.check(t, reader)
				d.touched = false
			}
		}
		for id := range want {
			t.Errorf("application %s was acknowledged and is not there", id)
		}
	}
}

// all lists all applications of a person.
func (j journey) all() []row {
	j.t.Helper()
	var rows []row
	after := ""
	for {
		var page struct {
			Items []row
			Next  string
		}
		j.c.do(http.MethodGet, "/my/applications?limit=100&after="+url.QueryEscape(after), nil).must(http.StatusOK, &page)
		rows = append(rows, page.Items...)
		if page.Next == "" {
			return rows
		}
		after = page.Next
	}
}

// statuses counts the applications by status.
func (c *crowd) statuses() map[string]int {
	counts := map[string]int{}
	for _, w := range c.workers {
		for _, d := range w.drafts {
			counts[d.status()]++
		}
	}
	return counts
}

// worker is one tab of a person. It has its own applications, and one command at a time.
type worker struct {
	crowd      *crowd
	c          *client
	filled     map[string]map[string]any
	freeFields map[string]string
	drafts     []*draft
	underWay   *command // given and not answered
	fault      string   // an answer that should not have been
}

// draft is an application as the portal's answers say that it is.
type draft struct {
	id, number string
	steps      map[string]string // JSON by step
	complete   map[string]bool
	files      map[string]string // name by id
	submitted  bool
	withdrawn  bool
	touched    bool
}

func (d *draft) status() string {
	switch {
	case d.withdrawn:
		return "withdrawn"
	case d.submitted:
		return "submitted"
	default:
		return "draft"
	}
}

// check compares the application's page.
func (d *draft) check(t *testing.T, c *client) {
	t.Helper()
	var page struct {
		Steps []struct {
			ID, Kind string
			Data     json.RawMessage
		}
		Files []struct{ ID, Name string }
	}
	c.do(http.MethodGet, "/applications/"+d.id, nil).must(http.StatusOK, &page)
	for _, step := range page.Steps {
		if want, saved := d.steps[step.ID]; saved && string(step.Data) != want {
			t.Errorf("step %s of %s holds %s, acknowledged was %s", step.ID, d.number, step.Data, want)
		}
	}
	files := map[string]string{}
	for _, f := range page.Files {
		files[f.ID] = f.Name
	}
	if diff := cmp.Diff(d.files, files); diff != "" {
		t.Errorf("files of %s: %s", d.number, diff)
	}
}

// command is one that can be repeated, and what its acknowledgement means.
type command struct {
	key, method, path string
	body              func() any
	status            int
	done              func(body []byte) error
}

// step gives the next command. It answers false when the portal does not live any more, or has answered wrongly.
func (w *worker) step() bool { return w.give(w.next()) }

func (w *worker) give(next *command) bool {
	w.underWay = next
	var body any
	if next.body != nil {
		body = next.body()
	}
	a, err := w.c.try(next.method, next.path, body, "Idempotency-Key", next.key)
	if err != nil {
		return false // no answer: whether it was carried out is not known
	}
	if a.status != next.status {
		w.fault = fmt.Sprintf("%s %s was answered %d: %s", next.method, next.path, a.status, a.body)
		return false
	}
	w.underWay = nil
	if err := next.done(a.body); err != nil {
		w.fault = fmt.Sprintf("%s %s was answered %s: %v", next.method, next.path, a.body, err)
		return false
	}
	return true
}

// next chooses a command that the state allows.
func (w *worker) next() *command {
	if len(w.drafts) == 0 || rand.IntN(12) == 0 {
		return w.startDraft()
	}
	i := len(w.drafts) - 1 - rand.IntN(min(3, len(w.drafts)))
	d := w.drafts[i]
	path := "/applications/" + d.id
	c := &command{key: uuid.NewString(), status: http.StatusOK}
	choice := rand.IntN(24)
	switch {
	case d.withdrawn:
		return w.startDraft()
	case d.submitted:
		c.method, c.path = http.MethodPost, path+"/withdraw"
		c.done = func([]byte) error { d.withdrawn, d.touched = true, true; return nil }
	case choice == 0:
		c.method, c.path, c.status = http.MethodDelete, path, http.StatusNoContent
		c.done = func([]byte) error { w.drafts = append(w.drafts[:i:i], w.drafts[i+1:]...); return nil }
	case choice < 20 && len(d.complete) == len(w.crowd.service.Steps):
		c.method, c.path = http.MethodPost, path+"/submit"
		c.done = func([]byte) error { d.submitted, d.touched = true, true; return nil }
	default:
		w.edit(d, c)
	}
	return c
}

func (w *worker) startDraft() *command {
	service := w.crowd.service.ID
	return &command{
		key: uuid.NewString(), method: http.MethodPost, path: "/applications", status: http.StatusCreated,
		body: func() any { return map[string]any{"serviceId": service} },
		done: func(body []byte) error {
			var a started
			if err := json.Unmarshal(body, &a); err != nil || a.ID == "" {
				return errors.Join(err, io.ErrUnexpectedEOF)
			}
			w.drafts = append(w.drafts, &draft{
				id: a.ID, number: a.Number, touched: true,
				steps: map[string]string{}, complete: map[string]bool{}, files: map[string]string{},
			})
			return nil
		},
	}
}

// edit saves a step, or attaches a file where the step takes files.
func (w *worker) edit(d *draft, c *command) {
	step := w.crowd.service.Steps[rand.IntN(len(w.crowd.service.Steps))]
	for _, lacking := range w.crowd.service.Steps { // mostly what is still to be done
		if !d.complete[lacking.ID] && rand.IntN(4) > 0 {
			step = lacking
			break
		}
	}
	if step.Kind == "document" {
		name := uuid.NewString() + ".pdf"
		c.method, c.path, c.status = http.MethodPost, "/applications/"+d.id+"/files?step="+step.ID, http.StatusCreated
		c.body = func() any { return pdf(name) }
		c.done = func(body []byte) error {
			var f struct{ ID, Name string }
			if err := json.Unmarshal(body, &f); err != nil {
				return err
			}
			d.files[f.ID], d.complete[step.ID], d.touched = f.Name, true, true
			return nil
		}
		return
	}
	changes := map[string]any{}
	if field, free := w.freeFields[step.ID]; free {
		changes[field] = uuid.NewString()
	}
	data, err := json.Marshal(with(w.filled[step.ID], changes))
	if err != nil {
		panic(err) // maps of texts are JSON
	}
	c.method, c.path = http.MethodPut, "/applications/"+d.id+"/steps/"+step.ID
	c.body = func() any { return `{"data":` + string(data) + `}` }
	c.done = func(body []byte) error {
		var saved struct{ Complete bool }
		d.steps[step.ID], d.touched = string(data), true
		err := json.Unmarshal(body, &saved)
		delete(d.complete, step.ID)
		if saved.Complete {
			d.complete[step.ID] = true
		}
		return err
	}
}
