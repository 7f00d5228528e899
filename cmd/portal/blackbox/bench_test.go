package blackbox_test

import (
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBench takes every figure of the benchmark, in a small portal and for a moment: too short to say anything about them.
func TestBench(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the memory of a process")
	}
	printed := ok(t, "bench", "--folder", t.TempDir(), "--applications", "400", "--people", "40", "--small", "100",
		"--duration", "50ms", "--clients", "8", "--streams", "40", "--thread", "60")
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	var names []string
	for _, line := range lines[1:] {
		if !regexp.MustCompile(`  (met|MISSED)$`).MatchString(line) {
			t.Errorf("a figure without a verdict: %q", line)
		}
		name, _, _ := strings.Cut(line, "  ")
		names = append(names, regexp.MustCompile(`\d[\d,]*`).ReplaceAllString(name, "N"))
	}
	if diff := cmp.Diff([]string{
		"durable appends, N callers",
		"rebuild of all N read models, N events",
		"save-step over HTTP, N clients",
		"message over HTTP, N clients",
		"My applications (N rows), N applications",
		"My applications at N % load, Nth percentile",
		"the same with the small folder",
		"command to visible, N commands/s, Nth percentile",
		"memory with N applications",
		"start to ready with N applications",
		"message to open pages, N open, N messages/s, Nth percentile",
		"memory of N open pages",
		"goroutines after N open pages",
		"first page of a thread of N items at N % load, Nth percentile",
		"the bell at N % load, Nth percentile",
	}, names); diff != "" {
		t.Errorf("figures (-want +printed):\n%s", diff)
	}
	if !strings.Contains(printed, "40 open, 200 messages/s") || !strings.Contains(printed, "goroutines after 40 open pages") {
		t.Errorf("it did not open 40 pages:\n%s", printed)
	}
}
