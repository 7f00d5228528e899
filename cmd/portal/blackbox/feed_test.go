package blackbox_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"services.example/portal/infra/disktest"
)

// feedReader is a program that reads the feed of a portal, and checks what it reads against the schemas.
type feedReader struct {
	t       *testing.T
	client  *client
	token   string
	schemas map[string]*jsonschema.Schema
}

func newFeedReader(t *testing.T, s *server) *feedReader {
	t.Helper()
	ok(t, "machine", "add", "statistics", "--purpose", "Статистика", "--data", s.data)
	printed, stderr, code := run(t, "", "machine", "token", "statistics", "--scope", "feed:read", "--days", "1", "--data", s.data)
	if code != 0 {
		t.Fatalf("making a token: %s", stderr)
	}
	r := &feedReader{t: t, client: s.client(t, "en"), token: strings.TrimSpace(printed), schemas: map[string]*jsonschema.Schema{}}
	var all []struct {
		Type      string
		Published bool
		Schema    json.RawMessage
	}
	r.get("/feed/schemas", &all)
	compiler := jsonschema.NewCompiler()
	for _, one := range all {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(one.Schema))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource("urn:portal:feed:"+one.Type, value); err != nil {
			t.Fatal(err)
		}
		if one.Published {
			r.schemas[one.Type] = compiler.MustCompile("urn:portal:feed:" + one.Type)
		}
	}
	return r
}

func (r *feedReader) get(path string, into any) {
	r.t.Helper()
	r.client.do(http.MethodGet, path, nil, "Authorization", "Bearer "+r.token).must(http.StatusOK, into)
}

// check checks an event against its schema, and that it names nobody.
func (r *feedReader) check(event []byte, secrets ...string) (kind, id string) {
	r.t.Helper()
	var e struct{ Type, ID string }
	if err := json.Unmarshal(event, &e); err != nil {
		r.t.Fatalf("%v: %s", err, event)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(event))
	if err != nil {
		r.t.Fatal(err)
	}
	schema := r.schemas[e.Type]
	if schema == nil {
		r.t.Fatalf("no schema for %s", e.Type)
	}
	if err := schema.Validate(value); err != nil {
		r.t.Errorf("%s: %v\n%s", e.Type, err, event)
	}
	for _, secret := range secrets {
		if strings.Contains(string(event), secret) {
			r.t.Errorf("%s gives away %s: %s", e.Type, secret, event)
		}
	}
	return e.Type, e.ID
}

// all reads the whole feed.
func (r *feedReader) all(secrets ...string) (kinds map[string]int, ids []string) {
	r.t.Helper()
	kinds = map[string]int{}
	after := ""
	for {
		var page struct {
			Events []json.RawMessage
			Next   string
			More   bool
		}
		r.get("/feed?limit=50&after="+url.QueryEscape(after), &page)
		for _, event := range page.Events {
			kind, id := r.check(event, secrets...)
			kinds[kind]++
			ids = append(ids, id)
		}
		if after = page.Next; !page.More {
			return kinds, ids
		}
	}
}

// TestTheFeedTellsACaseWithoutTellingWhose: a program with a token follows a case from its draft to its end. Every event fits
// its schema, and none names a person, a file, an application or an account.
func TestTheFeedTellsACaseWithoutTellingWhose(t *testing.T) {
	t.Parallel()
	o := openOffice(t, legal(2601), "шығындарды өтеу")
	r := newFeedReader(t, o.server)
	o.supportMeasure()
	kinds, ids := r.all(o.application.ID, o.application.Number, o.person.login, o.ids["executor"], o.ids["operator"], "Нәтиже")
	for _, kind := range []string{
		"account.registration-confirmed.v1", "application.draft-started.v1", "application.submitted.v2", "application.taken-into-work.v1",
		"application.approved.v1", "application.document-issued.v1", "application.document-signed.v1", "application.completed.v1",
		"signature.prepared.v1", "signature.accepted.v1", "service.published.v1",
	} {
		if kinds[kind] == 0 {
			t.Errorf("the feed has no %s: %v", kind, kinds)
		}
	}
	slices.Sort(ids)
	if twice := len(ids) - len(slices.Compact(ids)); twice > 0 {
		t.Errorf("%d events came twice", twice)
	}
	stranger := o.server.client(t, "en")
	stranger.do(http.MethodGet, "/feed", nil).refused(http.StatusUnauthorized, "sign-in-required")
}

// hookReceiver is another system, which checks every signature.
type hookReceiver struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	secret string
	down   bool
	events [][]byte
}

func newHookReceiver(t *testing.T) *hookReceiver {
	t.Helper()
	h := &hookReceiver{t: t}
	h.Server = httptest.NewServer(http.HandlerFunc(h.receive))
	t.Cleanup(h.Close)
	return h
}

func (h *hookReceiver) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // cut off
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down || h.secret == "" {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.secret, "whsec_"))
	if err != nil {
		h.t.Error(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(r.Header.Get("webhook-id") + "." + r.Header.Get("webhook-timestamp") + "."))
	mac.Write(body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
		h.t.Errorf("signed %s, want %s", r.Header.Get("webhook-signature"), want)
	}
	var got struct{ Events []json.RawMessage }
	if err := json.Unmarshal(body, &got); err != nil {
		h.t.Errorf("%v: %s", err, body)
	}
	for _, event := range got.Events {
		h.events = append(h.events, event)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *hookReceiver) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// got are the events that came, each once: one that came again after a crash is known by its id.
func (h *hookReceiver) got(r *feedReader) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var kinds []string
	seen := map[string]bool{}
	for _, event := range h.events {
		if kind, id := r.check(event); !seen[id] {
			seen[id] = true
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// TestAWebhookTellsEverythingThoughBothSidesFail: an administrator adds a webhook; its receiver is down, and the portal is
// killed; everything comes in order in the end, each event known by its id.
func TestAWebhookTellsEverythingThoughBothSidesFail(t *testing.T) {
	t.Parallel()
	flags := []string{"--webhook-allow=127.0.0.0/8"}
	o := openOffice(t, individual(2602), "заңды қызметтер", flags...)
	r, receiver := newFeedReader(t, o.server), newHookReceiver(t)
	admin := o.server.admin(t)
	var made struct{ ID, Secret string }
	hook := map[string]any{"name": "statistics", "url": receiver.URL + "/in?key=hush", "types": []string{"application."}}
	admin.do(http.MethodPost, "/admin/webhooks", hook, "Idempotency-Key", "one").must(http.StatusCreated, &made)
	var again struct{ ID, Secret string }
	admin.do(http.MethodPost, "/admin/webhooks", hook, "Idempotency-Key", "one").must(http.StatusCreated, &again)
	if diff := cmp.Diff(made, again); diff != "" {
		t.Errorf("the same request again gave another webhook: %s", diff)
	}
	admin.do(http.MethodPost, "/admin/webhooks", map[string]any{"name": "statistics", "url": "https://receiver.example/"}).
		refused(http.StatusConflict, "webhook-name-taken")
	admin.do(http.MethodPost, "/admin/webhooks", map[string]any{"name": "other", "url": "https://receiver.example/", "types": []string{"note."}}).
		refused(http.StatusUnprocessableEntity, "invalid")

	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil) // nobody takes this
	var hooks []struct {
		ID, Status, Fault string
		Attempts          int
		Delivered         int64
	}
	patience(t, "the webhook was tried", func() bool {
		admin.do(http.MethodGet, "/admin/webhooks", nil).must(http.StatusOK, &hooks)
		return len(hooks) == 1 && hooks[0].Attempts > 0
	})
	if hooks[0].Status != "active" || hooks[0].Fault != "status-502" || hooks[0].Delivered != 0 {
		t.Errorf("shown as %+v", hooks)
	}
	o.server.kill()
	receiver.set(func() { receiver.secret = made.Secret })
	o.server = start(t, o.server.data, flags...)
	admin.server, admin.position, o.executor.server, o.executor.position = o.server, "", o.server, ""
	admin.do(http.MethodPost, "/admin/webhooks/"+made.ID+"/resume", nil).must(http.StatusNoContent, nil)
	o.by(o.executor, http.MethodPost, "/response", map[string]any{"text": "Жауап"}, http.StatusOK, nil)
	want := []string{"application.executor-assigned.v1", "application.taken-into-work.v1", "application.answered.v1"}
	patience(t, "everything has come", func() bool { return len(receiver.got(r)) >= len(want) })
	if diff := cmp.Diff(want, receiver.got(r)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if found := disktest.Holding(t, o.server.data, "key=hush"); len(found) > 0 {
		t.Errorf("the address is in %q in clear", found)
	}
	admin.do(http.MethodDelete, "/admin/webhooks/"+made.ID, nil).must(http.StatusNoContent, nil)
	admin.do(http.MethodGet, "/admin/webhooks", nil).must(http.StatusOK, &hooks)
	if len(hooks) != 0 {
		t.Errorf("after its end there is %+v", hooks)
	}
}

// TestARequestThatIsCutOffComesAgainTheSame: the portal is killed after the receiver has taken a request and before it could
// say so; the receiver says then that it is gone, and an administrator resumes the webhook. Each time the same request comes
// again, and after it everything else, in order.
func TestARequestThatIsCutOffComesAgainTheSame(t *testing.T) {
	t.Parallel()
	type request struct{ ID, Body string }
	came := make(chan request, 100)
	answers := make(chan int, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		came <- request{r.Header.Get("webhook-id"), string(body)}
		select {
		case status := <-answers:
			w.WriteHeader(status)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(receiver.Close)
	const allow = "--webhook-allow=127.0.0.0/8"
	s := start(t, t.TempDir(), allow)
	r, admin := newFeedReader(t, s), s.admin(t)
	var made struct{ ID string }
	admin.do(http.MethodPost, "/admin/webhooks", map[string]any{
		"name": "statistics", "url": receiver.URL + "/in", "types": []string{"service."}, "history": true,
	}).must(http.StatusCreated, &made)
	first := <-came
	s.kill()
	s = start(t, s.data, allow)
	admin.server, admin.position, r.client.server = s, "", s

	answers <- http.StatusGone
	again := <-came
	var hooks []struct{ Status, Reason string }
	patience(t, "the webhook is suspended", func() bool {
		admin.do(http.MethodGet, "/admin/webhooks", nil).must(http.StatusOK, &hooks)
		return hooks[0].Status == "suspended"
	})
	if hooks[0].Reason != "status-410" {
		t.Errorf("suspended because of %s", hooks[0].Reason)
	}
	for range cap(answers) {
		answers <- http.StatusNoContent
	}
	admin.do(http.MethodPost, "/admin/webhooks/"+made.ID+"/resume", nil).must(http.StatusNoContent, nil)
	resumed := <-came
	if diff := cmp.Diff([]request{first, first}, []request{again, resumed}); diff != "" {
		t.Errorf("the same request came otherwise (-first +again):\n%s", diff)
	}
	places := func(body string) (list []string) {
		t.Helper()
		var got struct{ Events []struct{ Position string } }
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		for _, event := range got.Events {
			list = append(list, event.Position)
		}
		return list
	}
	got := places(resumed.Body)
	var want []string
	for after, more := "", true; more; {
		var page struct {
			Events []struct{ Position string }
			Next   string
			More   bool
		}
		r.get("/feed?limit=1000&types=service.&after="+url.QueryEscape(after), &page)
		for _, event := range page.Events {
			want = append(want, event.Position)
		}
		after, more = page.Next, page.More
	}
	for len(got) < len(want) {
		got = append(got, places((<-came).Body)...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delivered (-feed +webhook):\n%s", diff)
	}
}

// TestAWebhookIntoOnesOwnNetworkIsSentNothing, unless that is allowed: neither by name nor by number.
func TestAWebhookIntoOnesOwnNetworkIsSentNothing(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer inside.Close()
	admin := s.admin(t)
	admin.do(http.MethodPost, "/admin/webhooks", map[string]any{"name": "plain", "url": "http://receiver.example/"}).
		refused(http.StatusUnprocessableEntity, "invalid")
	for name, address := range map[string]string{
		"number": inside.URL, "name": strings.Replace(inside.URL, "127.0.0.1", "localhost", 1),
	} {
		admin.do(http.MethodPost, "/admin/webhooks", map[string]any{"name": name, "url": address, "history": true}).
			must(http.StatusCreated, nil)
	}
	var hooks []struct{ Fault string }
	patience(t, "both were tried", func() bool {
		admin.do(http.MethodGet, "/admin/webhooks", nil).must(http.StatusOK, &hooks)
		return len(hooks) == 2 && hooks[0].Fault != "" && hooks[1].Fault != ""
	})
	for _, hook := range hooks {
		if hook.Fault != "address-forbidden" {
			t.Errorf("the fault is %s", hook.Fault)
		}
	}
}

// patience waits until something is so.
func patience(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("it never came about that %s", what)
		}
	}
}
