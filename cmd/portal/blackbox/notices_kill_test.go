package blackbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/notification"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
)

// TestKillWhileStaffWorks kills a portal in production at random moments while applicants and staff carry applications
// from draft to end, and gateways refuse, break off or never answer. In the end the log holds exactly what was
// acknowledged, and the gateways exactly the notices that follow from it. A notice that a gateway refused is tried again
// after a minute: the campaign waits for that, the short run does not.
//
//	PORTAL_KILL_ROUNDS=100 go test -run '^TestKillWhileStaffWorks$' -v -timeout 60m ./cmd/portal/blackbox
func TestKillWhileStaffWorks(t *testing.T) {
	t.Parallel()
	rounds, patient := 3, false
	if testing.Short() {
		rounds = 1
	}
	if set := os.Getenv("PORTAL_KILL_ROUNDS"); set != "" {
		var err error
		if rounds, err = strconv.Atoi(set); err != nil {
			t.Fatal(err)
		}
		patient = true
	}
	o := openBureau(t)
	for round := range rounds {
		o.work(t, round%2 == 0)
		if round%2 == 1 {
			killWhileStarting(t, o.server.data, o.gateways.flags()...)
		}
		o.moveTo(o.gateways.production(t, o.server.data))
		o.finish(t)
		if t.Failed() {
			t.Fatalf("after %d kills", round+1)
		}
	}
	o.end(t)
	log := readLog(t, o.server.data)
	notices := o.noticesIn(t, log)
	o.awaitNotices(t, notices, patient)
	o.gateways.report(browser(t, o.server))
	o.checkThreads(t)
	log = readLog(t, o.server.data)
	o.server.stop()
	o.checkEvents(t, log)
	o.checkNotices(t, log, notices, patient)
	checkStores(t, o.server.data)
}

// bureau is a portal with applicants, and with clerks who work on their applications.
type bureau struct {
	crowd
	gateways *gateways
	clerks   []*clerk
	channels map[string][]notification.Channel // by which somebody is told, by account
}

// openBureau starts a portal in production, in which a document is signed by acceptance: production verifies no
// signatures of a demo.
func openBureau(t *testing.T) *bureau {
	t.Helper()
	data, catalogue := t.TempDir(), t.TempDir()
	if err := os.CopyFS(catalogue, os.DirFS(filepath.Join("..", "catalogue", "data"))); err != nil {
		t.Fatal(err)
	}
	workflow := filepath.Join(catalogue, "workflows", "consultation.yaml")
	content, err := os.ReadFile(workflow)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(workflow, []byte(strings.Replace(string(content), "by: eds", "by: acceptance", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	ok(t, "seed", "--data", data, "--catalogue", catalogue)
	ok(t, "project", "--data", data)
	o := &bureau{gateways: startGateways(t), channels: map[string][]notification.Channel{}}
	o.server = o.gateways.production(t, data)
	o.service = browser(t, o.server).service("legal consultation")
	operator, _ := o.hire(t, 5101, "operator")
	executor, colleague := o.hire(t, 5102, "executor")
	for n, who := range []person{individual(5103), legal(5104), individual(5105)} {
		c, account := o.enrol(t, who)
		o.channels[account] = []notification.Channel{notification.SMS}
		if n == 1 {
			o.channels[account] = append(o.channels[account], notification.Email)
		}
		for range tabs {
			k := &clerk{
				account: account, colleague: colleague,
				applicant: c.in(t), operator: operator.in(t), executor: executor.in(t),
			}
			k.crowd = &o.crowd
			k.filled, k.freeFields = filledSteps(t, o.service)
			o.clerks = append(o.clerks, k)
		}
	}
	return o
}

// hire makes an account of the provider's staff and signs in with it.
func (o *bureau) hire(t *testing.T, n int, role string) (c *client, account string) {
	t.Helper()
	printed, stderr, code := run(t, testPassword+"\n", "staff", "add", "--data", o.server.data, "--iin", identitytest.IIN(n),
		"--last-name", "Қайыңбек", "--first-name", "Олжас", "--email", fmt.Sprintf("staff%d@applicant.example", n),
		"--phone", identitytest.Phone(n), "--role", role, "--provider", o.service.Provider.ID)
	if code != 0 {
		t.Fatalf("adding staff ended with %d: %s", code, stderr)
	}
	made := regexp.MustCompile(`^account ([0-9a-f-]{36})\nauthenticator otpauth://totp/\S+[?&]secret=([A-Z2-7]+)`).FindStringSubmatch(printed)
	if made == nil {
		t.Fatalf("adding staff printed %d characters", len(printed))
	}
	c = browser(t, o.server)
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/sessions", map[string]any{"login": identitytest.IIN(n), "password": testPassword}).
		must(http.StatusAccepted, &challenge)
	shown, err := totp.GenerateCode(made[2], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.do(http.MethodPost, "/sessions/confirm", map[string]any{"challengeId": challenge.ChallengeID, "code": shown}).must(http.StatusOK, nil)
	o.channels[made[1]] = []notification.Channel{notification.Email}
	return c, made[1]
}

// enrol registers an applicant, who gets the code from the gateway.
func (o *bureau) enrol(t *testing.T, who person) (c *client, account string) {
	t.Helper()
	c = browser(t, o.server)
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/registrations", who.registration).must(http.StatusAccepted, &challenge)
	c.do(http.MethodPost, "/registrations/confirm",
		map[string]any{"challengeId": challenge.ChallengeID, "code": o.gateways.code(t, who.phone)}).must(http.StatusCreated, nil)
	var me struct{ ID string }
	c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	return c, me.ID
}

// work lets everybody work until the portal is killed under them: while it answers, or while it hands a notice over.
func (o *bureau) work(t *testing.T, whileAnswering bool) {
	t.Helper()
	o.gateways.worry()
	enough, dead := make(chan struct{}), make(chan struct{})
	goal := o.acknowledged.Load() + fewestCommands + rand.Int64N(mostCommands-fewestCommands)
	reached := sync.OnceFunc(func() { close(enough) })
	var group sync.WaitGroup
	for _, k := range o.clerks {
		group.Go(func() {
			for k.step() {
				if o.acknowledged.Add(1) >= goal {
					reached()
				}
			}
			reached() // something is wrong, or the portal is dead already
		})
	}
	reporter := browser(t, o.server)
	group.Go(func() {
		for {
			select {
			case <-o.gateways.came():
				o.gateways.report(reporter)
			case <-dead:
				return
			}
		}
	})
	<-enough
	if !whileAnswering {
		select {
		case <-o.gateways.came():
		case <-time.After(2 * time.Second): // everything is stuck in gateways that do not answer
		}
	}
	<-time.After(rand.N(5 * time.Millisecond)) // not always at the moment of an answer
	o.server.kill()
	close(dead)
	o.gateways.calm()
	group.Wait()
	for _, k := range o.clerks {
		if k.fault != "" {
			t.Errorf("before the kill: %s", k.fault)
		}
	}
}

func (o *bureau) moveTo(s *server) {
	o.server = s
	for _, k := range o.clerks {
		for _, c := range []*client{k.applicant, k.operator, k.executor} {
			c.server, c.position = s, ""
		}
	}
}

// finish repeats what was under way under its own key. It must succeed, whether or not it had been carried out.
func (o *bureau) finish(t *testing.T) {
	t.Helper()
	for _, k := range o.clerks {
		if k.underWay == nil {
			continue
		}
		if !k.give(k.underWay) {
			t.Errorf("repeated after the kill: %s", k.fault)
		}
		o.repeated++
	}
}

// end carries what was begun to its end.
func (o *bureau) end(t *testing.T) {
	t.Helper()
	for _, k := range o.clerks {
		for len(k.script) > 0 {
			if !k.step() {
				t.Fatalf("at the end: %s", k.fault)
			}
			o.acknowledged.Add(1)
		}
	}
}

// cases are all applications, which have all come to their end.
func (o *bureau) cases() []*casefile {
	var list []*casefile
	for _, k := range o.clerks {
		list = append(list, k.files...)
	}
	return list
}

// readLog reads every event of a portal, which may be running.
func readLog(t *testing.T, data string) []eventstore.Recorded {
	t.Helper()
	path := filepath.Join(t.TempDir(), uuid.NewString())
	ok(t, "export", "--data", data, path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	reader, err := archive.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var log []eventstore.Recorded
	for {
		event, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return log
		}
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, event)
	}
}

// toldTo says of which events of an application its applicant is told.
var toldTo = regexp.MustCompile(`^application\.(submitted|resubmitted|taken-into-work|returned|answered|document-issued|document-signed|completed)\.`)

// noticesIn lists the notices that follow from a log, by id, with the events that the notices' own streams begin with.
func (o *bureau) noticesIn(t *testing.T, log []eventstore.Recorded) map[string]notification.Channel {
	t.Helper()
	notices := map[string]notification.Channel{}
	applicants := map[string]string{} // by application
	told := map[string]time.Time{}    // when the applicant was last told of a plain message, by application
	for _, event := range log {
		var about struct {
			Applicant, Executor, Side string
			Notice                    bool
			At                        time.Time
		}
		kind, id, _ := strings.Cut(event.Stream, "-")
		if kind != "application" && kind != "correspondence" {
			continue
		}
		if err := json.Unmarshal(event.Data, &about); err != nil {
			t.Fatal(err)
		}
		meta, err := codec.MetadataOf(event)
		if err != nil {
			t.Fatal(err)
		}
		recipient := ""
		switch {
		case strings.HasPrefix(event.Type, "application.draft-started."):
			applicants[id] = about.Applicant
		case strings.HasPrefix(event.Type, "application.executor-assigned.") && meta.Actor != about.Executor:
			recipient = about.Executor
		case toldTo.MatchString(event.Type), kind == "correspondence" && about.Notice:
			recipient = applicants[id]
		case kind == "correspondence" && about.Side == "staff" && about.At.Sub(told[id]) >= 10*time.Minute:
			told[id], recipient = about.At, applicants[id]
		}
		for _, channel := range o.channels[recipient] {
			notices[notification.ID(event.ID, recipient, channel)] = channel
		}
	}
	return notices
}

// awaitNotices waits until every notice was taken over by its gateway; who has no patience does not wait for those that
// are to be tried again after a minute.
func (o *bureau) awaitNotices(t *testing.T, notices map[string]notification.Channel, patient bool) {
	t.Helper()
	o.gateways.calm()
	asked := o.clerks[0].executor.in(t)
	deadline := time.NewTimer(30 * time.Second)
	if patient {
		deadline.Reset(3 * time.Minute)
	}
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		settled := map[string]bool{}
		for _, f := range o.cases() {
			var list []struct{ ID, Status string }
			asked.do(http.MethodGet, "/applications/"+f.id+"/notifications", nil).must(http.StatusOK, &list)
			for _, n := range list {
				settled[n.ID] = n.Status == "sent" || n.Status == "delivered" || n.Status == "postponed" && !patient
			}
		}
		open := 0
		for id := range notices {
			if !settled[id] {
				open++
			}
		}
		if open == 0 {
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			t.Errorf("%d of %d notices were not handed over", open, len(notices))
			return
		}
	}
}

// checkThreads finds every acknowledged message in its thread once, in order, on a completed application.
func (o *bureau) checkThreads(t *testing.T) {
	t.Helper()
	for _, k := range o.clerks {
		reader := k.applicant.in(t)
		for _, f := range k.files {
			var page struct {
				Items []struct {
					Text, What string
					Author     struct{ Kind string }
				}
				Total int
			}
			reader.do(http.MethodGet, "/applications/"+f.id+"/messages?limit=100", nil).must(http.StatusOK, &page)
			var texts []string
			for _, item := range page.Items {
				if item.What == "" {
					texts = append(texts, item.Text)
				}
			}
			if diff := cmp.Diff(f.texts, texts); diff != "" {
				t.Errorf("messages in the thread of %s (-acknowledged +shown):\n%s", f.id, diff)
			}
			seen := (&office{t: t, application: started{ID: f.id}}).page(reader)
			if seen.Status != "completed" || len(seen.Documents) != 1 || !seen.Documents[0].Signed {
				t.Errorf("application %s is %s with the documents %+v", f.id, seen.Status, seen.Documents)
			}
		}
	}
}

// checkEvents compares the streams of the applications with what was acknowledged.
func (o *bureau) checkEvents(t *testing.T, log []eventstore.Recorded) {
	t.Helper()
	want, got := map[string][]string{}, map[string][]string{}
	for _, f := range o.cases() {
		if !f.ended {
			t.Errorf("application %s did not come to its end", f.id)
		}
		for stream, types := range f.wrote {
			want[stream] = types
		}
	}
	for _, event := range log {
		switch kind, id, _ := strings.Cut(event.Stream, "-"); kind {
		case "application", "correspondence", "signature":
			if id != "numbers" {
				got[event.Stream] = append(got[event.Stream], event.Type)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-acknowledged +stored):\n%s", diff)
	}
}

// checkNotices compares the streams of notices, and what the gateways have, with the notices that there should be.
func (o *bureau) checkNotices(t *testing.T, log []eventstore.Recorded, notices map[string]notification.Channel, patient bool) {
	t.Helper()
	stored := map[string][]string{}
	for _, event := range log {
		if id, is := strings.CutPrefix(event.Stream, "notification-"); is {
			name := strings.Split(event.Type, ".")[1]
			stored[id] = append(stored[id], name)
		}
	}
	g := o.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, wrong := range g.wrong {
		t.Error(wrong)
	}
	counts, twice := map[string]int{}, 0
	for id, channel := range notices {
		path := strings.Join(stored[id], " ")
		counts[path]++
		_, taken := g.taken[id]
		want := "requested sent"
		if g.faulted[id] && strings.Contains(path, "postponed") { // unless the portal was killed before it had recorded that
			want = "requested postponed sent"
			if !patient && !strings.Contains(path, "sent") {
				want, taken = "requested postponed", true
			}
		}
		if channel == notification.SMS && strings.Contains(path, " sent") {
			want += " delivered"
		}
		if path != want || !taken {
			t.Errorf("notice %s by %s: %s, want %s; taken over: %t", id, channel, path, want, taken)
		}
		if g.handed[id] > 1 {
			twice++
		}
		delete(stored, id)
	}
	for id := range stored {
		t.Errorf("notice %s follows from nothing", id)
	}
	for id := range g.taken {
		if _, known := notices[id]; !known {
			t.Errorf("a gateway was given message %q, which follows from nothing", id)
		}
	}
	var paths []string
	for path, n := range counts {
		paths = append(paths, fmt.Sprintf("%d %s", n, path))
	}
	slices.Sort(paths)
	t.Logf("%d commands acknowledged, %d were under way and repeated; %d notices, %d of them handed over more than once: %s",
		o.acknowledged.Load(), o.repeated, len(notices), twice, strings.Join(paths, ", "))
}
