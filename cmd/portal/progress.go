package main

import (
	"fmt"
	"os"
	"time"
)

// progress tells how many events were dealt with, on a terminal only.
type progress struct {
	doing string
	shown time.Time // zero: nothing was shown
	mute  bool
}

// progressPause is how often progress is shown.
const progressPause = 200 * time.Millisecond

func newProgress(doing string) *progress { return &progress{doing: doing, mute: !terminal(os.Stderr)} }

func (p *progress) tell(events int64) {
	if p.mute || time.Since(p.shown) < progressPause {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(os.Stderr, "\r%d events %s", events, p.doing)
}

// end ends the line, if there is one.
func (p *progress) end() {
	if !p.shown.IsZero() {
		fmt.Fprintln(os.Stderr)
	}
}

// terminal tells whether somebody reads along.
func terminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
