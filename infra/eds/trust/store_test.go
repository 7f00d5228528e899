package trust_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/note"

	"services.example/portal/infra/eds/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keeper is whoever is responsible for a list.
type keeper struct {
	signer note.Signer
	key    string
	file   string
}

func newKeeper(tb testing.TB) *keeper {
	tb.Helper()
	secret, key, err := note.GenerateKey(rand.Reader, "trust.portal.example")
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		tb.Fatal(err)
	}
	return &keeper{signer: signer, key: key, file: filepath.Join(tb.TempDir(), "trust.txt")}
}

func (k *keeper) signed(tb testing.TB, l *trust.List) []byte {
	tb.Helper()
	text, err := l.Sign(k.signer)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func (k *keeper) put(tb testing.TB, content []byte) {
	tb.Helper()
	draft := k.file + ".new"
	if err := os.WriteFile(draft, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(draft, k.file); err != nil {
		tb.Fatal(err)
	}
}

func (k *keeper) open(tb testing.TB, o trust.Options) *trust.Store {
	tb.Helper()
	o.File, o.Key = k.file, k.key
	s, err := trust.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAStoreForProductionBelievesRealAuthoritiesAlone(t *testing.T) {
	t.Parallel()
	s, err := trust.Open(trust.Options{Production: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.List().Believed(noon, trust.Signing); !s.List().Real() || len(got) != 2 {
		t.Errorf("it believes %d authorities, real %v; want those of GOST and RSA", len(got), s.List().Real())
	}
	for name, o := range map[string]trust.Options{
		"with those of tests":  {Production: true, Test: true},
		"with those of a demo": {Production: true, More: pair(t)},
	} {
		if _, err := trust.Open(o); !errors.Is(err, trust.ErrNotForProduction) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	k := newKeeper(t)
	k.put(t, k.signed(t, list(t, 2, pair(t)...)))
	if _, err := trust.Open(trust.Options{Production: true, File: k.file, Key: k.key}); !errors.Is(err, trust.ErrNotForProduction) {
		t.Errorf("with a list of a demo: error %v", err)
	}
}

func TestAStoreOfADemoBelievesItsOwn(t *testing.T) {
	t.Parallel()
	own := pair(t)
	s, err := trust.Open(trust.Options{Test: true, More: own})
	if err != nil {
		t.Fatal(err)
	}
	if _, found := s.List().Find(own[1].Certificate); !found {
		t.Error("it does not know its own authority")
	}
	if issuing := s.List().Believed(noon, trust.Signing); len(issuing) != 4 {
		t.Errorf("it believes %d authorities; want those of today, of tests and its own", len(issuing))
	}
	if all, err := trust.Embedded(); err != nil || s.List().Version() == all.Version() {
		t.Errorf("its list is called as the embedded one, error %v", err)
	}
}

func TestCertificatesForDevelopersAreKnownWhereNobodyBelievesThem(t *testing.T) {
	t.Parallel()
	all, err := trust.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	s, err := trust.Open(trust.Options{Production: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all.Authorities() {
		if got := s.OfTest(a.Certificate); got {
			t.Errorf("%s is taken for one that an issuing authority for developers signed", a.Name)
		}
	}
}

func TestASignedListReplacesTheOneInUse(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	first, second := list(t, 2, genuine(t)...), list(t, 3, genuine(t)...)
	k.put(t, k.signed(t, first))
	s := k.open(t, trust.Options{Production: true})
	if got := s.List().Version(); got != first.Version() {
		t.Fatalf("version %s is in use, want %s", got, first.Version())
	}
	k.put(t, k.signed(t, second))
	if changed, err := s.Reload(); err != nil || !changed || s.List().Version() != second.Version() {
		t.Errorf("version %s is in use, changed %v, error %v; want %s", s.List().Version(), changed, err, second.Version())
	}
	if changed, err := s.Reload(); err != nil || changed {
		t.Errorf("the same file again: changed %v, error %v", changed, err)
	}
	k.put(t, append(k.signed(t, second), "— somebody.else AAAAAAAA\n"...))
	if changed, err := s.Reload(); changed {
		t.Errorf("the same list, signed by others too: changed %v, error %v", changed, err)
	}
}

func TestAListThatIsNotNewerIsRefused(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	inUse := list(t, 5, genuine(t)...)
	k.put(t, k.signed(t, inUse))
	s := k.open(t, trust.Options{})
	for name, l := range map[string]*trust.List{
		"an older one": list(t, 4, genuine(t)...), "another one of the same number": list(t, 5, genuine(t)...),
	} {
		k.put(t, k.signed(t, l))
		if changed, err := s.Reload(); changed || !errors.Is(err, trust.ErrOlder) || s.List().Version() != inUse.Version() {
			t.Errorf("%s: version %s is in use, changed %v, error %v", name, s.List().Version(), changed, err)
		}
	}
	k.put(t, k.signed(t, list(t, 1, genuine(t)...)))
	if _, err := trust.Open(trust.Options{File: k.file, Key: k.key}); !errors.Is(err, trust.ErrOlder) {
		t.Errorf("one that is not newer than the embedded one: error %v", err)
	}
}

func TestAListThatIsWrongLeavesTheOneInUse(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	inUse := list(t, 2, genuine(t)...)
	k.put(t, k.signed(t, inUse))
	s := k.open(t, trust.Options{Production: true})
	right := k.signed(t, list(t, 3, genuine(t)...))
	text := string(right)
	note := func(text string) []byte {
		t.Helper()
		return k.note(t, text)
	}
	body := text[:strings.Index(text, "\n\n— ")+1]
	for name, content := range map[string][]byte{
		"nothing":             nil,
		"without a signature": []byte(body),
		"changed":             bytes.Replace(right, []byte(`"version": 3`), []byte(`"version": 4`), 1),
		"another's":           newKeeper(t).signed(t, list(t, 3, genuine(t)...)),
		"too long":            append(bytes.Clone(right), make([]byte, trust.MaxFile)...),
		"not JSON":            note("version 3\n"),
		"an unknown word":     note(strings.Replace(body, `"version": 3`, `"version": 3, "revision": 1`, 1)),
		"two lists":           note(body + body),
		"no certificate":      note(`{"version":3,"issued":"2026-11-22T00:00:00Z","authorities":[{"certificate":"MAA="}]}` + "\n"),
		"a demo's":            k.signed(t, list(t, 3, pair(t)...)),
	} {
		k.put(t, content)
		if changed, err := s.Reload(); err == nil || changed || s.List().Version() != inUse.Version() {
			t.Errorf("%s: version %s is in use, changed %v, error %v", name, s.List().Version(), changed, err)
		}
	}
	if err := os.Remove(k.file); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Reload(); err == nil || changed {
		t.Errorf("no file: changed %v, error %v", changed, err)
	}
	k.put(t, right)
	if changed, err := s.Reload(); err != nil || !changed {
		t.Errorf("a right one after all: changed %v, error %v", changed, err)
	}
}

func (k *keeper) note(tb testing.TB, text string) []byte {
	tb.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

func TestAKeyThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := trust.Open(trust.Options{File: "trust.txt", Key: "secret"}); err == nil {
		t.Error("opened")
	}
}

// lines hands on what is logged.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func TestAWatchedListIsReplacedWithoutARestart(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.put(t, k.signed(t, list(t, 2, genuine(t)...)))
	s := k.open(t, trust.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	logged := make(lines)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, time.Millisecond, slog.New(slog.NewTextHandler(logged, nil)))
	}()
	newer := list(t, 3, genuine(t)...)
	k.put(t, k.signed(t, newer))
	if line := <-logged; !strings.Contains(line, "level=INFO") || !strings.Contains(line, newer.Version()) {
		t.Errorf("logged %s", line)
	}
	if got := s.List().Version(); got != newer.Version() {
		t.Errorf("version %s is in use, want %s", got, newer.Version())
	}
	k.put(t, []byte("damaged"))
	if line := <-logged; !strings.Contains(line, "level=ERROR") || !strings.Contains(line, newer.Version()) {
		t.Errorf("logged %s", line)
	}
	cancel()
	for {
		select {
		case <-logged: // it says so as long as it lasts
		case <-done:
			return
		}
	}
}
