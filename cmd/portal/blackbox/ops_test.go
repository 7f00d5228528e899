//go:build unix

package blackbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// look asks a process that only projects for something that its operators see.
func (p *projector) look(t *testing.T, path string) (status int, body string) {
	t.Helper()
	address := regexp.MustCompile(`http://[0-9.]+:[0-9]+`).FindString(p.said)
	if address == "" {
		t.Fatalf("the projector said %q", p.said)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(said)
}

// stop ends the process in order.
func (p *projector) stop(t *testing.T) {
	t.Helper()
	p.signal(t, os.Interrupt)
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the projector ended badly: %v\n%s", err, p.out)
	}
}

// health is what /readyz says.
type health struct {
	Ready       bool
	Events      string
	Projections []struct{ Name, State, Error string }
}

// TestAProcessThatOnlyProjectsIsWatched asks one what operators ask of every process, and nothing that people ask.
func TestAProcessThatOnlyProjectsIsWatched(t *testing.T) {
	t.Parallel()
	p := startProjector(t, t.TempDir(), []string{"--ops-listen", "127.0.0.1:0"})
	if status, body := p.look(t, "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz answered %d, %q", status, body)
	}
	status, body := p.look(t, "/readyz")
	var ready health
	if err := json.Unmarshal([]byte(body), &ready); err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK || !ready.Ready || ready.Events != "ok" || len(ready.Projections) < 10 {
		t.Errorf("/readyz answered %d, %s", status, body)
	}
	status, metrics := p.look(t, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics answered %d", status)
	}
	for _, metric := range []string{
		`projections_owner{[^}]*} 1`, `projections_lag_events{[^}]*projection="my_applications"`, `projections_lag_seconds{`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !regexp.MustCompile(metric).MatchString(metrics) {
			t.Errorf("/metrics has no %s", metric)
		}
	}
	for _, path := range []string{"/", "/api/v1/services", "/dev/outbox"} {
		if status, body := p.look(t, path); status != http.StatusNotFound {
			t.Errorf("%s answered %d, %q", path, status, body)
		}
	}
	p.stop(t)
	if said := p.out.String(); strings.Contains(said, "ERROR") || strings.Contains(said, "panic") {
		t.Error(said)
	}
}
