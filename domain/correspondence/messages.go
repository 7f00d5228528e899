package correspondence

import (
	"iter"
	"slices"
	"strconv"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

const (
	// MaxFiles is how many files one message may carry.
	MaxFiles = 10
	// FloodWindow is the time within which an author's messages are counted.
	FloodWindow = time.Minute
	// MaxPerWindow is how many messages of one author within FloodWindow the state remembers: no higher limit can be set.
	MaxPerWindow = 60
)

// State is what the rules need to know of the messages of one application: who wrote within the last minute. Its memory
// is bounded by the people who write at once.
type State struct {
	latest *remembered // nil: nobody wrote
}

// remembered is a posting and those before it. It never changes: states share it.
type remembered struct {
	Posting

	earlier *remembered
	count   int32 // up to this one
	most    int32 // of them, before some are forgotten
}

// Recent gives whom the state remembers to have written, the latest first: of each author at least the last MaxPerWindow
// within FloodWindow.
func (s State) Recent() iter.Seq[Posting] {
	return func(yield func(Posting) bool) {
		for r := s.latest; r != nil && yield(r.Posting); r = r.earlier {
		}
	}
}

// Posting is that somebody wrote.
type Posting struct {
	Author string // account id
	At     time.Time
}

// Post adds a message. The files that it names must be among those that the author's side has uploaded.
type Post struct {
	MessageID string
	Applicant string // account id of the application's applicant: whose personal data the message is
	Author    string // account id
	Side      Side
	Notice    bool
	Text      string
	FileIDs   []string
	Uploads   []File // of the author's side
	PerMinute int    // how many messages the author may post within a minute, up to MaxPerWindow; 0: any number
	At        time.Time
}

// Decide answers a command with the events that carry it out. A message is known by its stream: whoever appends sees to it
// that a repeated command is not decided again. Errors: invalid, with text-required, too-long, bad-text, too-many-items,
// repeated or file-not-found where it is; too-many-messages.
func Decide(s State, c Post) ([]Event, error) {
	words, faults := text.Written("text", c.Text, text.MaxWritten)
	files, unknown := chosen(c.FileIDs, c.Uploads)
	if err := problem.Input(append(faults, unknown...)...); err != nil {
		return nil, err
	}
	if wait := s.wait(c.Author, c.PerMinute, c.At); wait > 0 {
		return nil, &problem.Problem{Kind: problem.TooMany, Code: "too-many-messages", RetryAfter: wait}
	}
	return []Event{MessagePosted{
		MessageID: c.MessageID, Applicant: c.Applicant, Author: c.Author, Side: c.Side, Notice: c.Notice,
		Text: words, Files: files, At: c.At,
	}}, nil
}

// chosen finds the files that a message names.
func chosen(ids []string, uploads []File) (files []File, faults []problem.Field) {
	if len(ids) > MaxFiles {
		limit := map[string]string{"max": strconv.Itoa(MaxFiles)}
		return nil, []problem.Field{{Location: "fileIds", Code: "too-many-items", Params: limit}}
	}
	for i, id := range ids {
		var code string
		at := slices.IndexFunc(uploads, func(f File) bool { return f.ID == id })
		switch {
		case at < 0:
			code = "file-not-found"
		case slices.Contains(ids[:i], id):
			code = "repeated"
		default:
			files = append(files, uploads[at])
			continue
		}
		faults = append(faults, problem.Field{Location: "fileIds[" + strconv.Itoa(i) + "]", Code: code})
	}
	return files, faults
}

// wait tells how long an author has to wait until one more message of theirs is within the limit.
func (s State) wait(author string, perMinute int, now time.Time) time.Duration {
	if perMinute <= 0 {
		return 0
	}
	own := 0
	for posting := range s.Recent() {
		if posting.Author != author || !posting.At.After(now.Add(-FloodWindow)) {
			continue
		}
		if own++; own == min(perMinute, MaxPerWindow) { // as soon as this one does not count any more
			return min(posting.At.Add(FloodWindow).Sub(now), FloodWindow) // also if the clock went back
		}
	}
	return 0
}

// Evolve gives the state after one more event. It is total, and the state that it was given stays as it was.
func Evolve(s State, event Event) State {
	if e, ok := event.(MessagePosted); ok {
		return s.with(Posting{Author: e.Author, At: e.At})
	}
	return s
}

// with remembers one more message. Every so often it forgets what no rule asks for any more.
func (s State) with(posting Posting) State {
	if s.latest != nil && s.latest.count >= s.latest.most {
		s = s.trimmed(posting.At)
	}
	r := &remembered{Posting: posting, earlier: s.latest, count: 1, most: MaxPerWindow}
	if before := s.latest; before != nil {
		r.count, r.most = before.count+1, before.most
		if before.Author == posting.Author {
			r.Author = before.Author // one text instead of two
		}
	}
	return State{r}
}

// trimmed is the state with what rules may ask for from now on, and room for half as much again.
func (s State) trimmed(now time.Time) State {
	var kept []Posting
	counts := map[string]int{}
	for posting := range s.Recent() {
		if posting.At.After(now.Add(-FloodWindow)) && counts[posting.Author] < MaxPerWindow {
			counts[posting.Author]++
			kept = append(kept, posting)
		}
	}
	var trimmed State
	room := int32(len(kept) + max(len(kept)/2, MaxPerWindow/2))
	nodes := make([]remembered, len(kept))
	for i, posting := range slices.Backward(kept) {
		nodes[i] = remembered{Posting: posting, earlier: trimmed.latest, count: int32(len(kept) - i), most: room}
		trimmed.latest = &nodes[i]
	}
	return trimmed
}
