package archive_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
)

var update = flag.Bool("update", false, "write the golden files anew; files of a version that was released must not change")

var header = archive.Header{Source: "embedded", Exported: time.Date(2026, 11, 22, 5, 6, 7, 89, time.UTC)}

// history has an event of every form.
func history() []eventstore.Recorded {
	created := time.Date(2026, 11, 22, 1, 2, 3, 456_789_100, time.UTC)
	var events []eventstore.Recorded
	for i, event := range []eventstore.Recorded{
		{Stream: "application-1", Event: eventstore.Event{
			Type: "application.started.v1", JSON: true,
			Data: []byte(`{"serviceId":"97a8cf3e","note":"атауы <заңды>", "n" : 1.50}`), Metadata: []byte(`{"actor":"a-1","role":"applicant"}`),
		}},
		{Stream: "application-1", Revision: 1, Event: eventstore.Event{Type: "application.withdrawn.v1", JSON: true}},
		{Stream: "өтінім-№1", Event: eventstore.Event{Type: "octets.v1", Data: []byte{0, 0xff, '\n'}, Metadata: []byte("not JSON")}},
		{Stream: "application-2", Event: eventstore.Event{Type: "lines.v1", JSON: true, Data: []byte("{\n}"), Metadata: []byte(`["a"]`)}},
		{Stream: "$$application-2", Event: eventstore.Event{Type: "$metadata", JSON: true, Data: []byte(`{"$tb":9223372036854775807}`)}},
		{Stream: "application-1", Revision: 9223372036854775807, Event: eventstore.Event{Type: "$streamDeleted"}},
	} {
		event.ID = uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i)})
		event.Created = created.Add(time.Duration(i) * time.Millisecond)
		events = append(events, event)
	}
	return events
}

func packed(tb testing.TB, events []eventstore.Recorded) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := archive.NewWriter(&out, header)
	if err != nil {
		tb.Fatal(err)
	}
	for _, event := range events {
		if err := w.Write(event); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func read(file []byte) (archive.Header, []eventstore.Recorded, error) {
	in, err := archive.NewReader(bytes.NewReader(file))
	if err != nil {
		return archive.Header{}, nil, err
	}
	defer in.Close()
	var events []eventstore.Recorded
	for {
		event, err := in.Next()
		if errors.Is(err, io.EOF) {
			return in.Header, events, nil
		}
		if err != nil {
			return in.Header, events, err
		}
		events = append(events, event)
	}
}

func compress(tb testing.TB, lines []byte) []byte {
	tb.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		tb.Fatal(err)
	}
	return w.EncodeAll(lines, nil)
}

func lines(tb testing.TB, file []byte) []byte {
	tb.Helper()
	r, err := zstd.NewReader(nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	text, err := r.DecodeAll(file, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// TestFormat compares what is written with a file that was written when version 1 began, and reads that file.
func TestFormat(t *testing.T) {
	const golden, text = "testdata/v1.archive", "testdata/v1.ndjson"
	file := packed(t, history())
	if *update {
		for name, content := range map[string][]byte{golden: file, text: lines(t, file)} {
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(lines(t, file))); diff != "" {
		t.Errorf("the format has changed (-golden +now):\n%s", diff)
	}
	old, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	gotHeader, events, err := read(old)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(header, gotHeader); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(history(), events, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestCheckTellsWhatIsInAnArchive(t *testing.T) {
	gotHeader, summary, err := archive.Check(t.Context(), bytes.NewReader(packed(t, history())), nil)
	if err != nil {
		t.Fatal(err)
	}
	if gotHeader != header || summary.Events != 6 || len(summary.SHA256) != 64 {
		t.Errorf("header %v, summary %v", gotHeader, summary)
	}
}

// TestEveryCutIsNoticed reads the archive up to each of its bytes, and up to each of its lines.
func TestEveryCutIsNoticed(t *testing.T) {
	file := packed(t, history())
	for n := range file {
		if _, _, err := read(file[:n]); !errors.Is(err, archive.ErrCutOff) && !errors.Is(err, archive.ErrFormat) {
			t.Errorf("after %d of %d bytes: error %v", n, len(file), err)
		}
	}
	text := bytes.SplitAfter(lines(t, file), []byte("\n"))
	for n := 1; n < len(text)-1; n++ {
		if _, _, err := read(compress(t, bytes.Join(text[:n], nil))); !errors.Is(err, archive.ErrCutOff) {
			t.Errorf("after %d lines: error %v, want ErrCutOff", n, err)
		}
	}
}

func TestDamageIsNoticed(t *testing.T) {
	file := packed(t, history())
	text := string(lines(t, file))
	flipped := bytes.Clone(file)
	flipped[len(flipped)/2] ^= 1
	split := strings.SplitAfter(text, "\n")
	for name, row := range map[string]struct {
		file []byte
		want error
	}{
		"something else":         {[]byte("hello, this is a text"), archive.ErrFormat},
		"another compressed":     {compress(t, []byte("{\"format\":\"x\"}\n")), archive.ErrFormat},
		"a newer version":        {compress(t, []byte(strings.Replace(text, `"version":1`, `"version":2`, 1))), archive.ErrVersion},
		"a byte changed":         {flipped, archive.ErrDamaged},
		"a word changed":         {compress(t, []byte(strings.Replace(text, "a-1", "a-2", 1))), archive.ErrDamaged},
		"another source":         {compress(t, []byte(strings.Replace(text, "embedded", "embeddeb", 1))), archive.ErrDamaged},
		"a line missing":         {compress(t, []byte(strings.Replace(text, split[2], "", 1))), archive.ErrDamaged},
		"two lines exchanged":    {compress(t, []byte(strings.Replace(text, split[2]+split[3], split[3]+split[2], 1))), archive.ErrDamaged},
		"a line that is no JSON": {compress(t, []byte(strings.Replace(text, split[2], "{\n", 1))), archive.ErrDamaged},
		"no stream":              {compress(t, []byte(strings.Replace(text, `"stream":"өтінім-№1"`, `"stream":""`, 1))), archive.ErrDamaged},
		"a stream of the system": {compress(t, []byte(strings.Replace(text, `"stream":"өтінім-№1"`, `"stream":"$x"`, 1))), archive.ErrDamaged},
		"no id":                  {compress(t, []byte(strings.Replace(text, `"id":`, `"no":`, 1))), archive.ErrDamaged},
		"no type":                {compress(t, []byte(strings.Replace(text, `"type":`, `"no":`, 1))), archive.ErrDamaged},
		"no time":                {compress(t, []byte(strings.Replace(text, `"created":`, `"no":`, 1))), archive.ErrDamaged},
		"a negative revision":    {compress(t, []byte(strings.Replace(text, `"revision":1`, `"revision":-1`, 1))), archive.ErrDamaged},
		"data in two forms":      {compress(t, []byte(strings.Replace(text, `"data":{`, `"data64":"AA==","data":{`, 1))), archive.ErrDamaged},
		"data in another form":   {compress(t, []byte(strings.Replace(text, `"data64":"`, `"data":"`, 1))), archive.ErrDamaged},
		"something at its end":   {compress(t, []byte(text+"{}\n")), archive.ErrDamaged},
		"twice the same":         {append(bytes.Clone(file), file...), archive.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := read(row.file); !errors.Is(err, row.want) {
				t.Errorf("got error %v, want %v", err, row.want)
			}
		})
	}
}

func TestTroubleWithTheSourceIsNoDamage(t *testing.T) {
	trouble := errors.New("the disk is on fire")
	file := packed(t, history())
	in := io.MultiReader(bytes.NewReader(file[:len(file)/2]), brokenReader{trouble})
	_, _, err := archive.Check(t.Context(), in, nil)
	if !errors.Is(err, trouble) || errors.Is(err, archive.ErrDamaged) || errors.Is(err, archive.ErrCutOff) {
		t.Errorf("got error %v, want that of the source", err)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestTheTimeOfTheRecordGoesIntoTheMetadata(t *testing.T) {
	recorded := time.Date(2026, 11, 22, 1, 2, 3, 456_789_100, time.FixedZone("", 5*3600))
	const member = `"recordedAt":"2026-11-21T20:02:03.4567891Z"`
	for _, row := range []struct{ metadata, want string }{
		{``, `{` + member + `}`},
		{`{}`, `{` + member + `}`},
		{`{ } `, `{` + member + `}`},
		{`{"actor":"a-1"}`, `{"actor":"a-1",` + member + `}`},
		{"{\n \"actor\" : \"a-1\"\n}\n", "{\n \"actor\" : \"a-1\"," + member + "}"},
		{`{"note":"\"recordedAt\""}`, `{"note":"\"recordedAt\"",` + member + `}`},
		{`{"in":{"recordedAt":1}}`, `{"in":{"recordedAt":1},` + member + `}`},
		{`{"recordedAt":"2020-01-01T00:00:00Z"}`, `{"recordedAt":"2020-01-01T00:00:00Z"}`},
		{`[]`, `[]`},
		{`"}"`, `"}"`},
		{`}`, `}`},
		{`{"broken}`, `{"broken}`},
		{" ", " "},
		{"\xff", "\xff"},
	} {
		event := eventstore.Recorded{Stream: "thing-1", Created: recorded, Event: eventstore.Event{Type: "t", Metadata: []byte(row.metadata)}}
		if got := string(archive.Carried(event).Metadata); got != row.want {
			t.Errorf("%s became %s, want %s", row.metadata, got, row.want)
		}
	}
	for _, own := range []eventstore.Recorded{
		{Stream: "$$thing-1", Created: recorded, Event: eventstore.Event{Type: "$metadata"}},
		{Stream: "thing-1", Created: recorded, Event: eventstore.Event{Type: "$streamDeleted"}},
	} {
		if got := archive.Carried(own).Metadata; got != nil {
			t.Errorf("%s of %s has metadata %s", own.Type, own.Stream, got)
		}
	}
}
