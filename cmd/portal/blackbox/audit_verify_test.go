package blackbox_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// signedCheckpoint waits until the portal has signed a checkpoint that covers everything up to now.
func (s *server) signedCheckpoint(t *testing.T) string {
	t.Helper()
	number := s.client(t, "en").do(http.MethodGet, "/audit/log/checkpoint", nil)
	records := events(t, s.data)
	for {
		if number.status == http.StatusOK {
			lines := strings.Split(string(number.body), "\n")
			if len(lines) > 2 && atLeast(lines[1], records) {
				return string(number.body)
			}
		}
		select {
		case <-t.Context().Done():
			t.Fatal("no checkpoint was signed")
		case <-time.After(20 * time.Millisecond):
		}
		number = s.client(t, "en").do(http.MethodGet, "/audit/log/checkpoint", nil)
	}
}

func atLeast(number string, records int) bool {
	n := 0
	for _, digit := range number {
		n = 10*n + int(digit-'0')
	}
	return n >= records
}

// allRecords reads a log that no portal uses.
func allRecords(t *testing.T, dir string) []eventstore.Recorded {
	t.Helper()
	log, err := pebblelog.OpenReadOnly(dir, pebblelog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	var list []eventstore.Recorded
	for record, err := range log.ReadAll(t.Context(), eventstore.AllRead{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, record)
	}
	return list
}

// forge writes a log anew, as somebody would who knows its format and may write to its files: every checksum is right.
func forge(t *testing.T, dir string, list []eventstore.Recorded) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	var at time.Time
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: slog.New(slog.DiscardHandler), Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range list {
		at = record.Created
		if _, err := log.Append(t.Context(), record.Stream, eventstore.Any, record.Event); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAHistoryThatWasAlteredIsKnown lets a portal sign its history, and then does to its files what somebody might who
// wants another history.
func TestAHistoryThatWasAlteredIsKnown(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := start(t, data, "--checkpoint-every=50ms")
	s.signedCheckpoint(t)
	backup, export, material := filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "e"), filepath.Join(t.TempDir(), "m")
	ok(t, "backup", "--data", data, backup)
	s.client(t, "en").register(individual(2901))
	checkpoint := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(checkpoint, []byte(s.signedCheckpoint(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	ok(t, "export", "--data", data, export)
	ok(t, "audit", "material", "--data", data, material)
	key := strings.TrimSpace(ok(t, "audit", "key", "--data", data))
	const sound = "nothing was changed, added, removed or reordered"
	fits := func(t *testing.T, args ...string) {
		t.Helper()
		if said := ok(t, append([]string{"audit", "verify", "--key", key}, args...)...); !strings.Contains(said, sound) {
			t.Errorf("%v: %s", args, said)
		}
	}
	altered := func(t *testing.T, what string, args ...string) {
		t.Helper()
		out, errs, code := run(t, "", append([]string{"audit", "verify", "--key", key}, args...)...)
		if code != 2 || !strings.Contains(errs, "the history was altered") || !strings.Contains(errs, what) || strings.Contains(out, sound) {
			t.Errorf("%v ended with %d: %s%s; want %q", args, code, out, errs, what)
		}
	}
	fits(t, "--data", data, "--checkpoint", checkpoint)
	s.stop()
	fits(t, "--data", data, "--checkpoint", checkpoint)
	fits(t, "--backup", backup)
	fits(t, "--export", export, "--material", material)
	fits(t, "--export", export, "--checkpoint", checkpoint)

	log := filepath.Join(data, "events")
	list := allRecords(t, log)
	place := len(list) / 2
	victim := list[place]
	changed := victim
	changed.Data = []byte(strings.Replace(string(victim.Data), `"at":"20`, `"at":"19`, 1))
	if string(changed.Data) == string(victim.Data) {
		changed.Data = append([]byte(" "), changed.Data...)
	}
	swapped := slices.Clone(list)
	for swapped[place].Stream == swapped[place+1].Stream {
		place++
	}
	victim = list[place]
	changed.Stream, changed.ID, changed.Type = victim.Stream, victim.ID, victim.Type
	changed.Metadata, changed.Created, changed.JSON = victim.Metadata, victim.Created, victim.JSON
	swapped[place], swapped[place+1] = swapped[place+1], swapped[place]
	inserted := changed
	inserted.ID[0] ^= 1
	inserted.Stream = "application-of-nobody"
	name := "stream " + victim.Stream
	for what, row := range map[string]struct {
		list []eventstore.Recorded
		want string
	}{
		"changed":   {slices.Concat(list[:place], []eventstore.Recorded{changed}, list[place+1:]), "was changed: event"},
		"dropped":   {slices.Concat(list[:place], list[place+1:]), "is missing, after event"},
		"inserted":  {slices.Concat(list[:place], []eventstore.Recorded{inserted}, list[place:]), "was inserted: event 0 of stream application-of-nobody"},
		"exchanged": {swapped, fmt.Sprintf("record %d ", place)},
		"truncated": {list[:place], "the log ends before record"},
	} {
		forge(t, log, row.list)
		altered(t, row.want, "--data", data)
		if what == "changed" {
			altered(t, name, "--data", data)
			ok(t, "verify", "--data", data) // whoever forged it did so well that the log itself is sound
		}
	}
	forge(t, log, list)
	fits(t, "--data", data)

	// The whole store is set back to the backup, with everything beside it: only who has a newer checkpoint knows.
	fits(t, "--backup", backup)
	altered(t, "the log ends before record", "--backup", backup, "--checkpoint", checkpoint)
	forge(t, filepath.Join(backup, "events"), slices.Concat(list[:3], []eventstore.Recorded{changed}))
	altered(t, "record 3", "--backup", backup)

	signed, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(string(signed), "time 20", "time 19", 1)
	if err := os.WriteFile(checkpoint, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	altered(t, "checkpoint 1 of those given", "--data", data, "--checkpoint", checkpoint)
	if err := os.WriteFile(filepath.Join(data, "audit", "checkpoint"), []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	altered(t, "not signed with the key of the log", "--data", data)
}
