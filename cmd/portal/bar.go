package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"services.example/portal/infra/eventstore"
)

// bar shows how far a reading of the log is, on a terminal.
type bar struct {
	w     io.Writer
	shows bool

	from, to uint64 // commits of positions
	drawn    bool
	last     time.Time
}

// barWidth is how many characters stand for the whole.
const barWidth = 30

func newBar(w io.Writer, shows bool) *bar { return &bar{w: w, shows: shows} }

// between says where the reading began, the first time, and where it ends.
func (b *bar) between(from, to string) {
	if b.to == 0 {
		b.from = commitOf(from)
	}
	b.to = commitOf(to)
}

func commitOf(position string) uint64 {
	p, err := eventstore.ParsePosition(position)
	if err != nil {
		return 0
	}
	return p.Commit
}

// at says how far the reading is.
func (b *bar) at(position string, lines int) {
	if !b.shows || time.Since(b.last) < progressPause {
		return
	}
	b.last = time.Now()
	b.draw(commitOf(position), lines)
}

func (b *bar) draw(at uint64, lines int) {
	part := 1.0
	if b.to > b.from && at < b.to {
		part = float64(max(at, b.from)-b.from) / float64(b.to-b.from)
	}
	full := int(part * barWidth)
	_, _ = fmt.Fprintf(b.w, "\r\033[K[%s%s] %3.0f %%  %d events", strings.Repeat("█", full), strings.Repeat("·", barWidth-full), part*100, lines)
	b.drawn = true
}

// clear takes the bar away, so that something else can be printed.
func (b *bar) clear() {
	if b.drawn {
		_, _ = fmt.Fprint(b.w, "\r\033[K")
		b.drawn = false
	}
}

// end leaves the terminal as it was.
func (b *bar) end() { b.clear() }
