package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/machine"
)

// every is how often readers are looked up.
const every = 2 * time.Second

// gate lets callers through until it is shut.
type gate struct {
	broken bool // nobody can be looked up
	shut   atomic.Bool
	looked atomic.Int64
}

// Valid implements Validity.
func (g *gate) Valid(context.Context, Caller) (bool, error) {
	g.looked.Add(1)
	if g.broken {
		return false, errTrouble
	}
	return !g.shut.Load(), nil
}

// reading is an API with an operation, of whichever kind, that goes on until its reader may not read any more, and says
// why.
func reading(g *gate, begun chan<- struct{}, kinds ...func(huma.Operation) huma.Operation) http.Handler {
	router := chi.NewRouter()
	router.Use(
		WithCaller(sessions{"aigerim": {AccountID: "aigerim", Roles: []string{"analyst"}}}, Cookies{}),
		WithMachine(tokens{TokenPrefix + "feed": {AccountID: "feeder", Machine: true, Scopes: []string{"feed:read"}}}),
	)
	api := New(router, "1")
	api.UseMiddleware(WhileValid(g, every))
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		op := Scoped(huma.Operation{OperationID: method, Method: method, Path: "/"}, machine.FeedRead)
		for _, kind := range kinds {
			op = kind(op)
		}
		huma.Register(api, op, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			begun <- struct{}{}
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case begun <- struct{}{}: // the test has heard enough
				return nil, nil //nolint:nilnil // nothing to say
			}
		})
	}
	return router
}

// readBy gives what a reader is answered.
func readBy(t *testing.T, api http.Handler, method, cookie, token string) <-chan *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
	if cookie != "" {
		request.Header.Set("Cookie", "portal-session="+cookie)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+TokenPrefix+token)
	}
	answered := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, request)
		answered <- answer
	}()
	return answered
}

// TestALongAnswerEndsWithTheRightToReadIt: that of a person with the session, that of a program with the token.
func TestALongAnswerEndsWithTheRightToReadIt(t *testing.T) {
	t.Parallel()
	for _, reader := range []struct{ cookie, token, code string }{
		{"aigerim", "", "sign-in-required"}, {"", "feed", "token-wrong"}, {"aigerim", "feed", "token-wrong"},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, begun := &gate{}, make(chan struct{})
			answered := readBy(t, reading(g, begun), http.MethodGet, reader.cookie, reader.token)
			<-begun
			time.Sleep(time.Hour) // it goes on while the reader may read
			g.shut.Store(true)
			ended := time.Now()
			answer := <-answered
			if code := readDocument(t, answer).Code; answer.Code != http.StatusUnauthorized || code != reader.code {
				t.Errorf("%+v: answered %d %s", reader, answer.Code, code)
			}
			if took := time.Since(ended); took > every {
				t.Errorf("it went on for %v", took)
			}
			looked := g.looked.Load()
			if time.Sleep(time.Minute); g.looked.Load() != looked {
				t.Error("it is looked up though nobody reads")
			}
		})
	}
}

// TestWhatGoesOn: what cannot be looked up, and a command.
func TestWhatGoesOn(t *testing.T) {
	t.Parallel()
	shut := &gate{}
	shut.shut.Store(true)
	for _, goesOn := range []struct {
		method string
		gate   *gate
	}{
		{http.MethodGet, &gate{broken: true}}, {http.MethodPost, shut},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := make(chan struct{})
			answered := readBy(t, reading(goesOn.gate, begun), goesOn.method, "aigerim", "")
			<-begun
			time.Sleep(time.Hour)
			<-begun
			if answer := <-answered; answer.Code != http.StatusNoContent {
				t.Errorf("%s is answered %d", goesOn.method, answer.Code)
			}
		})
	}
}

// TestABriefAnswerIsNotLookedAfter: its reader may have been refused meanwhile.
func TestABriefAnswerIsNotLookedAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, begun := &gate{}, make(chan struct{})
		g.shut.Store(true)
		answered := readBy(t, reading(g, begun, Brief), http.MethodGet, "aigerim", "")
		<-begun
		time.Sleep(time.Hour)
		<-begun
		if answer := <-answered; answer.Code != http.StatusNoContent || g.looked.Load() != 0 {
			t.Errorf("answered %d after %d looks", answer.Code, g.looked.Load())
		}
	})
}

// BenchmarkWhileValid is what it costs an answer that is over at once.
func BenchmarkWhileValid(b *testing.B) {
	router := chi.NewRouter()
	router.Use(WithCaller(sessions{"aigerim": {AccountID: "aigerim"}}, Cookies{}))
	api := New(router, "1")
	api.UseMiddleware(WhileValid(&gate{}, every))
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil } //nolint:nilnil // nothing to say
	huma.Register(api, Private(huma.Operation{OperationID: "watched", Method: http.MethodGet, Path: "/watched"}), nothing)
	huma.Register(api, Brief(Private(huma.Operation{OperationID: "brief", Method: http.MethodGet, Path: "/brief"})), nothing)
	for _, path := range []string{"/watched", "/brief"} {
		b.Run(path[1:], func(b *testing.B) {
			request, answer := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, http.NoBody), httptest.NewRecorder()
			request.Header.Set("Cookie", "portal-session=aigerim")
			b.ReportAllocs()
			for b.Loop() {
				router.ServeHTTP(answer, request)
			}
		})
	}
}
