package correspondence_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
)

var people = []string{dana, aibek, saule}

// TestNobodyFloods: whatever people try, nobody gets more than the limit into any minute, whoever waits as long as they were
// told gets through, and what the state remembers is bounded.
func TestNobodyFloods(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, correspondence.MaxPerWindow).Draw(t, "limit")
		now := noon
		var s correspondence.State
		posted := map[string][]time.Time{}
		post := func(author string) error {
			events, err := correspondence.Decide(s, with(by(author, "x"), func(c *correspondence.Post) { c.PerMinute, c.At = limit, now }))
			for _, e := range events {
				before := slices.Collect(s.Recent())
				after := correspondence.Evolve(s, e)
				if diff := cmp.Diff(before, slices.Collect(s.Recent())); diff != "" {
					t.Fatalf("the state that was given changed (-before +after):\n%s", diff)
				}
				s = after
				posted[author] = append(posted[author], now)
			}
			return err
		}
		for range rapid.IntRange(1, 300).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * time.Millisecond)
			author := rapid.SampledFrom(people).Draw(t, "author")
			if err := post(author); err != nil {
				now = now.Add(refusedFor(t, err))
				if err := post(author); err != nil {
					t.Fatalf("waited as long as told, then %v", err)
				}
			}
		}
		for author, times := range posted {
			for i := limit; i < len(times); i++ {
				if took := times[i].Sub(times[i-limit]); took < correspondence.FloodWindow {
					t.Errorf("%s wrote %d messages within %s, limit %d a minute", author, limit+1, took, limit)
				}
			}
		}
		if got := remembered(s); got > mostRemembered(len(people)) {
			t.Errorf("%d messages remembered", got)
		}
	})
}

func refusedFor(t *rapid.T, err error) time.Duration {
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != "too-many-messages" || p.RetryAfter <= 0 || p.RetryAfter > correspondence.FloodWindow {
		t.Fatalf("refused with %v", err)
	}
	return p.RetryAfter
}

// TestWhatIsRememberedIsBounded: also where no limit was set.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	var s correspondence.State
	for i := range 10_000 {
		s = correspondence.Evolve(s, correspondence.MessagePosted{Author: people[i%3], At: noon.Add(time.Duration(i) * time.Millisecond)})
	}
	if least, got := 3*correspondence.MaxPerWindow, remembered(s); got < least || got > mostRemembered(3) {
		t.Errorf("%d messages remembered, want %d to %d", got, least, mostRemembered(3))
	}
	for i := range 10_000 {
		s = correspondence.Evolve(s, correspondence.MessagePosted{Author: dana, At: noon.Add(time.Duration(i) * time.Hour)})
	}
	if got := remembered(s); got > mostRemembered(1) {
		t.Errorf("%d messages remembered where one is written each hour, want at most %d", got, mostRemembered(1))
	}
}

func remembered(s correspondence.State) int { return len(slices.Collect(s.Recent())) }

// mostRemembered is the bound for so many people: what rules ask for, and half as much again before it is forgotten.
func mostRemembered(people int) int { return people * correspondence.MaxPerWindow * 3 / 2 }

// TestMarksOnlyGrow: whatever order marks are given and appended in, everybody's mark is the furthest that they gave, and the
// same mark again gives nothing.
func TestMarksOnlyGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s, stale correspondence.Readings
		furthest := map[string]correspondence.Mark{}
		for range rapid.IntRange(1, 50).Draw(t, "marks") {
			c := correspondence.MarkRead{
				Reader: rapid.SampledFrom(people).Draw(t, "reader"), Side: correspondence.Staff, At: noon,
				Messages: rapid.Int64Range(0, 9).Draw(t, "messages"), Application: rapid.Int64Range(0, 9).Draw(t, "application"),
			}
			decidedOn := s
			if rapid.Bool().Draw(t, "decided on an older state") { // as by another process
				decidedOn = stale
			}
			events, err := correspondence.DecideReading(decidedOn, c)
			if err != nil {
				t.Fatal(err)
			}
			stale = s
			for _, e := range events {
				s = correspondence.EvolveReading(s, e)
			}
			far := furthest[c.Reader]
			furthest[c.Reader] = correspondence.Mark{
				Reader: c.Reader, Messages: max(far.Messages, c.Messages), Application: max(far.Application, c.Application),
			}
			if diff := cmp.Diff(furthest[c.Reader], s.Mark(c.Reader)); diff != "" {
				t.Fatalf("mark (-want +got):\n%s", diff)
			}
			if again, err := correspondence.DecideReading(s, c); len(again) > 0 || err != nil {
				t.Fatalf("the same again gave %v, %v", again, err)
			}
		}
	})
}
