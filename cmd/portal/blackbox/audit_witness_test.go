package blackbox_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

// witnessed is a portal that a witness watches over from outside.
type witnessed struct {
	*server
	t                 *testing.T
	data, folder, key string
	public            string // of the witness
}

func newWitnessed(t *testing.T) *witnessed {
	t.Helper()
	w := &witnessed{t: t, data: t.TempDir(), folder: t.TempDir()}
	w.public = strings.TrimSpace(ok(t, "audit", "witness", "key", "--name=witness.example/w", w.file("secret")))
	w.start()
	w.key = strings.TrimSpace(ok(t, "audit", "key", "--data", w.data))
	return w
}

func (w *witnessed) start() {
	w.t.Helper()
	w.server = start(w.t, w.data, "--checkpoint-every=50ms", "--witness="+w.public)
}

func (w *witnessed) file(name string) string { return filepath.Join(w.folder, name) }

// sign lets the witness look once.
func (w *witnessed) sign(flags ...string) (out, said string, code int) {
	w.t.Helper()
	return run(w.t, "", append([]string{"audit", "witness", "sign", "--log", w.key, "--key", w.file("secret"), "--seen", w.file("seen")}, flags...)...)
}

func (w *witnessed) mustSign(flags ...string) string {
	w.t.Helper()
	out, said, code := w.sign(flags...)
	if code != 0 {
		w.t.Fatalf("the witness ended with %d: %s", code, said)
	}
	return out + said
}

// latest is the latest checkpoint, with the witnesses that have signed it.
func (w *witnessed) latest() transparency.Signed {
	w.t.Helper()
	signed, err := transparency.Open([]byte(w.signedCheckpoint(w.t)), w.key, w.public)
	if err != nil {
		w.t.Fatal(err)
	}
	return signed
}

// TestAWitnessSignsWhatContinues: over the API, and where no network leads to it.
func TestAWitnessSignsWhatContinues(t *testing.T) {
	t.Parallel()
	w := newWitnessed(t)
	w.signedCheckpoint(t)
	if _, said, code := w.sign("--server", w.url); code != 1 || !strings.Contains(said, "--first") {
		t.Errorf("without a memory it ended with %d: %s", code, said)
	}
	w.mustSign("--server", w.url, "--first")
	seen := string(read(t, w.file("seen")))
	if out := w.mustSign("--server", w.url); !strings.Contains(out, "was signed before") {
		t.Errorf("asked again it said %q", out)
	}
	w.client(t, "en").register(individual(2921))
	w.latest()
	w.mustSign("--server", w.url)
	if cosigned := w.latest(); len(cosigned.Witnesses) != 1 || string(read(t, w.file("seen"))) == seen {
		t.Errorf("signed by %v", cosigned.Witnesses)
	}

	before, err := transparency.Open(read(t, w.file("seen")), w.key)
	if err != nil {
		t.Fatal(err)
	}
	w.client(t, "en").register(individual(2922))
	later := w.latest()
	save(t, w.file("checkpoint"), later.Note)
	if _, said, code := w.sign("--checkpoint", w.file("checkpoint")); code != 1 || !strings.Contains(said, fmt.Sprintf("from=%d&to=%d", before.Size, later.Size)) {
		t.Errorf("without a proof it ended with %d: %s", code, said)
	}
	proof := w.client(t, "en").do(http.MethodGet, fmt.Sprintf("/audit/log/consistency?from=%d&to=%d", before.Size, later.Size), nil).must(http.StatusOK, nil).body
	save(t, w.file("proof"), proof)
	w.mustSign("--checkpoint", w.file("checkpoint"), "--consistency", w.file("proof"), "-o", w.file("signed"))
	if signed, err := transparency.Open(read(t, w.file("signed")), w.key, w.public); err != nil || len(signed.Witnesses) != 1 || signed.Size != later.Size {
		t.Errorf("signed %d records by %v, error %v", signed.Size, signed.Witnesses, err)
	}
	if _, said, code := w.sign("--checkpoint", w.file("checkpoint"), "--every=1s"); code != 1 {
		t.Errorf("a file over and over: ended with %d: %s", code, said)
	}
	if info, err := os.Stat(w.file("secret")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret key lies there with %v, error %v", info.Mode(), err)
	}
}

// TestAWitnessRefusesAFork: the operator, who has every key of the portal, rewrites the log and throws away all that would
// tell. The portal signs the new history; the witness does not, and has the proof.
func TestAWitnessRefusesAFork(t *testing.T) {
	t.Parallel()
	w := newWitnessed(t)
	w.signedCheckpoint(t)
	w.mustSign("--server", w.url, "--first")
	seen := read(t, w.file("seen"))
	w.stop()
	log := filepath.Join(w.data, "events")
	list := allRecords(t, log)
	changed := list[3]
	changed.Data = append([]byte(" "), changed.Data...)
	forge(t, log, slices.Concat(list[:3], []eventstore.Recorded{changed}, list[4:]))
	for _, what := range []string{"read", "audit"} {
		if err := os.RemoveAll(filepath.Join(w.data, what)); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	w.client(t, "en").register(individual(2931))
	w.latest()
	if said := ok(t, "audit", "verify", "--data", w.data, "--key", w.key); !strings.Contains(said, "nothing was changed") {
		t.Errorf("by itself the forged log is %s", said)
	}
	_, said, code := w.sign("--server", w.url)
	if code != 2 || !strings.Contains(said, "the log does not continue what was signed before") {
		t.Fatalf("the witness ended with %d: %s", code, said)
	}
	if string(read(t, w.file("seen"))) != string(seen) || len(w.latest().Witnesses) != 0 {
		t.Error("the witness has signed the fork, or remembers it")
	}
	// What it keeps convicts the portal before everybody: a checkpoint of each history, signed with the same key.
	first, err := transparency.Open(seen, w.key)
	if err != nil {
		t.Fatal(err)
	}
	second, err := transparency.Open(read(t, w.file("seen.fork")), w.key)
	if err != nil {
		t.Fatal(err)
	}
	if second.Size < first.Size || second.Root == first.Root {
		t.Errorf("kept of the fork: %+v", second.Checkpoint)
	}
	out, said, code := run(t, "", "audit", "verify", "--data", w.data, "--key", w.key, "--checkpoint", w.file("seen"))
	if code != 2 || !strings.Contains(said, "the history was altered") {
		t.Errorf("by the witness's checkpoint, verifying ended with %d: %s%s", code, out, said)
	}
}
