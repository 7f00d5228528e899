package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5/middleware"
	"pgregory.net/rapid"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
)

func TestIfMatch(t *testing.T) {
	for _, test := range []struct {
		header string
		want   int64 // -1: no revision is asked for
	}{
		{"", -1},
		{"*", -1},
		{" * ", -1},
		{`"0"`, 0},
		{`"17"`, 17},
		{` "17" `, 17},
		{`W/"17"`, 17},
		{`"9223372036854775807"`, 1<<63 - 1},
	} {
		got, err := IfMatch(test.header)
		if err != nil || got == nil != (test.want < 0) || got != nil && *got != test.want {
			t.Errorf("%q: %v, %v; want %d", test.header, got, err, test.want)
		}
	}
	for _, header := range []string{
		`17`, `"17`, `17"`, `"-1"`, `"+1"`, `"1_0"`, `"1.5"`, `"seventeen"`, `""`, `"`, `"1", "2"`, `w/"17"`, `"9223372036854775808"`,
	} {
		if got, err := IfMatch(header); got != nil || !problem.Has(err, "bad-if-match") {
			t.Errorf("%q: %v, %v; want bad-if-match", header, got, err)
		}
	}
}

func TestIfMatchReadsWhatETagWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		revision := rapid.Int64Min(0).Draw(t, "revision")
		if got, err := IfMatch(ETag(revision)); err != nil || got == nil || *got != revision {
			t.Errorf("%s: %v, %v", ETag(revision), got, err)
		}
	})
}

func FuzzIfMatch(f *testing.F) {
	for _, seed := range []string{"", "*", `"17"`, `W/"17"`, `"-1"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := IfMatch(header)
		if err != nil && (got != nil || !problem.Has(err, "bad-if-match")) || got != nil && *got < 0 {
			t.Errorf("%q: %v, %v", header, got, err)
		}
	})
}

func TestMinPosition(t *testing.T) {
	written := eventstore.Position{Commit: 417, Prepare: 416}
	for _, header := range []string{written.String(), " " + written.String() + " "} {
		if got, err := MinPosition(header); err != nil || got != written {
			t.Errorf("%q: %v, %v; want %v", header, got, err, written)
		}
	}
	if got, err := MinPosition(""); err != nil || !got.IsZero() {
		t.Errorf("without a header: %v, %v", got, err)
	}
	for _, header := range []string{"soon", "417/", "-1/-1", "1/2/3", " "} {
		if _, err := MinPosition(header); !problem.Has(err, "bad-position") {
			t.Errorf("%q: %v, want bad-position", header, err)
		}
	}
}

func FuzzMinPosition(f *testing.F) {
	f.Add(eventstore.Position{Commit: 417, Prepare: 416}.String())
	f.Add("417/")
	f.Fuzz(func(t *testing.T, header string) {
		position, err := MinPosition(header)
		if err != nil {
			if !problem.Has(err, "bad-position") {
				t.Errorf("%q: %v", header, err)
			}
			return
		}
		if again, err := MinPosition(position.String()); !position.IsZero() && (err != nil || again != position) {
			t.Errorf("%q is %v, which reads as %v, %v", header, position, again, err)
		}
	})
}

func TestAClientHashHidesTheAddress(t *testing.T) {
	hash := func(address, secret string) (hash string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		request.RemoteAddr = address
		Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			hash = ClientHash(r.Context(), []byte(secret))
		})).ServeHTTP(httptest.NewRecorder(), request)
		return hash
	}
	first := hash("203.0.113.7:5000", "secret")
	if len(first) != 16 {
		t.Errorf("hash %q, want 16 hexadecimal digits", first)
	}
	if hash("203.0.113.7:6000", "secret") != first {
		t.Error("the port changes the hash")
	}
	if hash("203.0.113.8:5000", "secret") == first || hash("203.0.113.7:5000", "another") == first {
		t.Error("another address or another secret gives the same hash")
	}
}

func TestTheClientsAddress(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.7:5000", "", "203.0.113.7"},
		{"[::ffff:203.0.113.7]:5000", "", "203.0.113.7"},
		{"[fe80::1%eth0]:5000", "", "fe80::1"},
		{"@", "", ""}, // a socket
		{"10.0.0.1:5000", "198.51.100.9", "198.51.100.9"},
		{"10.0.0.1:5000", "no address", "10.0.0.1"},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		request.RemoteAddr = c.remote
		var got string
		handler := Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = ClientAddress(r.Context()) }))
		if c.forwarded != "" {
			request.Header.Set("X-Forwarded-For", c.forwarded)
			handler = middleware.ClientIPFromXFF("10.0.0.0/8")(handler)
		}
		if handler.ServeHTTP(httptest.NewRecorder(), request); got != c.want {
			t.Errorf("from %q, forwarded for %q: %q, want %q", c.remote, c.forwarded, got, c.want)
		}
	}
	if got := ClientAddress(t.Context()); got != "" {
		t.Errorf("outside a request %q", got)
	}
}

func TestWithoutMiddlewareThereIsNoCommand(t *testing.T) {
	if got := CommandOf(t.Context()); got != (Command{}) {
		t.Errorf("%+v", got)
	}
}
