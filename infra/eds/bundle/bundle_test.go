package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/bundle"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// kept are files by their SHA-256.
type kept map[string]string

func (k kept) put(content string) bundle.File {
	sum := sha256.Sum256([]byte(content))
	hash := hex.EncodeToString(sum[:])
	k[hash] = content
	return bundle.File{SHA256: hash}
}

func (k kept) open(sha256 string) (io.ReadCloser, error) {
	content, found := k[sha256]
	if !found {
		return nil, errMissing
	}
	return io.NopCloser(strings.NewReader(content)), nil
}

var errMissing = errors.New("no such file")

// agreement is a document that the applicant has signed and the provider has accepted.
func agreement(files kept) bundle.Manifest {
	container := files.put("container")
	piece := func(kind eds.EvidenceKind, content string) bundle.Piece {
		return bundle.Piece{Kind: kind, File: files.put(content)}
	}
	return bundle.Manifest{
		Document: bundle.Document{
			File: files.put(strings.Repeat("%PDF келісім ", 10_000)), ID: "1f6d1c1e-8a0b-4c55-9a35-5a5a3c1d2e01",
			Kind: "agreement", Version: 2, Name: "Келісім.pdf", MIME: "application/pdf", IssuedAt: noon,
		},
		Signatures: []bundle.Signature{
			{
				Signer: "applicant", Method: "eds", ReceivedAt: noon.Add(time.Minute), Status: "complete", Container: &container,
				Pieces: []bundle.Piece{
					piece(eds.EvidenceReport, `{"checks":[]}`), piece(eds.EvidenceOCSP, "answer"), piece(eds.EvidenceCRL, ""),
					piece(eds.EvidenceCertificate, "CA"), piece(eds.EvidenceTimeStamp, "stamp"),
				},
			},
			{Signer: "provider", Method: "acceptance", ReceivedAt: noon.Add(time.Hour)},
		},
	}
}

func write(tb testing.TB, m bundle.Manifest, files kept) []byte {
	tb.Helper()
	var to bytes.Buffer
	if err := bundle.Write(&to, m, files.open); err != nil {
		tb.Fatal(err)
	}
	return to.Bytes()
}

func read(data []byte) (*bundle.Bundle, error) {
	return bundle.Read(bytes.NewReader(data), int64(len(data)))
}

func TestABundleIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	files := kept{}
	data := write(t, agreement(files), files)
	b, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := agreement(files)
	want.Format = bundle.Format
	want.Document.Path, want.Document.Size = "document.pdf", 200_000
	want.Signatures[0].Container.Path, want.Signatures[0].Container.Size = "signatures/1/container.p7s", 9
	for i, file := range []bundle.File{
		{Path: "signatures/1/01-report.json", Size: 13},
		{Path: "signatures/1/02-ocsp.der", Size: 6},
		{Path: "signatures/1/03-crl.crl"},
		{Path: "signatures/1/04-certificate.cer", Size: 2},
		{Path: "signatures/1/05-time-stamp.tst", Size: 5},
	} {
		want.Signatures[0].Pieces[i].Path, want.Signatures[0].Pieces[i].Size = file.Path, file.Size
	}
	if diff := cmp.Diff(want, b.Manifest); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	from, err := b.OpenDocument()
	if err != nil {
		t.Fatal(err)
	}
	document, err := io.ReadAll(from)
	if err != nil || string(document) != files[want.Document.SHA256] {
		t.Errorf("the document has %d bytes, error %v", len(document), err)
	}
	if got := string(b.Bytes(*b.Signatures[0].Container)); got != "container" {
		t.Errorf("the container holds %q", got)
	}
	for _, piece := range b.Signatures[0].Pieces {
		if got := string(b.Bytes(piece.File)); got != files[piece.SHA256] {
			t.Errorf("%s holds %q", piece.Path, got)
		}
	}
}

func TestTheSameEvidenceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	files := kept{}
	m := agreement(files)
	first := write(t, m, files)
	if diff := cmp.Diff(agreement(files), m); diff != "" {
		t.Errorf("writing changed the manifest (-want +got):\n%s", diff)
	}
	if !bytes.Equal(first, write(t, m, files)) {
		t.Error("the second bundle differs")
	}
}

func TestABundleIsAZipForEverybody(t *testing.T) {
	t.Parallel()
	files := kept{}
	data := write(t, agreement(files), files)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range z.File {
		names = append(names, file.Name)
	}
	want := []string{
		"README.txt", "document.pdf", "signatures/1/container.p7s", "signatures/1/01-report.json", "signatures/1/02-ocsp.der",
		"signatures/1/03-crl.crl", "signatures/1/04-certificate.cer", "signatures/1/05-time-stamp.tst", "manifest.json",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestADocumentOfAnyNameHasAPlainPath(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Акт.pdf": "document.pdf", "": "document", "Акт": "document", "a.PDF": "document", "a.құжат": "document", "..": "document",
		"a.longer": "document", "../../x.exe": "document.exe", "a.p/f": "document", "a.tar.gz": "document.gz",
	} {
		files := kept{}
		m := agreement(files)
		m.Document.Name = name
		b, err := read(write(t, m, files))
		if err != nil || b.Document.Path != want {
			t.Errorf("%q: error %v, %q; want %q", name, err, b.Document.Path, want)
		}
	}
}

func TestWritingFailsWithItsSources(t *testing.T) {
	t.Parallel()
	files := kept{}
	m := agreement(files)
	delete(files, m.Signatures[0].Container.SHA256)
	if err := bundle.Write(io.Discard, m, files.open); !errors.Is(err, errMissing) {
		t.Errorf("a container that is gone: %v", err)
	}
	files[m.Signatures[0].Container.SHA256] = "another"
	if err := bundle.Write(io.Discard, m, files.open); err == nil {
		t.Error("a container that was changed was written")
	}
}

// entry is a file of a zip that a test makes by hand.
type entry struct{ name, content string }

// entries are those of a bundle.
func entries(t *testing.T, data []byte) []entry {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	for _, file := range z.File {
		from, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry{file.Name, string(content)})
	}
	return list
}

func zipped(t *testing.T, list []entry, change ...func(*zip.Writer)) []byte {
	t.Helper()
	var to bytes.Buffer
	z := zip.NewWriter(&to)
	for _, e := range list {
		w, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range change {
		f(z)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// replaced has these words of one file replaced.
func replaced(list []entry, name, old, by string) []entry {
	list = slices.Clone(list)
	for i := range list {
		if list[i].name == name {
			list[i].content = strings.Replace(list[i].content, old, by, 1)
		}
	}
	return list
}

func without(list []entry, name string) []entry {
	return slices.DeleteFunc(slices.Clone(list), func(e entry) bool { return e.name == name })
}

func TestWhatIsNoSoundBundleIsRefused(t *testing.T) {
	t.Parallel()
	files := kept{}
	data := write(t, agreement(files), files)
	list := entries(t, data)
	if _, err := read(zipped(t, list)); err != nil {
		t.Fatalf("the same files in another zip: %v", err)
	}
	if _, err := read(zipped(t, without(list, "README.txt"))); err != nil {
		t.Fatalf("without the words for people: %v", err)
	}
	manifest := func(old, by string) []byte { return zipped(t, replaced(list, "manifest.json", old, by)) }
	for name, data := range map[string][]byte{
		"nothing":                      nil,
		"no zip":                       []byte(strings.Repeat("x", 100)),
		"cut short":                    data[:len(data)-1],
		"half":                         data[:len(data)/2],
		"something after the end":      append(slices.Clone(data), 0),
		"something before the zip":     append([]byte("#!/bin/sh\n"), data...),
		"two bundles":                  append(slices.Clone(data), data...),
		"a comment":                    zipped(t, list, func(z *zip.Writer) { _ = z.SetComment("x") }),
		"no manifest":                  zipped(t, without(list, "manifest.json")),
		"no document":                  zipped(t, without(list, "document.pdf")),
		"no container":                 zipped(t, without(list, "signatures/1/container.p7s")),
		"a changed document":           zipped(t, replaced(list, "document.pdf", "келісім", "келісiм")),
		"a longer document":            zipped(t, replaced(list, "document.pdf", "келісім", "келісім!")),
		"a changed container":          zipped(t, replaced(list, "signatures/1/container.p7s", "c", "k")),
		"changed evidence":             zipped(t, replaced(list, "signatures/1/02-ocsp.der", "a", "b")),
		"one more file":                zipped(t, append(slices.Clone(list), entry{"signatures/2/01-report.json", "{}"})),
		"a file of another name":       zipped(t, append(slices.Clone(list), entry{"virus.exe", "x"})),
		"a path out of the folder":     zipped(t, append(slices.Clone(list), entry{"../x.json", "x"})),
		"an absolute path":             zipped(t, append(slices.Clone(list), entry{"/etc/passwd", "x"})),
		"a folder":                     zipped(t, append(slices.Clone(list), entry{"signatures/", ""})),
		"the document twice":           zipped(t, append(slices.Clone(list), list[1])),
		"the manifest twice":           zipped(t, append(slices.Clone(list), list[len(list)-1])),
		"a huge manifest":              manifest(`"signatures"`, strings.Repeat(" ", 1<<20)+`"signatures"`),
		"a manifest that is not JSON":  manifest("{", ""),
		"a member that is not known":   manifest(`"document"`, `"x":1,"document"`),
		"another form":                 manifest("portal-evidence/1", "portal-evidence/2"),
		"a path swapped in":            manifest("signatures/1/02-ocsp.der", "signatures/1/03-crl.crl"),
		"evidence of an unknown kind":  manifest(`"kind": "ocsp"`, `"kind": "oracle"`),
		"a digital signature of none":  manifest(`"method": "acceptance"`, `"method": "eds"`),
		"a size that is not the one":   manifest(`"size": 200000`, `"size": 200001`),
		"too many signatures":          manifest(`"signatures": [`, `"signatures": [`+strings.Repeat(`{"signer":"x","method":"acceptance","receivedAt":"2026-11-23T07:00:00Z"},`, 15)),
		"a document of another SHA256": manifest(`"sha256": "`, `"sha256": "0`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if b, err := read(data); !errors.Is(err, bundle.ErrMalformed) {
				t.Errorf("read %+v, error %v", b, err)
			}
		})
	}
}

// TestNoByteOfAFileCanBeChanged turns every byte of a small bundle over: either nothing that counts has changed, or it is
// refused.
func TestNoByteOfAFileCanBeChanged(t *testing.T) {
	t.Parallel()
	files := kept{}
	m := agreement(files)
	m.Document.File = files.put("%PDF")
	data := write(t, m, files)
	want, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		changed := slices.Clone(data)
		changed[i] ^= 0x55
		got, err := read(changed)
		if err != nil {
			continue
		}
		if diff := cmp.Diff(want.Manifest, got.Manifest); diff != "" {
			t.Errorf("byte %d of the manifest changed:\n%s", i, diff)
		}
	}
}

// It packs into sixteen thousand bytes, and is never held whole. No other test runs beside.
func TestADocumentOfSixteenMillionZerosTakesLittleMemory(t *testing.T) {
	files := kept{}
	m := agreement(files)
	m.Document.File = files.put(strings.Repeat("\x00", 16_000_000))
	data := write(t, m, files)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := read(data); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("reading took %d bytes", took)
	}
}

func FuzzRead(f *testing.F) {
	files := kept{}
	m := agreement(files)
	m.Document.File = files.put("%PDF")
	f.Add(write(f, m, files))
	m.Signatures = nil
	f.Add(write(f, m, files))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := read(data)
		if err != nil {
			if !errors.Is(err, bundle.ErrMalformed) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		files := kept{}
		from, err := b.OpenDocument()
		if err != nil {
			t.Fatal(err)
		}
		document, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		files.put(string(document))
		for _, s := range b.Signatures {
			if s.Container != nil {
				files.put(string(b.Bytes(*s.Container)))
			}
			for _, piece := range s.Pieces {
				files.put(string(b.Bytes(piece.File)))
			}
		}
		again, err := read(write(t, b.Manifest, files))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		if diff := cmp.Diff(b.Manifest, again.Manifest, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("written and read again (-want +got):\n%s", diff)
		}
	})
}
