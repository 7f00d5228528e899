package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
)

// repeats is a portal with one command, which counts how often it ran.
type repeats struct {
	handler http.Handler
	entries *entries
	ran     atomic.Int64

	mu       sync.Mutex
	commands []Command // as the command saw them
}

// entries is a store that keeps the ids of what was put, and can fail.
type entries struct {
	readstore.Entries
	mu   sync.Mutex
	ids  []string
	fail error
}

func (e *entries) Entry(ctx context.Context, collection, id string) (readstore.Entry, error) {
	if e.fail != nil {
		return readstore.Entry{}, e.fail
	}
	return e.Entries.Entry(ctx, collection, id)
}

func (e *entries) PutEntry(ctx context.Context, collection string, entry readstore.Entry) (int64, error) {
	e.mu.Lock()
	e.ids = append(e.ids, entry.ID)
	e.mu.Unlock()
	return e.Entries.PutEntry(ctx, collection, entry)
}

var testNow = time.Date(2065, 11, 15, 6, 0, 0, 0, time.UTC)

func newRepeats(t *testing.T, command http.HandlerFunc) *repeats {
	t.Helper()
	store, err := pebblestore.Open("first-answers", pebblestore.Options{
		InMemory: true, SweepEvery: -1, Now: func() time.Time { return testNow },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Declare(t.Context(), IdempotencyCollection); err != nil {
		t.Fatal(err)
	}
	return repeatsOn(store, command)
}

func repeatsOn(store readstore.Entries, command http.HandlerFunc) *repeats {
	p := &repeats{entries: &entries{Entries: store}}
	commands := &Commands{Entries: p.entries, Secret: []byte("secret"), Now: func() time.Time { return testNow }}
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.ran.Add(1)
		p.mu.Lock()
		p.commands = append(p.commands, CommandOf(r.Context()))
		p.mu.Unlock()
		command(w, r)
	})
	known := sessions{"aigerim": {AccountID: "a1"}, "daniyar": {AccountID: "d2"}}
	p.handler = middleware.ClientIPFromRemoteAddr(Protect(WithCaller(known, Cookies{})(commands.Middleware(counted))))
	return p
}

// call is one request to the command.
type call struct {
	method, path, key, caller, address, kind string
	body                                     io.Reader
}

func (p *repeats) do(t *testing.T, c call) *httptest.ResponseRecorder {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.path == "" {
		c.path = "/save"
	}
	if c.body == nil {
		c.body = strings.NewReader("{}")
	}
	request := httptest.NewRequestWithContext(t.Context(), c.method, c.path, c.body)
	if c.key != "" {
		request.Header.Set("Idempotency-Key", c.key)
	}
	if c.caller != "" {
		request.AddCookie(&http.Cookie{Name: demoCookie, Value: c.caller})
	}
	if c.address != "" {
		request.RemoteAddr = c.address
	}
	if c.kind != "" {
		request.Header.Set("Content-Type", c.kind)
	}
	answer := httptest.NewRecorder()
	p.handler.ServeHTTP(answer, request)
	return answer
}

// save answers with everything that an answer may have, differently each time.
func save(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("ETag", ETag(int64(len(body))))
	header.Set("Position", "417/417")
	header.Set("Location", "/save/"+rand.Text())
	header.Add("Set-Cookie", "portal-session="+rand.Text())
	header.Add("Set-Cookie", "other="+rand.Text())
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"secret":"`+rand.Text()+`"}`)
}

// sameAnswer compares what belongs to an answer rather than to its request.
func sameAnswer(t *testing.T, first, again *httptest.ResponseRecorder) {
	t.Helper()
	if first.Code != again.Code || first.Body.String() != again.Body.String() {
		t.Errorf("first %d %s, again %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	one, two := first.Header().Clone(), again.Header().Clone()
	one.Del("Correlation-Id")
	two.Del("Correlation-Id")
	if diff := cmp.Diff(one, two); diff != "" {
		t.Errorf("header (-first +again):\n%s", diff)
	}
}

func (p *repeats) assertRan(t *testing.T, want int64) {
	t.Helper()
	if got := p.ran.Load(); got != want {
		t.Errorf("the command ran %d times, want %d", got, want)
	}
}

func TestTheSameKeyAndBodyGiveTheFirstAnswer(t *testing.T) {
	for name, who := range map[string]call{
		"signed in": {key: "k1", caller: "aigerim"}, "anonymous": {key: "k1"}, "with a key of the greatest length": {key: strings.Repeat("~", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newRepeats(t, save)
			first := p.do(t, who)
			if first.Code != http.StatusCreated {
				t.Fatalf("status %d: %s", first.Code, first.Body)
			}
			sameAnswer(t, first, p.do(t, who))
			sameAnswer(t, first, p.do(t, who))
			p.assertRan(t, 1)
		})
	}
}

func TestTheFirstAnswerIsKeptForADay(t *testing.T) {
	p := newRepeats(t, save)
	p.do(t, call{key: "k1"})
	entry, err := p.entries.Entry(t.Context(), IdempotencyCollection.Name, p.entries.ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := testNow.Add(24 * time.Hour); !entry.Expires.Equal(want) {
		t.Errorf("kept until %v, want %v", entry.Expires, want)
	}
}

func TestAnotherRequestWithTheSameKeyIsRefused(t *testing.T) {
	for name, other := range map[string]call{
		"another body":   {key: "k1", caller: "aigerim", body: strings.NewReader(`{"other":1}`)},
		"another path":   {key: "k1", caller: "aigerim", path: "/remove"},
		"another query":  {key: "k1", caller: "aigerim", path: "/save?step=2"},
		"another method": {key: "k1", caller: "aigerim", method: http.MethodPut},
	} {
		t.Run(name, func(t *testing.T) {
			p := newRepeats(t, save)
			p.do(t, call{key: "k1", caller: "aigerim"})
			answer := p.do(t, other)
			if got := readDocument(t, answer); got.Code != "idempotency-key-reused" || answer.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s with status %d", got.Code, answer.Code)
			}
			p.assertRan(t, 1)
		})
	}
}

func TestCallersNeverMeetEachOthersKeys(t *testing.T) {
	p := newRepeats(t, save)
	callers := []call{
		{key: "k1", caller: "aigerim"},
		{key: "k1", caller: "daniyar"},
		{key: "k1", address: "203.0.113.7:1"},
		{key: "k1", address: "203.0.113.8:1"},
	}
	bodies := map[string]bool{}
	for _, c := range callers {
		bodies[p.do(t, c).Body.String()] = true
	}
	if len(bodies) != len(callers) {
		t.Errorf("%d answers for %d callers", len(bodies), len(callers))
	}
	ids := map[uuid.UUID]bool{}
	for _, c := range p.commands {
		ids[c.ID] = true
	}
	if len(ids) != len(callers) {
		t.Errorf("%d command ids for %d callers", len(ids), len(callers))
	}
}

func TestACommandIsNamedByItsKey(t *testing.T) {
	p := newRepeats(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for range 2 {
		p.do(t, call{key: "k1", caller: "aigerim"})
	}
	p.do(t, call{key: "k1", caller: "aigerim", body: strings.NewReader(`{"other":1}`)})
	p.do(t, call{caller: "aigerim"})
	p.do(t, call{caller: "aigerim"})
	p.assertRan(t, 5)
	first, again, other, free, freeAgain := p.commands[0], p.commands[1], p.commands[2], p.commands[3], p.commands[4]
	if first.ID != again.ID || first.BodyHash == "" || first.BodyHash != again.BodyHash || first.CorrelationID == again.CorrelationID {
		t.Errorf("repeated: %+v, then %+v", first, again)
	}
	if other.ID != first.ID || other.BodyHash == first.BodyHash {
		t.Errorf("with another body: %+v, after %+v", other, first)
	}
	if free.ID == freeAgain.ID || free.ID == first.ID || free.BodyHash != "" {
		t.Errorf("without a key: %+v, then %+v", free, freeAgain)
	}
}

// memory is a store of entries that needs no goroutine of its own.
type memory struct {
	readstore.Entries
	mu   sync.Mutex
	held map[string]readstore.Entry
}

func (m *memory) Entry(_ context.Context, _, id string) (readstore.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if entry, found := m.held[id]; found {
		return entry, nil
	}
	return readstore.Entry{}, readstore.ErrNotFound
}

func (m *memory) PutEntry(_ context.Context, _ string, entry readstore.Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[entry.ID] = entry
	return 1, nil
}

func TestDuplicatesAtTheSameTimeRunOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const duplicates = 16
		release := make(chan struct{})
		p := repeatsOn(&memory{held: map[string]readstore.Entry{}}, func(w http.ResponseWriter, r *http.Request) {
			<-release
			save(w, r)
		})
		answers := make(chan *httptest.ResponseRecorder, duplicates)
		for range duplicates {
			go func() { answers <- p.do(t, call{key: "k1", caller: "aigerim"}) }()
		}
		synctest.Wait() // all of them have got as far as they can
		p.assertRan(t, 1)
		close(release)
		first := <-answers
		for range duplicates - 1 {
			sameAnswer(t, first, <-answers)
		}
		p.assertRan(t, 1)
	})
}

func TestWhoWaitsForADuplicateMayLeave(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{})
	p := newRepeats(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		save(w, r)
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.do(t, call{key: "k1"})
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/save", strings.NewReader("{}"))
	request.Header.Set("Idempotency-Key", "k1")
	answer := httptest.NewRecorder()
	p.handler.ServeHTTP(answer, request)
	if got := readDocument(t, answer); got.Code != "timed-out" {
		t.Errorf("code %s, want timed-out", got.Code)
	}
	close(release)
	<-done
	p.assertRan(t, 1)
}

func TestOnlyFinalAnswersAreKept(t *testing.T) {
	for status, kept := range map[int]bool{
		200: true, 201: true, 204: true, 400: true, 404: true, 409: true, 412: true, 422: true,
		401: false, 408: false, 429: false, 500: false, 503: false,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			p := newRepeats(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			for range 2 {
				if got := p.do(t, call{key: "k1"}).Code; got != status {
					t.Fatalf("status %d, want %d", got, status)
				}
			}
			if kept {
				p.assertRan(t, 1)
			} else {
				p.assertRan(t, 2)
			}
		})
	}
}

func TestAnAnswerTooLongToKeepIsGivenAnyway(t *testing.T) {
	long := strings.Repeat("x", maxJSONBody+1)
	p := newRepeats(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) })
	for range 2 {
		if got := p.do(t, call{key: "k1"}); got.Code != http.StatusOK || got.Body.Len() != len(long) {
			t.Errorf("status %d with %d bytes", got.Code, got.Body.Len())
		}
	}
	p.assertRan(t, 2)
}

func TestWhatIsStoredTellsNothing(t *testing.T) {
	p := newRepeats(t, save)
	answer := p.do(t, call{key: "key-of-aigerim", caller: "aigerim", body: strings.NewReader(`{"iin":"000417"}`)})
	if len(p.entries.ids) != 1 {
		t.Fatalf("%d answers kept, want 1", len(p.entries.ids))
	}
	entry, err := p.entries.Entry(t.Context(), IdempotencyCollection.Name, p.entries.ids[0])
	if err != nil {
		t.Fatal(err)
	}
	stored := append([]byte(entry.ID), entry.Body...)
	for _, secret := range []string{
		"key-of-aigerim", "000417", "417/417", answer.Body.String(), answer.Header().Get("Set-Cookie"), answer.Header().Get("Location"),
	} {
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("%q is stored in clear", secret)
		}
	}
	sealed := newSeal([]byte("secret"), "a1", "key-of-aigerim")
	if first, err := (&Commands{Entries: p.entries}).find(t.Context(), uuid.MustParse(entry.ID), sealed); err != nil || first.Status != http.StatusCreated {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, wrong := range []*seal{
		newSeal([]byte("other"), "a1", "key-of-aigerim"), newSeal([]byte("secret"), "d2", "key-of-aigerim"), newSeal([]byte("secret"), "a1", "other"),
	} {
		if _, err := (&Commands{Entries: p.entries}).find(t.Context(), uuid.MustParse(entry.ID), wrong); err == nil {
			t.Errorf("%+v opens the answer", wrong)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for name, key := range map[string]string{"too long": strings.Repeat("k", 201), "not ASCII": "кілт", "control character": "k\x7f", "a tab": "k\t1"} {
		t.Run(name, func(t *testing.T) {
			p := newRepeats(t, save)
			answer := p.do(t, call{key: key})
			if got := readDocument(t, answer); got.Code != "bad-idempotency-key" || answer.Code != http.StatusBadRequest {
				t.Errorf("%s with status %d", got.Code, answer.Code)
			}
			p.assertRan(t, 0)
		})
	}
}

func TestSafeRequestsHaveNoCommand(t *testing.T) {
	p := newRepeats(t, save)
	for range 2 {
		p.do(t, call{method: http.MethodGet, key: "k1"})
	}
	p.assertRan(t, 2)
	if diff := cmp.Diff([]Command{{}, {}}, p.commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		body   io.Reader
		code   string
		status int
	}{
		{"too large", strings.NewReader(strings.Repeat("x", maxJSONBody+1)), "body-too-large", http.StatusRequestEntityTooLarge},
		{"broken off", io.MultiReader(strings.NewReader("{"), failing{io.ErrUnexpectedEOF}), "malformed", http.StatusBadRequest},
		{"too slow", failing{fmt.Errorf("read: %w", os.ErrDeadlineExceeded)}, "body-too-slow", http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newRepeats(t, save)
			answer := p.do(t, call{key: "k1", body: test.body})
			if got := readDocument(t, answer); got.Code != test.code || answer.Code != test.status {
				t.Errorf("%s with status %d, want %s", got.Code, answer.Code, test.code)
			}
			p.assertRan(t, 0)
		})
	}
}

// failing is a body that ends in an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// deadlines is a connection that notes its deadlines.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

func TestABodyMustArriveInTime(t *testing.T) {
	p := newRepeats(t, save)
	connection := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/save", strings.NewReader("{}"))
	request.Header.Set("Idempotency-Key", "k1")
	started := time.Now()
	p.handler.ServeHTTP(connection, request)
	if len(connection.set) != 2 || connection.set[0].Before(started.Add(jsonTime)) || !connection.set[1].IsZero() {
		t.Errorf("deadlines %v, want %v from now and then none", connection.set, jsonTime)
	}
}

func TestAStoreThatIsAwayIsNotTakenForAFirstRequest(t *testing.T) {
	logged(t)
	p := newRepeats(t, save)
	p.entries.fail = fmt.Errorf("reading: %w", readstore.ErrUnavailable)
	if got := readDocument(t, p.do(t, call{key: "k1"})); got.Code != "store-unavailable" {
		t.Errorf("code %s, want store-unavailable", got.Code)
	}
	p.assertRan(t, 0)
}

// form makes a multipart body with one file. Every call has another boundary, as with browsers.
func form(t *testing.T, content string) (kind string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	part, err := w.CreateFormFile("file", "card.pdf")
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

// upload reads the file of a form and answers its size.
func storeFile(w http.ResponseWriter, r *http.Request) {
	file, _, err := r.FormFile("file")
	if err != nil {
		Write(w, r, problem.New(problem.Malformed, "file-expected"))
		return
	}
	size, err := io.Copy(io.Discard, file)
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(w, `{"size":%d,"id":%q}`, size, rand.Text())
}

func TestTheSameFileGivesTheFirstAnswer(t *testing.T) {
	content := strings.Repeat("%PDF", 300_000) // more than any buffer on its way
	p := newRepeats(t, storeFile)
	kind, body := form(t, content)
	first := p.do(t, call{key: "k1", kind: kind, body: body})
	if first.Code != http.StatusOK || !strings.HasPrefix(first.Body.String(), `{"size":1200000,`) {
		t.Fatalf("status %d: %s", first.Code, first.Body)
	}
	otherKind, again := form(t, content)
	if otherKind == kind {
		t.Fatal("both forms have the same boundary")
	}
	sameAnswer(t, first, p.do(t, call{key: "k1", kind: otherKind, body: again}))
	p.assertRan(t, 1)

	kind, other := form(t, content+"!")
	if got := readDocument(t, p.do(t, call{key: "k1", kind: kind, body: other})); got.Code != "idempotency-key-reused" {
		t.Errorf("another file: %s", got.Code)
	}
	p.assertRan(t, 1)
}

func TestAFileStreamsThrough(t *testing.T) {
	arrived := make(chan string)
	p := newRepeats(t, func(_ http.ResponseWriter, r *http.Request) {
		begin := make([]byte, 5)
		if _, err := io.ReadFull(r.Body, begin); err != nil {
			t.Error(err)
		}
		arrived <- string(begin)
		_, _ = io.Copy(io.Discard, r.Body)
	})
	reader, writer := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.do(t, call{key: "k1", kind: "multipart/form-data; boundary=b", body: reader})
	}()
	if _, err := io.WriteString(writer, "--b\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-arrived; got != "--b\r\n" { // the rest of the body does not exist yet
		t.Errorf("%q arrived", got)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
}

func TestWhatAHandlerDoesNotWantIsNotReadForEver(t *testing.T) {
	p := newRepeats(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	endless := &counting{}
	if got := p.do(t, call{key: "k1", kind: "multipart/form-data; boundary=b", body: endless}).Code; got != http.StatusNotFound {
		t.Errorf("status %d", got)
	}
	if endless.read > 2*maxLeftover {
		t.Errorf("%d bytes were read of a body that nobody wanted", endless.read)
	}
	if len(p.entries.ids) != 0 {
		t.Error("an answer was kept without the digest of its request")
	}
}

// counting is a body without end.
type counting struct{ read int }

func (c *counting) Read(p []byte) (int, error) {
	c.read += len(p)
	return len(p), nil
}
