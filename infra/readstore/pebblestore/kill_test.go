package pebblestore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
)

// victimDir, set in the environment, makes the test binary a process that writes to that directory until it is killed.
const victimDir = "READSTORE_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		fmt.Fprintln(os.Stderr, victim(context.Background(), dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

var victimCollections = []readstore.Collection{
	{Name: "c", Indexes: []readstore.Index{
		{Name: "n", Fields: []readstore.Field{{Path: "n"}}},
		{Name: "n covering", Fields: []readstore.Field{{Path: "n", Desc: true}}, Covering: true},
	}},
	{Name: "codes", Expires: true, Indexes: []readstore.Index{{Name: "n", Fields: []readstore.Field{{Path: "n"}}}}},
}

const (
	victimDocuments = 50
	victimWriters   = 4
)

func numbered(n int) bson.Raw {
	body, err := bson.Marshal(bson.D{{Key: "n", Value: n}, {Key: "text", Value: strings.Repeat("x", 500)}})
	if err != nil {
		panic(err)
	}
	return body
}

func place(n int) eventstore.Position {
	return eventstore.Position{Commit: uint64(n), Prepare: uint64(n)}
}

// victim moves all documents and a checkpoint together, and changes entries beside that. It writes a line for
// everything that was acknowledged as durable.
func victim(ctx context.Context, dir string) error {
	store, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		return err
	}
	if err := store.Declare(ctx, victimCollections...); err != nil {
		return err
	}
	for writer := range victimWriters {
		go func() { fmt.Fprintln(os.Stderr, victimEntries(ctx, store, writer)) }()
	}
	reached, err := store.Checkpoint(ctx, "p")
	if err != nil {
		return err
	}
	for n := int(reached.Commit) + 1; ; n++ {
		batch := readstore.Batch{Sync: n%2 == 0, Advances: []readstore.Advance{{Projection: "p", From: place(n - 1), To: place(n)}}}
		for i := range victimDocuments {
			batch.Writes = append(batch.Writes, readstore.Write{Collection: "c", ID: strconv.Itoa(i), Seen: place(n), Body: numbered(n)})
		}
		if err := store.Commit(ctx, batch); err != nil {
			return err
		}
		if batch.Sync {
			fmt.Printf("batch %d\n", n)
		}
	}
}

func victimEntries(ctx context.Context, store *pebblestore.Store, writer int) error {
	id := strconv.Itoa(writer)
	stored, err := store.Entry(ctx, "codes", id)
	if err != nil {
		stored = readstore.Entry{ID: id}
	}
	for {
		stored.Body, stored.Expires = numbered(int(stored.Version)+1), time.Now().Add(time.Hour)
		if stored.Version, err = store.PutEntry(ctx, "codes", stored); err != nil {
			return err
		}
		fmt.Printf("entry %s %d\n", id, stored.Version)
	}
}

// TestKill kills a writing process again and again: a batch is there as a whole or not at all, and what was
// acknowledged as durable is there.
func TestKill(t *testing.T) {
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	for round := range rounds {
		acknowledged := killVictim(t, dir, 100+round*37)
		checkSurvivors(t, dir, acknowledged)
	}
}

// killVictim lets a process write until it has acknowledged so many lines, kills it, and gives what it acknowledged.
func killVictim(t *testing.T, dir string, lines int) map[string]int {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), victimDir+"="+dir)
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	acknowledged := map[string]int{}
	scanner := bufio.NewScanner(output)
	for scanner.Scan() {
		what, number, found := cutLast(scanner.Text())
		n, err := strconv.Atoi(number)
		if !found || err != nil {
			continue // the line at which it was killed
		}
		acknowledged[what] = n
		if lines--; lines <= 0 {
			kill.Do(func() { _ = command.Process.Kill() })
		}
	}
	_, _ = io.Copy(io.Discard, output)
	_ = command.Wait()
	if lines > 0 {
		t.Fatalf("the process ended by itself: %s", complaints.String())
	}
	return acknowledged
}

func cutLast(line string) (before, after string, found bool) {
	at := strings.LastIndexByte(line, ' ')
	if at < 0 {
		return "", "", false
	}
	return line[:at], line[at+1:], true
}

func checkSurvivors(t *testing.T, dir string, acknowledged map[string]int) {
	t.Helper()
	ctx := t.Context()
	store, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	reached, err := store.Checkpoint(ctx, "p")
	if err != nil || reached.Before(place(acknowledged["batch"])) {
		t.Fatalf("checkpoint %s (%v), acknowledged %d", reached, err, acknowledged["batch"])
	}
	for _, index := range []string{"n", "n covering"} {
		page, err := store.List(ctx, "c", readstore.Query{Index: index, Limit: readstore.MaxLimit})
		if err != nil || len(page.Documents) != victimDocuments {
			t.Fatalf("%d documents by %s (%v), want %d", len(page.Documents), index, err, victimDocuments)
		}
		for _, document := range page.Documents {
			got, err := store.Get(ctx, "c", document.ID)
			if err != nil || document.Seen != reached || got.Seen != reached || string(got.Body) != string(document.Body) {
				t.Fatalf("document %s is at %s by index %s, at %s by itself (%v); the checkpoint is at %s",
					document.ID, document.Seen, index, got.Seen, err, reached)
			}
		}
	}
	for writer := range victimWriters {
		want := int64(acknowledged["entry "+strconv.Itoa(writer)])
		if want == 0 {
			continue
		}
		entry, err := store.Entry(ctx, "codes", strconv.Itoa(writer))
		if err != nil || entry.Version < want || string(entry.Body) != string(numbered(int(entry.Version))) {
			t.Fatalf("entry %d is at version %d (%v), acknowledged %d", writer, entry.Version, err, want)
		}
	}
}
