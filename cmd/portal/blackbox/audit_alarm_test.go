package blackbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"services.example/portal/infra/eventstore"
)

// alarm is what the metrics say of the history: 1 for altered.
func (s *server) alarm(t *testing.T) string {
	t.Helper()
	metrics := s.client(t, "en").do(http.MethodGet, "/metrics", nil)
	found := regexp.MustCompile(`(?m)^history_altered(?:\{[^}]*\})? ([01])$`).FindSubmatch(metrics.body)
	if found == nil {
		t.Fatalf("/metrics answered %d without history_altered", metrics.status)
	}
	return string(found[1])
}

// TestAnAlteredHistoryRaisesAnAlarm: whoever watches metrics and messages hears of it, until it is right again.
func TestAnAlteredHistoryRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log := filepath.Join(data, "events")
	s := start(t, data, "--checkpoint-every=50ms")
	s.signedCheckpoint(t)
	if got := s.alarm(t); got != "0" {
		t.Errorf("before anything happened the alarm is %s", got)
	}
	s.stop()
	list := allRecords(t, log)
	changed := list[5]
	changed.Data = append([]byte(" "), changed.Data...)

	forge(t, log, slices.Concat(list[:5], []eventstore.Recorded{changed}, list[6:]))
	s = start(t, data, "--checkpoint-every=50ms")
	if out, said, code := run(t, "", "audit", "verify", "--data", data); code != 2 {
		t.Fatalf("verifying ended with %d: %s%s", code, out, said)
	}
	if got := s.alarm(t); got != "1" {
		t.Errorf("of a changed record the alarm is %s", got)
	}
	if said := s.out.String(); !strings.Contains(said, "the event log was altered") || !strings.Contains(said, "record 5 was changed") {
		t.Errorf("the portal said nothing of it: %s", said)
	}
	s.stop()

	forge(t, log, list)
	ok(t, "audit", "verify", "--data", data)
	s = start(t, data, "--checkpoint-every=50ms")
	if got := s.alarm(t); got != "0" {
		t.Errorf("of a log that is right again the alarm is %s", got)
	}
	s.stop()

	forge(t, log, list[:len(list)-3])
	if err := os.RemoveAll(filepath.Join(data, "read")); err != nil { // so that nothing there remembers it
		t.Fatal(err)
	}
	s = start(t, data, "--checkpoint-every=50ms")
	eventually(t, func() bool { return s.alarm(t) == "1" }) // the portal finds by itself that it was set back
	if said := s.out.String(); !strings.Contains(said, "the event log does not continue the last signed checkpoint") {
		t.Errorf("the portal said nothing of it: %s", said)
	}
}
