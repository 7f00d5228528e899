package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestABarShowsHowFarAReadingIs(t *testing.T) {
	t.Parallel()
	nothing, half, whole := strings.Repeat("·", 30), strings.Repeat("█", 15)+strings.Repeat("·", 15), strings.Repeat("█", 30)
	for name, test := range map[string]struct {
		from, to, at string
		want         string
	}{
		"at the beginning":          {"100/100", "300/300", "100/100", "[" + nothing + "]   0 %  7 events"},
		"half way":                  {"100/100", "300/300", "200/200", "[" + half + "]  50 %  7 events"},
		"at the end":                {"100/100", "300/300", "300/300", "[" + whole + "] 100 %  7 events"},
		"beyond, of what came":      {"100/100", "300/300", "400/400", "[" + whole + "] 100 %  7 events"},
		"before, of a strange log":  {"100/100", "300/300", "50/50", "[" + nothing + "]   0 %  7 events"},
		"from the log's beginning":  {"", "300/300", "150/150", "[" + half + "]  50 %  7 events"},
		"nothing to read":           {"300/300", "300/300", "300/300", "[" + whole + "] 100 %  7 events"},
		"nobody says where it ends": {"", "", "150/150", "[" + whole + "] 100 %  7 events"},
	} {
		var out bytes.Buffer
		b := newBar(&out, true)
		b.between(test.from, test.to)
		b.at(test.at, 7)
		if got := out.String(); got != "\r\033[K"+test.want {
			t.Errorf("%s: drawn %q, want %q", name, got, test.want)
		}
	}
}

func TestABarGoesOnFromWhereItBegan(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBar(&out, true)
	b.between("", "100/100")
	b.between("100/100", "200/200") // the next answer
	b.at("150/150", 1)
	if got := out.String(); !strings.Contains(got, " 75 %") {
		t.Errorf("drawn %q, want three quarters of the whole", got)
	}
}

func TestABarLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBar(&out, true)
	b.between("", "100/100")
	b.clear() // nothing to take away yet
	b.at("50/50", 1)
	drawn := out.Len()
	b.clear()
	b.end()
	if got := out.String()[drawn:]; got != "\r\033[K" {
		t.Errorf("taken away with %q, want one empty line", got)
	}
	drawn = out.Len()
	b.last = time.Now().Add(time.Hour) // drawn a moment ago
	b.at("60/60", 2)
	if out.Len() != drawn {
		t.Errorf("drawn again at once: %q", out.String()[drawn:])
	}
}

func TestNobodySeesABarThatGoesElsewhere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBar(&out, false)
	b.between("", "100/100")
	b.at("50/50", 1)
	b.end()
	if out.Len() != 0 {
		t.Errorf("written into a file: %q", out.String())
	}
}
