package ncalayer

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Terminal shows a person what is asked, in the page's language, and lets them choose a key by its number.
type Terminal struct {
	out  io.Writer
	in   io.Reader
	now  func() time.Time
	then Consent // asked in the person's stead; nil: the person is asked

	once    sync.Once
	mu      sync.Mutex
	waiting chan string // for the next line; nil: nothing is asked
	ended   bool        // nothing more can be typed
}

// NewTerminal shows and asks. If then is not nil it is asked instead: what is signed is only shown.
func NewTerminal(in io.Reader, out io.Writer, now func() time.Time, then Consent) *Terminal {
	return &Terminal{in: in, out: out, now: now, then: then}
}

// Choose shows the question and waits for the answer.
func (t *Terminal) Choose(ctx context.Context, q Question) (int, error) {
	w, known := words[q.Language]
	if !known {
		w = words["kk"]
	}
	t.show(w, q)
	n, err := t.decide(ctx, w, q)
	switch {
	case err != nil || len(q.Keys) == 0:
		t.say("  %s", w.cancelled)
		return 0, ErrCancelled
	case len(q.Documents) > 0:
		t.say("  %s: %s", w.signed, printable(q.Keys[n]))
	}
	return n, nil
}

func (t *Terminal) show(w wording, q Question) {
	asked, origin := w.asksWho, printable(q.Origin)
	if len(q.Documents) > 0 {
		asked = w.asks
	}
	if origin == "" {
		origin = w.program
	}
	t.say("%s  %s", t.now().Format(time.TimeOnly), fmt.Sprintf(asked, origin))
	for i, document := range q.Documents {
		kind := w.document
		if document.Digest {
			kind = w.digest
		}
		t.say("  %s: %x", fmt.Sprintf(kind, i+1, document.Size), document.SHA256)
	}
	for i, key := range q.Keys {
		t.say("  [%d] %s", i+1, printable(key))
	}
	if len(q.Keys) == 0 {
		t.say("  %s", w.none)
	}
}

// decide answers the number of a key of the question, counted from 0.
func (t *Terminal) decide(ctx context.Context, w wording, q Question) (int, error) {
	if len(q.Keys) == 0 {
		return 0, ErrCancelled
	}
	if t.then != nil {
		n, err := t.then.Choose(ctx, q)
		if err == nil && (n < 0 || n >= len(q.Keys)) {
			err = ErrCancelled
		}
		return n, err
	}
	answer := t.await()
	t.say("  %s", fmt.Sprintf(w.choose, len(q.Keys)))
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		if len(q.Keys) == 1 && slices.Contains(w.yes, line) {
			return 0, nil
		}
		n, err := strconv.Atoi(line)
		if err != nil || n < 1 || n > len(q.Keys) {
			return 0, ErrCancelled
		}
		return n - 1, nil
	case <-ctx.Done():
		t.stopWaiting()
		return 0, ctx.Err()
	}
}

// await gives the next line that is typed, empty if none can come. What was typed before is no answer.
func (t *Terminal) await() <-chan string {
	t.once.Do(func() { go t.read() })
	t.mu.Lock()
	defer t.mu.Unlock()
	answer := make(chan string, 1)
	if t.ended {
		answer <- ""
		return answer
	}
	t.waiting = answer
	return answer
}

func (t *Terminal) stopWaiting() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = nil
}

// read takes what is typed, line by line, until nothing can come any more.
func (t *Terminal) read() {
	lines := bufio.NewScanner(t.in)
	for lines.Scan() {
		t.typed(lines.Text(), false)
	}
	t.typed("", true)
}

func (t *Terminal) typed(line string, ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = ended
	if t.waiting != nil {
		t.waiting <- line
		t.waiting = nil
	}
}

func (t *Terminal) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.out, format+"\n", args...) // nobody to tell if the terminal is gone
}

// wording is what a person reads, in one language.
type wording struct {
	asks, asksWho    string
	program          string
	document, digest string
	none             string
	choose           string
	yes              []string
	signed           string
	cancelled        string
}

var words = map[string]wording{
	"kk": {
		asks: "%s қол қоюды сұрайды:", asksWho: "%s кім екеніңізді сұрайды:", program: "осы компьютердегі бағдарлама",
		document: "%d-құжат, %d байт, SHA-256", digest: "%d-құжат, тек хэші (%d байт), оның SHA-256",
		none: "бұған лайық кілт жоқ", choose: "Кілт нөмірін жазыңыз (1–%d), бас тарту үшін Enter басыңыз", yes: []string{"и", "иә", "y", "yes"},
		signed: "қол қойылды", cancelled: "бас тартылды",
	},
	"ru": {
		asks: "%s просит подписать:", asksWho: "%s спрашивает, кто вы:", program: "программа на этом компьютере",
		document: "документ %d, %d байт, SHA-256", digest: "документ %d, только хеш (%d байт), его SHA-256",
		none: "подходящего ключа нет", choose: "Введите номер ключа (1–%d) или нажмите Enter для отказа", yes: []string{"д", "да", "y", "yes"},
		signed: "подписано", cancelled: "отменено",
	},
	"en": {
		asks: "%s asks for a signature:", asksWho: "%s asks who you are:", program: "a program on this computer",
		document: "document %d, %d bytes, SHA-256", digest: "document %d, its digest alone (%d bytes), whose SHA-256 is",
		none: "no key fits", choose: "Type the number of a key (1–%d), or press Enter to cancel", yes: []string{"y", "yes"},
		signed: "signed", cancelled: "cancelled",
	},
}

// maxShown is how much of a text from outside is shown, in characters.
const maxShown = 200

// printable is a text from outside without what would steer a terminal.
func printable(text string) string {
	shown := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text))
	return string(shown[:min(len(shown), maxShown)])
}
