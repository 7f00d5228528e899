package strictzip_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"slices"
	"testing"

	"services.example/portal/infra/strictzip"
)

var limits = strictzip.Limits{Names: regexp.MustCompile(`^[a-z]\.txt$`), Files: 2, Total: 1000, Directory: 500}

// zipped is a zip of two files, one packed and one not. Each change may make something of the writer before they are written.
func zipped(tb testing.TB, changes ...func(*zip.Writer)) []byte {
	tb.Helper()
	var to bytes.Buffer
	w := zip.NewWriter(&to)
	for _, change := range changes {
		change(w)
	}
	add(tb, w, &zip.FileHeader{Name: "a.txt", Method: zip.Deflate}, "the first file, the first file")
	add(tb, w, &zip.FileHeader{Name: "b.txt", Method: zip.Store}, "the second file")
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return to.Bytes()
}

func add(tb testing.TB, w *zip.Writer, header *zip.FileHeader, content string) {
	tb.Helper()
	to, err := w.CreateHeader(header)
	if err == nil {
		_, err = io.WriteString(to, content)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func open(data []byte, l strictzip.Limits) (map[string]*zip.File, error) {
	return strictzip.Open(bytes.NewReader(data), int64(len(data)), l)
}

func TestASoundZipIsRead(t *testing.T) {
	t.Parallel()
	entries, err := open(zipped(t), limits)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d files, error %v", len(entries), err)
	}
	content, err := strictzip.Content(entries["b.txt"], 15)
	if err != nil || string(content) != "the second file" {
		t.Errorf("read %q, error %v", content, err)
	}
	sum := sha256.Sum256([]byte("the second file"))
	if err := strictzip.Matches(entries["b.txt"], 15, 15, hex.EncodeToString(sum[:])); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"a larger file than may be held":    func() error { _, err := strictzip.Content(entries["b.txt"], 14); return err }(),
		"a larger file than may be matched": strictzip.Matches(entries["b.txt"], 14, 15, hex.EncodeToString(sum[:])),
		"another size":                      strictzip.Matches(entries["b.txt"], 15, 14, hex.EncodeToString(sum[:])),
		"another sum":                       strictzip.Matches(entries["a.txt"], 100, 30, hex.EncodeToString(sum[:])),
	} {
		if !errors.Is(err, strictzip.ErrUnsound) {
			t.Errorf("%s: error %v, want ErrUnsound", name, err)
		}
	}
}

// TestAZipThatIsNotSealedIsRefused: two readers of one zip must never find different files in it.
func TestAZipThatIsNotSealedIsRefused(t *testing.T) {
	t.Parallel()
	sound := zipped(t)
	end := len(sound) - 22
	directory := int(binary.LittleEndian.Uint32(sound[end+16:]))
	var hidden bytes.Buffer // a file that no directory names, as a reader of streams finds it
	w := zip.NewWriter(&hidden)
	add(t, w, &zip.FileHeader{Name: "a.txt", Method: zip.Store}, "another first file")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	moved := func(data []byte, by int) []byte { // with all places in the directory moved, and that of the directory
		data = slices.Clone(data)
		end := len(data) - 22
		place := func(at int) {
			binary.LittleEndian.PutUint32(data[at:], binary.LittleEndian.Uint32(data[at:])+uint32(by))
		}
		place(end + 16)
		for at := int(binary.LittleEndian.Uint32(data[end+16:])); at < end; at += 46 + 5 + int(binary.LittleEndian.Uint16(data[at+30:])) {
			place(at + 42)
		}
		return data
	}
	endMoved := slices.Concat(sound[:directory], hidden.Bytes(), sound[directory:])
	binary.LittleEndian.PutUint32(endMoved[len(endMoved)-6:], uint32(directory+hidden.Len()))
	patched := func(at int, with ...byte) []byte {
		data := slices.Clone(sound)
		copy(data[at:], with)
		return data
	}
	for name, data := range map[string][]byte{
		"nothing":                        nil,
		"no zip":                         bytes.Repeat([]byte("x"), 100),
		"something before":               append([]byte("x"), sound...),
		"a hidden file before":           moved(slices.Concat(hidden.Bytes(), sound), hidden.Len()),
		"a hidden file after the files":  endMoved,
		"something after":                append(slices.Clone(sound), 'x'),
		"a comment":                      append(patched(end+20, 1), 'x'),
		"a comment of a file":            zipped(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "c.txt", Comment: "x"}, "") }),
		"cut off":                        sound[:len(sound)-1],
		"another name before the file":   patched(30, 'b'),
		"another method before the file": patched(8, 0),
		"other sizes after the file":     patched(descriptorOf(sound)+8, 1),
		"an encrypted file":              zipped(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "c.txt", Flags: 1}, "") }),
		"a file of another name":         zipped(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "../c.txt"}, "") }),
		"a folder":                       zipped(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "c/"}, "") }),
		"a file twice":                   zipped(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "a.txt"}, "x") }),
		"a file too many":                zipped(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "c.txt"}, "x") }),
		"an unpacked size that is too much": zipped(t, func(w *zip.Writer) {
			add(t, w, &zip.FileHeader{Name: "c.txt", Method: zip.Deflate}, string(make([]byte, 2000)))
		}),
	} {
		if _, err := open(data, limits); !errors.Is(err, strictzip.ErrUnsound) {
			t.Errorf("%s: error %v, want ErrUnsound", name, err)
		}
	}
	small := limits
	small.Directory = 50
	if _, err := open(sound, small); !errors.Is(err, strictzip.ErrUnsound) {
		t.Errorf("a huge directory: error %v, want ErrUnsound", err)
	}
}

// descriptorOf finds what stands after the first file.
func descriptorOf(data []byte) int { return bytes.Index(data, []byte("PK\x07\x08")) }

// TestAFileThatUnpacksToSomethingElseIsRefused: sizes and checksums are compared with what is there.
func TestAFileThatUnpacksToSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	data := zipped(t)
	at := bytes.Index(data, []byte("the second file"))
	data[at] ^= 1
	entries, err := open(data, limits)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strictzip.Content(entries["b.txt"], 100); !errors.Is(err, strictzip.ErrUnsound) {
		t.Errorf("error %v, want ErrUnsound", err)
	}
}

// FuzzOpen: whatever is handed in, it is refused or read, within bounds.
func FuzzOpen(f *testing.F) {
	f.Add(zipped(f))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := open(data, limits)
		if err != nil {
			if !errors.Is(err, strictzip.ErrUnsound) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		for name, entry := range entries {
			content, err := strictzip.Content(entry, limits.Total)
			if err == nil && (int64(len(content)) > limits.Total || !limits.Names.MatchString(name)) {
				t.Errorf("%q has %d bytes", name, len(content))
			}
		}
	})
}
