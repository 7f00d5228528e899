package pebblelog_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// What the test binary does when it is started again by a test.
const (
	childMode   = "PEBBLELOG_TEST_CHILD"
	childDir    = "PEBBLELOG_TEST_DIR"
	childOpen   = "open"   // open the directory and say how that went
	childAppend = "append" // append until killed, and say what was acknowledged

	// killsVariable asks for a long campaign: the number of kills.
	killsVariable = "PEBBLELOG_TEST_KILLS"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case childOpen:
		_, err := pebblelog.Open(os.Getenv(childDir), pebblelog.Options{Logger: quiet})
		fmt.Println(err)
	case childAppend:
		if err := appendUntilKilled(os.Getenv(childDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		goleak.VerifyTestMain(m)
	}
}

func child(ctx context.Context, mode, dir string) *exec.Cmd {
	command := exec.CommandContext(ctx, os.Args[0])
	command.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir)
	command.Stderr = os.Stderr
	return command
}

func runChild(t *testing.T, mode, dir string) string {
	t.Helper()
	output, err := child(t.Context(), mode, dir).Output()
	if err != nil {
		t.Fatalf("run a child process: %v", err)
	}
	return string(output)
}

const (
	killWriters  = 16
	sharedStream = "shared-1"
)

// appendUntilKilled appends to a stream of each writer and to one that all share, and prints every acknowledgement.
func appendUntilKilled(dir string) error {
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet, MemTableSize: 256 << 10})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failures := make(chan error)
	for writer := range killWriters {
		go func() { failures <- appendForever(log, fmt.Sprintf("own-%d", writer), &mu) }()
	}
	return <-failures
}

func appendForever(log *pebblelog.Log, own string, mu *sync.Mutex) error {
	ctx := context.Background()
	revision := eventstore.NoRevision
	last := eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}
	for event, err := range log.ReadStream(ctx, own, last) {
		if err == nil {
			revision = event.Revision
		}
	}
	for i := 0; ; i++ {
		stream, expected := own, eventstore.Expected(revision)
		if i%4 == 3 {
			stream, expected = sharedStream, eventstore.Any
		}
		event := benchEvent()
		appended, err := log.Append(ctx, stream, expected, event)
		if err != nil {
			return err
		}
		if stream == own {
			revision = appended.Revision
		}
		mu.Lock()
		_, err = fmt.Println(stream, appended.Revision, appended.Position, event.ID)
		mu.Unlock()
		if err != nil {
			return err
		}
	}
}

type acknowledged struct {
	Stream   string
	Revision int64
	Position string
	ID       uuid.UUID
}

// TestKilledProcessesLoseNothing kills a process that appends, again and again. Whatever it acknowledged is there, once.
func TestKilledProcessesLoseNothing(t *testing.T) {
	kills := 5
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", killsVariable, err)
		}
	}
	dir := t.TempDir()
	var all []acknowledged
	for kill := range kills {
		all = append(all, killDuringAppends(t, dir, 100+rand.IntN(2000))...)
		wantAll(t, dir, all)
		t.Logf("kill %d: %d events acknowledged so far", kill+1, len(all))
	}
}

// killDuringAppends starts a process, kills it after so many acknowledgements, and returns all that it printed.
func killDuringAppends(t *testing.T, dir string, after int) []acknowledged {
	t.Helper()
	command := child(t.Context(), childAppend, dir)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var all []acknowledged
	for lines := bufio.NewScanner(output); lines.Scan(); {
		var a acknowledged
		var id string
		if _, err := fmt.Sscan(lines.Text(), &a.Stream, &a.Revision, &a.Position, &id); err != nil {
			break // the line that was being written
		}
		if a.ID, err = uuid.Parse(id); err != nil {
			break
		}
		all = append(all, a)
		if len(all) == after {
			if err := command.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = command.Wait() // it was killed
	if len(all) < after {
		t.Fatalf("the process ended by itself after %d acknowledgements", len(all))
	}
	return all
}

func wantAll(t *testing.T, dir string, want []acknowledged) {
	t.Helper()
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
	if err != nil {
		t.Fatalf("open after a kill: %v", err)
	}
	if _, err := log.Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	stored := map[uuid.UUID]acknowledged{}
	for event, err := range log.ReadAll(t.Context(), eventstore.AllRead{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := stored[event.ID]; twice {
			t.Fatalf("event %v is there twice", event.ID)
		}
		stored[event.ID] = acknowledged{event.Stream, event.Revision, event.Position.String(), event.ID}
	}
	for _, a := range want {
		if diff := cmp.Diff(a, stored[a.ID]); diff != "" {
			t.Fatalf("acknowledged event (-acknowledged +stored):\n%s", diff)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}
