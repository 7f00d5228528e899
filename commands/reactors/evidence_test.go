package reactors

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/commands"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eventstore"
)

// archive is a world with signed documents, authorities that are asked for evidence, and an index that is what the log says.
type archive struct {
	*world
	task    *evidence
	perPage int

	mu     sync.Mutex
	files  map[string][]byte
	answer func(cms string) ([]eds.Evidence, error)
	asked  []string // for the signatures of which container
}

func newArchive(t *testing.T) *archive {
	t.Helper()
	a := &archive{world: newWorld(t), perPage: 2, files: map[string][]byte{}}
	a.answers(a.everything)
	a.deps.Files, a.deps.Evidences = a, a
	a.open()
	return a
}

// open starts the task anew, with nothing in its memory.
func (a *archive) open() {
	a.t.Helper()
	c, err := commands.New(a.deps)
	done(a.t, err)
	a.task = newEvidence(c.Documents, a, a.clock.Now)
}

// signed is the n-th document, which the applicant has signed now.
func (a *archive) signed(n int) string {
	a.t.Helper()
	id := fmt.Sprintf("1f6d1c1e-8a0b-4c55-9a35-%012d", n)
	a.happened("signature-"+id, nurai,
		signature.Prepared{
			ApplicationID: applicationID, Applicant: nurai, SHA256: "sum", Signers: []signature.Signer{signature.Applicant, signature.Provider}, By: signature.EDS,
		},
		a.accepted(signature.Applicant, fmt.Sprintf("container %d", n)))
	return id
}

func (a *archive) accepted(signer signature.Signer, container string) signature.Accepted {
	a.t.Helper()
	stored, err := a.Put(a.t.Context(), nurai, bytes.NewReader([]byte(container)), eds.MaxContainer)
	done(a.t, err)
	return signature.Accepted{Signer: signer, Account: nurai, Method: signature.EDS, CMS: stored.SHA256, At: a.clock.Now()}
}

func (a *archive) Put(_ context.Context, _ string, r io.Reader, _ int64) (commands.StoredFile, error) {
	content, err := io.ReadAll(r)
	sum := sha256.Sum256(content)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files[hex.EncodeToString(sum[:])] = content
	return commands.StoredFile{SHA256: hex.EncodeToString(sum[:])}, err
}

func (a *archive) Open(_ context.Context, _, sha256 string) (io.ReadCloser, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	content, found := a.files[sha256]
	if !found {
		return nil, problem.New(problem.Gone, "file-erased")
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (a *archive) answers(answer func(cms string) ([]eds.Evidence, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

func (a *archive) Fetch(_ context.Context, of eds.Lacking) ([]eds.Evidence, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, string(of.CMS))
	return a.answer(string(of.CMS))
}

// everything is all that a signature needs.
func (a *archive) everything(cms string) ([]eds.Evidence, error) {
	return []eds.Evidence{
		{Kind: eds.EvidenceTimeStamp, Data: []byte("stamp of " + cms)}, {Kind: eds.EvidenceOCSP, Data: []byte("answer for " + cms)},
	}, nil
}

// index lists what lacks evidence, in the order of the log, which is that of the signatures.
func (a *archive) index(ctx context.Context) ([]LackingDocument, error) {
	states, order, seen := map[string]signature.State{}, []string{}, map[string]eventstore.Position{}
	for recorded, err := range a.log.Store.ReadAll(ctx, eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{signatureStreams}}}) {
		if err != nil {
			return nil, err
		}
		envelope, err := a.codec.Decode(ctx, recorded)
		if err != nil {
			return nil, err
		}
		id := recorded.Stream[len(signatureStreams):]
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
		e, is := envelope.Event.(signature.Event)
		if !is {
			return nil, fmt.Errorf("a %T", envelope.Event)
		}
		states[id], seen[id] = signature.Evolve(states[id], e), recorded.Position
	}
	var list []LackingDocument
	for _, id := range order {
		if slices.ContainsFunc(states[id].Proofs, func(p signature.Proof) bool { return !p.Complete && !p.GivenUp }) {
			list = append(list, LackingDocument{ID: id, Seen: seen[id]})
		}
	}
	return list, nil
}

func (a *archive) Latest(ctx context.Context, limit int) ([]LackingDocument, error) {
	list, err := a.index(ctx)
	slices.Reverse(list)
	return list[:min(limit, len(list), 1)], err // the last one alone: the others are for the sweep
}

func (a *archive) Lacking(ctx context.Context, after string) ([]LackingDocument, string, error) {
	list, err := a.index(ctx)
	if after != "" {
		list = list[slices.IndexFunc(list, func(d LackingDocument) bool { return d.ID > after }):]
	}
	if len(list) > a.perPage {
		return list[:a.perPage], list[a.perPage-1].ID, err
	}
	return list, "", err
}

// pass lets the task have one look, and tells what containers it asked for, sorted.
func (a *archive) pass() ([]string, error) {
	a.t.Helper()
	a.mu.Lock()
	a.asked = nil
	a.mu.Unlock()
	err := a.task.pass(a.t.Context())
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.asked)
	return a.asked, err
}

func (a *archive) asks(want ...string) {
	a.t.Helper()
	got, err := a.pass()
	done(a.t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		a.t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

func (a *archive) fails(want ...string) {
	a.t.Helper()
	got, err := a.pass()
	if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, errDown) {
		a.t.Errorf("error %v, asked for (-want +got):\n%s", err, diff)
	}
}

func down(string) ([]eds.Evidence, error) { return nil, errDown }

func TestEvidenceIsCollectedForWhatWasSigned(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	first, second, third := a.signed(1), a.signed(2), a.signed(3)
	a.asks("container 1", "container 2", "container 3")
	for _, id := range []string{first, second, third} {
		a.holds("signature-"+id, signature.Prepared{}, signature.Accepted{}, signature.EvidenceAttached{}, signature.EvidenceCompleted{})
	}
	a.asks()
	a.signed(4)
	a.asks("container 4") // at once, without going through all
}

func TestEvidenceIsAskedForWithGrowingPauses(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.answers(down)
	id := a.signed(1)
	a.fails("container 1")
	for _, seconds := range []int{15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600} {
		a.clock.pass(time.Duration(seconds)*time.Second - time.Millisecond)
		a.asks()
		a.clock.pass(time.Millisecond)
		a.fails("container 1")
	}
	a.answers(a.everything)
	a.clock.pass(lastEvidencePause)
	a.asks("container 1")
	a.holds("signature-"+id, signature.Prepared{}, signature.Accepted{}, signature.EvidenceAttached{}, signature.EvidenceCompleted{})
}

func TestOneThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.answers(func(cms string) ([]eds.Evidence, error) {
		if cms == "container 2" {
			return nil, errDown
		}
		if cms == "container 3" {
			panic("a fault")
		}
		return a.everything(cms)
	})
	for n := range 5 {
		a.signed(n + 1)
	}
	a.fails("container 1", "container 2", "container 3", "container 4", "container 5")
	if list, err := a.index(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("still lacking: %v, error %v", list, err)
	}
}

func TestOneMoreSignatureIsNotMadeToWait(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.answers(down)
	id := a.signed(1)
	a.fails("container 1")
	a.happened("signature-"+id, nurai, a.accepted(signature.Provider, "container 1 of the provider"))
	a.answers(a.everything)
	a.asks("container 1", "container 1 of the provider")
}

func TestEvidenceIsGivenUpAfterDaysAndNoLongerAskedFor(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.answers(down)
	id := a.signed(1)
	a.clock.pass(commands.EvidenceTerm) // nobody ran all that time
	for range 5 {
		a.fails("container 1")
		a.clock.pass(lastEvidencePause)
	}
	a.asks()
	a.holds("signature-"+id, signature.Prepared{}, signature.Accepted{}, signature.EvidenceGivenUp{})
	a.clock.pass(lastEvidencePause)
	a.asks()
	if len(a.task.waiting) > 0 {
		t.Errorf("it still remembers %v", a.task.waiting)
	}
}

func TestASignatureOfAnErasedApplicantIsGivenUp(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	id := a.signed(1)
	clear(a.files)
	if asked, err := a.pass(); !problem.Has(err, "file-erased") || len(asked) > 0 {
		t.Errorf("asked for %v, error %v", asked, err)
	}
	a.holds("signature-"+id, signature.Prepared{}, signature.Accepted{}, signature.EvidenceGivenUp{})
}

func TestTheTaskRunsUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	id := a.signed(1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- Evidence(a.task.use, a, a.clock.Now).Run(ctx, always) }()
	until(t, "the evidence is complete", func() bool {
		return a.last("signature-"+id).Type == "signature.evidence-completed.v1"
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
