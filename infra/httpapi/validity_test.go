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

// reading is an API with an operation that goes on until its reader may not read any more, and says why.
func reading(g *gate, begun chan<- struct{}) http.Handler {
	router := chi.NewRouter()
	router.Use(
		WithCaller(sessions{"aigerim": {AccountID: "aigerim", Roles: []string{"analyst"}}}, Cookies{}),
		WithMachine(tokens{TokenPrefix + "feed": {AccountID: "feeder", Machine: true, Scopes: []string{"feed:read"}}}),
		WhileValid(g, every),
	)
	api := New(router, "1")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		op := Scoped(huma.Operation{OperationID: method, Method: method, Path: "/"}, machine.FeedRead)
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

// BenchmarkWhileValid is what it costs an answer that is over at once.
func BenchmarkWhileValid(b *testing.B) {
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	api := WhileValid(&gate{}, every)(nothing)
	ctx := context.WithValue(b.Context(), callerKey{}, Caller{AccountID: "aigerim"})
	request, answer := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody), httptest.NewRecorder()
	for b.Loop() {
		api.ServeHTTP(answer, request)
	}
}
