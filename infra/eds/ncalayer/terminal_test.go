package ncalayer_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds/ncalayer"
)

// screen keeps what is shown, and says so when the last line of a question is there.
type screen struct {
	mu    sync.Mutex
	text  strings.Builder
	asked chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(string(p), "Enter") {
		s.asked <- struct{}{}
	}
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func theTime() time.Time { return made }

// twoKeys is a question of a page.
func twoKeys(language string) ncalayer.Question {
	return ncalayer.Question{
		Origin: portal, Language: language, Keys: []string{"ҮЛГІБАЕВ ҮЛГІ", "МЫСАЛОВА МЫСАЛ"},
		Documents: []ncalayer.Document{{Size: 3, SHA256: [32]byte{0xab}}, {Size: 64, SHA256: [32]byte{0xcd}, Digest: true}},
	}
}

func TestAPersonChoosesByNumber(t *testing.T) {
	t.Parallel()
	cancelled := ncalayer.ErrCancelled
	for typed, want := range map[string]struct {
		n   int
		err error
	}{
		"1\n": {0, nil}, "2\t\n": {1, nil}, "\n": {0, cancelled}, "3\n": {0, cancelled}, "0\n": {0, cancelled}, "-1\n": {0, cancelled},
		"y\n": {0, cancelled}, "": {0, cancelled}, "2": {1, nil}, "99999999999999999999\n": {0, cancelled},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			reader, writer := io.Pipe()
			shown := &screen{asked: make(chan struct{}, 1)}
			go func() {
				<-shown.asked
				_, _ = io.WriteString(writer, typed)
				_ = writer.Close()
			}()
			n, err := ncalayer.NewTerminal(reader, shown, theTime, nil).Choose(t.Context(), twoKeys("ru"))
			if n != want.n || !errors.Is(err, want.err) {
				t.Errorf("chose %d, error %v; want %d, %v", n, err, want.n, want.err)
			}
		})
	}
}

func TestOneKeyNeedsNoNumber(t *testing.T) {
	t.Parallel()
	for language, typed := range map[string]string{"kk": "иә\n", "ru": "Да\n", "en": "yes\n", "": "и\n"} {
		reader, writer := io.Pipe()
		shown := &screen{asked: make(chan struct{}, 1)}
		go func() {
			<-shown.asked
			_, _ = io.WriteString(writer, typed)
			_ = writer.Close()
		}()
		q := twoKeys(language)
		q.Keys = q.Keys[:1]
		if n, err := ncalayer.NewTerminal(reader, shown, theTime, nil).Choose(t.Context(), q); n != 0 || err != nil {
			t.Errorf("%q: chose %d, error %v", typed, n, err)
		}
	}
}

func TestWhatWasTypedBeforeIsNoAnswer(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	shown := &screen{asked: make(chan struct{}, 1)}
	terminal := ncalayer.NewTerminal(reader, shown, theTime, nil)
	go func() {
		<-shown.asked
		_, _ = io.WriteString(writer, "2\n1\n") // the second line answers nothing: no question is there yet
		<-shown.asked
		_, _ = io.WriteString(writer, "2\n")
		_ = writer.Close()
	}()
	for range 2 {
		if n, err := terminal.Choose(t.Context(), twoKeys("en")); n != 1 || err != nil {
			t.Errorf("chose %d, error %v", n, err)
		}
	}
}

func TestAQuestionEndsWithItsPage(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	defer writer.Close() //nolint:errcheck // nothing was written
	shown := &screen{asked: make(chan struct{}, 1)}
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-shown.asked
		leave()
	}()
	if _, err := ncalayer.NewTerminal(reader, shown, theTime, nil).Choose(ctx, twoKeys("en")); !errors.Is(err, ncalayer.ErrCancelled) {
		t.Errorf("error %v", err)
	}
}

func TestTheQuestionIsReadInThePagesLanguage(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		question ncalayer.Question
		then     ncalayer.Consent
		want     string
	}{
		"in Kazakh, which is the default": {twoKeys(""), ncalayer.Always{}, `09:00:00  https://portal.example қол қоюды сұрайды:
  1-құжат, 3 байт, SHA-256: ab00000000000000000000000000000000000000000000000000000000000000
  2-құжат, тек хэші (64 байт), оның SHA-256: cd00000000000000000000000000000000000000000000000000000000000000
  [1] ҮЛГІБАЕВ ҮЛГІ
  [2] МЫСАЛОВА МЫСАЛ
  қол қойылды: ҮЛГІБАЕВ ҮЛГІ
`},
		"in Russian, cancelled": {twoKeys("ru"), ncalayer.Never{}, `09:00:00  https://portal.example просит подписать:
  документ 1, 3 байт, SHA-256: ab00000000000000000000000000000000000000000000000000000000000000
  документ 2, только хеш (64 байт), его SHA-256: cd00000000000000000000000000000000000000000000000000000000000000
  [1] ҮЛГІБАЕВ ҮЛГІ
  [2] МЫСАЛОВА МЫСАЛ
  отменено
`},
		"in English, of a program": {ncalayer.Question{Language: "en", Keys: []string{"X"}}, ncalayer.Always{}, `09:00:00  a program on this computer asks who you are:
  [1] X
`},
		"no key": {ncalayer.Question{Language: "en", Origin: portal}, ncalayer.Always{}, `09:00:00  https://portal.example asks who you are:
  no key fits
  cancelled
`},
		"names that would steer the terminal": {
			ncalayer.Question{Language: "en", Origin: "\x1b[2Jhttps://x\r\n", Keys: []string{"\x1b]0;title\aА\u202eB"}},
			ncalayer.Always{},
			"09:00:00  [2Jhttps://x asks who you are:\n  [1] ]0;titleАB\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown := &screen{}
			_, _ = ncalayer.NewTerminal(strings.NewReader(""), shown, theTime, tc.then).Choose(t.Context(), tc.question)
			if diff := cmp.Diff(tc.want, shown.String()); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}
