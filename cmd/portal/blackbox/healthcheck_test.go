package blackbox_test

import (
	"strings"
	"testing"
)

// TestHealthCheck asks as a container's health check does.
func TestHealthCheck(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	address := strings.TrimPrefix(s.url, "http://")
	_, port, _ := strings.Cut(address, ":")
	for _, listen := range []string{address, "0.0.0.0:" + port, ":" + port, "[::]:" + port} {
		if got := ok(t, "health", "--listen", listen); got != "ready\n" {
			t.Errorf("asked at %s it said %q", listen, got)
		}
	}
	s.stop()
	for _, listen := range []string{address, "nowhere"} {
		if stdout, stderr, code := run(t, "", "health", "--listen", listen); code == 0 || stdout != "" || stderr == "" {
			t.Errorf("without a portal at %s it ended with %d and said %q", listen, code, stdout+stderr)
		}
	}
}
