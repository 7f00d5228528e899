package casebundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

const (
	applicationID = "0b8f4c1e-7a57-4c06-8a51-0a7c7d1f2e33"
	serviceID     = "1c9f5d2f-8b68-4d17-9b62-1b8d8e2f3f44"
	applicant     = "2da06e30-9c79-4e28-ac73-2c9e9f304055"
	fileID        = "3eb17f41-ad8a-4f39-bd84-3daf0a415166"
	number        = "2065-15-11-18"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// world is a log with one case among records of others.
type world struct {
	tb     testing.TB
	keys   *codectest.Keys
	codec  *codec.Codec
	signer *transparency.Signer
	log    []eventstore.Recorded
	next   map[string]int64
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, keys: codectest.NewKeys(), next: map[string]int64{}}
	var err error
	if w.codec, err = codec.New(w.keys, aggregates.All()...); err != nil {
		tb.Fatal(err)
	}
	if w.signer, err = transparency.NewSigner(bytes.Repeat([]byte{7}, 32)); err != nil {
		tb.Fatal(err)
	}
	w.add("service-"+serviceID, service.Revised{Version: 1, Content: service.Content{}, At: noon})
	w.add("application-"+applicationID, application.DraftStarted{
		Applicant: applicant, ServiceID: serviceID, ServiceVersion: 1, RunningNumber: 2065, Number: number, At: noon,
	})
	w.add("application-"+uuid.NewString(), application.DraftDeleted{ServiceID: serviceID, At: noon})
	w.add("application-"+applicationID, application.StepSaved{StepID: "question", Data: json.RawMessage(`{"text":"Сұрақ"}`), At: noon})
	w.add("correspondence-"+applicationID, correspondence.MessagePosted{MessageID: uuid.NewString(), Applicant: applicant, Text: "Сәлем", At: noon})
	w.add("application-"+applicationID, application.FileAttached{FileID: fileID, StepID: "paper", Name: "Қағаз.pdf", SHA256: sumOf, Size: 5, At: noon})
	w.add("application-"+applicationID, application.Submitted{ServiceID: serviceID, At: noon})
	return w
}

// sumOf is the SHA-256 of the word paper.
const sumOf = "0b26a2b3ac8fcb9e7fb4e4bf7ba67bd6b1a4ea5ec7dcb4cf1b2ecbeaae1ba5a9"

func (w *world) add(stream string, event any) {
	w.tb.Helper()
	id := uuid.New()
	encoded, err := w.codec.Encode(w.tb.Context(), stream, id, codec.Metadata{Subject: applicant, Role: "applicant", Actor: applicant}, event)
	if err != nil {
		w.tb.Fatal(err)
	}
	place := uint64(len(w.log) + 1)
	w.log = append(w.log, eventstore.Recorded{
		Event: encoded, Stream: stream, Revision: w.next[stream], Position: eventstore.Position{Commit: place, Prepare: place}, Created: noon,
	})
	w.next[stream]++
}

// proofOf proves the record at an index, by building the whole tree.
func (w *world) proofOf(index int) (transparency.Proof, transparency.Signed) {
	w.tb.Helper()
	var leaves []transparency.Hash
	var tree transparency.Frontier
	for _, record := range w.log {
		leaves = append(leaves, transparency.Leaf(record))
		tree.Append(leaves[len(leaves)-1])
	}
	signed, err := w.signer.Sign(tree.Size(), tree.Root(), noon)
	if err != nil {
		w.tb.Fatal(err)
	}
	return transparency.Proof{Index: uint64(index), Size: tree.Size(), Hashes: path(index, leaves)}, signed
}

// path is the one of RFC 6962, 2.1.1.
func path(m int, leaves []transparency.Hash) []transparency.Hash {
	if len(leaves) <= 1 {
		return nil
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	root := func(of []transparency.Hash) transparency.Hash {
		var f transparency.Frontier
		for _, leaf := range of {
			f.Append(leaf)
		}
		return f.Root()
	}
	if m < k {
		return append(path(m, leaves[:k]), root(leaves[k:]))
	}
	return append(path(m-k, leaves[k:]), root(leaves[:k]))
}

// contents is the bundle of the case.
func (w *world) contents() *casebundle.Contents {
	w.tb.Helper()
	c := &casebundle.Contents{
		Application: applicationID, Number: number, Log: w.signer.Key(), Context: casebundle.Context{People: map[string]string{applicant: "Мысал"}},
		Made: []casebundle.Made{{Path: casebundle.EventsPath, Write: func(to io.Writer) error {
			_, err := io.WriteString(to, "{}\n")
			return err
		}}},
	}
	for i, record := range w.log {
		if i == 2 {
			continue // of another case
		}
		proof, signed := w.proofOf(i)
		opening, err := w.codec.Open(w.tb.Context(), record)
		if err != nil && !errors.Is(err, codec.ErrKeyDestroyed) {
			w.tb.Fatal(err)
		}
		c.Checkpoint = signed.Note
		c.Records = append(c.Records, casebundle.NewRecord(record, proof, opening))
	}
	for _, stream := range []string{"application-", "correspondence-", "reading-", "note-"} {
		c.Streams = append(c.Streams, casebundle.Stream{Name: stream + applicationID, Next: w.next[stream+applicationID], Whole: true})
	}
	c.Streams = append(c.Streams, casebundle.Stream{Name: "service-" + serviceID, Next: 1})
	return c
}

func (w *world) written(c *casebundle.Contents) []byte {
	w.tb.Helper()
	var to bytes.Buffer
	if err := casebundle.Write(&to, c, w.signer); err != nil {
		w.tb.Fatal(err)
	}
	return to.Bytes()
}

func read(data []byte) (*casebundle.Bundle, error) {
	return casebundle.Read(bytes.NewReader(data), int64(len(data)))
}

// proven reads and proves as a stranger does, without any key but the log's.
func (w *world) proven(ctx context.Context, data []byte) (*casebundle.Proven, error) {
	w.tb.Helper()
	b, err := read(data)
	if err != nil {
		return nil, err
	}
	keyless, err := codec.New(nil, aggregates.All()...)
	if err != nil {
		w.tb.Fatal(err)
	}
	return b.Prove(ctx, keyless, w.signer.Key())
}

func TestACaseIsProvenWithoutItsKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := w.proven(t.Context(), w.written(w.contents()))
	if err != nil {
		t.Fatal(err)
	}
	if p.Committed != 3 || p.Unbound != 0 || p.Sealed != 0 || len(p.Events) != 6 {
		t.Errorf("%d committed, %d unbound, %d sealed, %d events", p.Committed, p.Unbound, p.Sealed, len(p.Events))
	}
	if e, ok := p.Events[3].Event.(correspondence.MessagePosted); !ok || e.Text != "Сәлем" {
		t.Errorf("the message is %+v", p.Events[3].Event)
	}
}

func TestErasingAPersonLeavesTheProofs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.keys.Destroy(t.Context(), applicant); err != nil {
		t.Fatal(err)
	}
	p, err := w.proven(t.Context(), w.written(w.contents()))
	if err != nil {
		t.Fatal(err)
	}
	if p.Committed != 0 || p.Sealed != 3 || !p.Events[3].Erased {
		t.Errorf("%d committed, %d sealed", p.Committed, p.Sealed)
	}
}

func TestTheSameCaseGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if !bytes.Equal(w.written(w.contents()), w.written(w.contents())) {
		t.Error("the second bundle differs")
	}
}

// TestWhatDoesNotFitIsFound lets somebody who has the portal's key, and so can sign anything, change what the log says.
func TestWhatDoesNotFitIsFound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		do   func(*casebundle.Contents)
		want error
	}{
		"a record is left out":      {func(c *casebundle.Contents) { c.Records = slices.Delete(c.Records, 2, 3) }, casebundle.ErrRecords},
		"the last record":           {func(c *casebundle.Contents) { c.Records = c.Records[:5] }, casebundle.ErrRecords},
		"two records change places": {func(c *casebundle.Contents) { c.Records[2], c.Records[3] = c.Records[3], c.Records[2] }, casebundle.ErrRecords},
		"a record is there twice":   {func(c *casebundle.Contents) { c.Records = slices.Insert(c.Records, 2, c.Records[2]) }, casebundle.ErrRecords},
		"a record has another type": {func(c *casebundle.Contents) { c.Records[5].Type = "application.withdrawn.v1" }, transparency.ErrProof},
		"a record has other data": {func(c *casebundle.Contents) {
			c.Records[5].Data = bytes.Replace(c.Records[5].Data, []byte("2026"), []byte("2025"), 1)
		}, transparency.ErrProof},
		"a record has another actor": {func(c *casebundle.Contents) { c.Records[5].Metadata = []byte(`{"recordedAt":"2026-11-23T07:00:00Z"}`) }, transparency.ErrProof},
		"a record has no time":       {func(c *casebundle.Contents) { c.Records[5].Metadata = nil }, transparency.ErrProof},
		"a record at another place":  {func(c *casebundle.Contents) { c.Records[5].Index++ }, transparency.ErrProof},
		"another proof":              {func(c *casebundle.Contents) { c.Records[5].Proof = c.Records[4].Proof }, transparency.ErrProof},
		"another revision":           {func(c *casebundle.Contents) { c.Records[5].Revision++ }, transparency.ErrProof},
		"other words are shown":      {func(c *casebundle.Contents) { c.Records[3].Opening.Fields = []byte(`{"text":"Жоқ"}`) }, codec.ErrOpening},
		"words of another record":    {func(c *casebundle.Contents) { c.Records[3].Opening = c.Records[2].Opening }, codec.ErrOpening},
		"words where there are none": {func(c *casebundle.Contents) { c.Records[5].Opening = c.Records[2].Opening }, codec.ErrOpening},
		"another case":               {func(c *casebundle.Contents) { c.Application = uuid.NewString() }, casebundle.ErrRecords},
		"another number":             {func(c *casebundle.Contents) { c.Number = "1-15-11-18" }, casebundle.ErrRecords},
		"no word of the messages":    {func(c *casebundle.Contents) { c.Streams = slices.Delete(c.Streams, 3, 4) }, casebundle.ErrRecords},
		"a stream that is not whole": {func(c *casebundle.Contents) { c.Streams[0].Whole = false }, casebundle.ErrRecords},
		"a stream of somebody else":  {func(c *casebundle.Contents) { c.Streams = append(c.Streams, casebundle.Stream{Name: "account-x"}) }, casebundle.ErrRecords},
		"a stream has more":          {func(c *casebundle.Contents) { c.Streams[0].Next++ }, casebundle.ErrRecords},
		"no version of the service":  {func(c *casebundle.Contents) { c.Records = c.Records[1:] }, casebundle.ErrRecords},
		"no checkpoint":              {func(c *casebundle.Contents) { c.Checkpoint = []byte("x") }, transparency.ErrCheckpoint},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.contents()
			change.do(c)
			if _, err := w.proven(t.Context(), w.written(c)); !errors.Is(err, change.want) {
				t.Errorf("%v, want %v", err, change.want)
			}
		})
	}
}

func TestAnotherKeyProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := w.written(w.contents())
	other, err := transparency.NewSigner(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	b, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prove(t.Context(), w.codec, other.Key()); !errors.Is(err, transparency.ErrUnsigned) {
		t.Errorf("%v", err)
	}
}

func TestFilesThatAreGoneAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.contents()
	gone := func(err error) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return nil, err }
	}
	c.Attached = []casebundle.Attachment{
		{Path: "files/" + fileID + ".pdf", SHA256: sumOf, Open: gone(fs.ErrPermission)},
		{Path: "files/" + applicant, SHA256: sumOf, Open: gone(fs.ErrNotExist)},
	}
	b, err := read(w.written(c))
	if err != nil {
		t.Fatal(err)
	}
	want := []casebundle.Missing{
		{Path: "files/" + fileID + ".pdf", SHA256: sumOf, Why: casebundle.Erased}, {Path: "files/" + applicant, SHA256: sumOf, Why: casebundle.Lost},
	}
	if diff := cmp.Diff(want, b.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	c.Attached[0].Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("other")), nil }
	if err := casebundle.Write(io.Discard, c, w.signer); err == nil {
		t.Error("a file was written that is not the one of its record")
	}
}

// TestNoByteCanBeChanged turns every fifth byte of a bundle over: either it means the same, or it is refused.
func TestNoByteCanBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := w.written(w.contents())
	want, err := w.proven(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	const every = 5
	for i := 0; i < len(data); i += every {
		changed := slices.Clone(data)
		changed[i] ^= 0x55
		got, err := w.proven(t.Context(), changed)
		if err != nil {
			continue
		}
		if diff := cmp.Diff(want.Events, got.Events); diff != "" {
			t.Fatalf("byte %d changed the case:\n%s", i, diff)
		}
	}
}

func TestWhatIsNoBundleIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := w.written(w.contents())
	for name, changed := range map[string][]byte{
		"nothing": nil, "half": data[:len(data)/2], "something after": append(slices.Clone(data), 0), "something before": append([]byte("#"), data...),
		"one more file":      with(t, data, "files/"+fileID, "x"),
		"a path out of it":   with(t, data, "../x", "x"),
		"the manifest twice": with(t, data, casebundle.ManifestPath, "{}"),
	} {
		if _, err := read(changed); !errors.Is(err, casebundle.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// with is a zip with one more file.
func with(t *testing.T, data []byte, name, content string) []byte {
	t.Helper()
	from, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var to bytes.Buffer
	z := zip.NewWriter(&to)
	for _, file := range from.File {
		if err := z.Copy(file); err != nil {
			t.Fatal(err)
		}
	}
	more, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(more, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

func FuzzRead(f *testing.F) {
	w := newWorld(f)
	f.Add(w.written(w.contents()))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := read(data)
		if err != nil {
			if !errors.Is(err, casebundle.ErrMalformed) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		_, _ = b.Prove(t.Context(), w.codec, w.signer.Key()) // whatever it says, it does not panic
	})
}
