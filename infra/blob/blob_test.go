package blob_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "gocloud.dev/blob/memblob"

	"services.example/portal/infra/blob"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/codectest"
)

const (
	anna  = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
	boris = "1c9f5d2f-8b68-5d17-9b62-1b8d8e203f44"
	limit = 20 << 20
)

// place is where files of a test lie.
type place struct {
	bucket, spool string
	keys          *codectest.Keys
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	return place{filepath.Join(dir, "files"), filepath.Join(dir, "spool"), codectest.NewKeys()}
}

func (p place) open(t *testing.T) *blob.Files {
	t.Helper()
	return openURL(t, "file://"+filepath.ToSlash(p.bucket), p)
}

func openURL(t *testing.T, url string, p place) *blob.Files {
	t.Helper()
	files, err := blob.Open(t.Context(), blob.Options{URL: url, Spool: p.spool, Keys: p.keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	return files
}

func put(t *testing.T, files *blob.Files, subject string, content []byte) blob.Info {
	t.Helper()
	info, err := files.Put(t.Context(), subject, bytes.NewReader(content), limit)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func get(ctx context.Context, files *blob.Files, subject, hash string) ([]byte, error) {
	in, err := files.Open(ctx, subject, hash)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(in)
	return content, errors.Join(err, in.Close())
}

// listed is every file under a folder, by its path, with its content.
func listed(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside, _ := filepath.Rel(folder, path)
		found[filepath.ToSlash(inside)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// random is repeatable content that does not compress.
func random(size int) []byte {
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	return content
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

func TestFileIsReadAsItWasStored(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty":                     {},
		"one byte":                  {7},
		"one segment to the byte":   random(64<<10 - 16 - 40),
		"one byte more":             random(64<<10 - 16 - 39),
		"what memory holds":         random(256 << 10),
		"one byte more than memory": random(256<<10 + 1),
		"20 MiB, the limit":         random(limit),
	} {
		for _, bucket := range []string{"file", "mem"} {
			t.Run(name+" in "+bucket, func(t *testing.T) {
				p := newPlace(t)
				files := p.open(t)
				if bucket == "mem" {
					files = openURL(t, "mem://", p)
				}

				info := put(t, files, anna, content)

				want := blob.Info{SHA256: sum(content), Size: int64(len(content)), MIME: info.MIME}
				if diff := cmp.Diff(want, info); diff != "" {
					t.Errorf("info (-want +got):\n%s", diff)
				}
				got, err := get(t.Context(), files, anna, info.SHA256)
				if err != nil || !bytes.Equal(content, got) {
					t.Errorf("%d bytes came back as %d, error %v", len(content), len(got), err)
				}
			})
		}
	}
}

func TestFilesSurviveARestartAndLieUnderSubjectAndHash(t *testing.T) {
	p := newPlace(t)
	content := []byte("Жарғы")
	put(t, p.open(t), anna, content)
	put(t, p.open(t), anna, content) // the same again is the same file
	put(t, p.open(t), boris, content)

	stored := listed(t, p.bucket)
	if len(stored) != 2 || stored[anna+"/"+sum(content)] == nil || stored[boris+"/"+sum(content)] == nil {
		t.Errorf("stored: %v", stored)
	}
	if left := listed(t, p.spool); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
	if got, err := get(t.Context(), p.open(t), anna, sum(content)); err != nil || string(got) != "Жарғы" {
		t.Errorf("read %q, error %v", got, err)
	}
}

func TestNothingIsStoredInClear(t *testing.T) {
	p := newPlace(t)
	files := p.open(t)
	line := []byte("Нұрғалиқызы Әлия, 650515400018\n")
	content := bytes.Repeat(line, 20_000) // 840 KB: through memory and spool

	// The spool is looked at while the upload is under way.
	reader := io.MultiReader(bytes.NewReader(content), readerFunc(func([]byte) (int, error) {
		for path, bytesThere := range listed(t, p.spool) {
			if bytes.Contains(bytesThere, line[:20]) {
				t.Errorf("%s holds the content in clear", path)
			}
		}
		return 0, io.EOF
	}))
	if _, err := files.Put(t.Context(), anna, reader, limit); err != nil {
		t.Fatal(err)
	}

	for path, stored := range listed(t, p.bucket) {
		if bytes.Contains(stored, []byte("650515400018")) || bytes.Contains(stored, line[:20]) {
			t.Errorf("%s holds the content in clear", path)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestUploadBeyondTheLimitIsRefusedAndLeavesNothing(t *testing.T) {
	for _, allowed := range []int64{0, 10, 256 << 10, 1 << 20} {
		p := newPlace(t)
		files := p.open(t)

		_, err := files.Put(t.Context(), anna, bytes.NewReader(random(int(allowed)+1)), allowed)

		var large *blob.TooLargeError
		if !errors.As(err, &large) || large.Limit != allowed {
			t.Errorf("error %v, want TooLargeError of %d", err, allowed)
		}
		if left := len(listed(t, p.bucket)) + len(listed(t, p.spool)); left != 0 {
			t.Errorf("%d files were left", left)
		}
	}
}

func TestUploadThatBreaksOffLeavesNothing(t *testing.T) {
	broken := errors.New("connection reset")
	for name, test := range map[string]struct {
		end  func(cancel context.CancelFunc) (int, error) // what the reader does after 1 MiB
		want error
	}{
		"its reader fails": {func(context.CancelFunc) (int, error) { return 0, broken }, broken},
		"its context ends": {func(cancel context.CancelFunc) (int, error) { cancel(); return 1, nil }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			files := p.open(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			end := readerFunc(func([]byte) (int, error) { return test.end(cancel) })

			_, err := files.Put(ctx, anna, io.MultiReader(bytes.NewReader(random(1<<20)), end), limit)

			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if left := len(listed(t, p.bucket)) + len(listed(t, p.spool)); left != 0 {
				t.Errorf("%d files were left", left)
			}
		})
	}
}

// archive is a zip file with these entries.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		entry, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(random(5000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTypeIsFoundInTheContent(t *testing.T) {
	const office = "application/vnd.openxmlformats-officedocument."
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"pdf":  {[]byte("%PDF-1.7\n%âãÏÓ\n1 0 obj\n"), "application/pdf"},
		"png":  {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "image/png"},
		"jpg":  {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "image/jpeg"},
		"docx": {archive(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), office + "wordprocessingml.document"},
		"docx whose document comes late": {
			archive(t, "[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/thumbnail.jpeg", "word/document.xml"),
			office + "wordprocessingml.document",
		},
		"xlsx":                 {archive(t, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), office + "spreadsheetml.sheet"},
		"plain zip":            {archive(t, "word.txt", "photo.png"), "application/zip"},
		"program named as pdf": {[]byte("MZ\x90\x00\x03\x00\x00\x00"), "application/vnd.microsoft.portable-executable"},
		"web page":             {[]byte("<!DOCTYPE html><html><script>alert(1)</script>"), "text/html"},
		"text":                 {[]byte("just words"), "text/plain"},
		"bytes":                {[]byte{0, 1, 2, 3, 254}, "application/octet-stream"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := put(t, newPlace(t).open(t), anna, test.content).MIME; got != test.want {
				t.Errorf("type %s, want %s", got, test.want)
			}
		})
	}
}

func TestFilesOfAnErasedPersonAreUnreadable(t *testing.T) {
	p := newPlace(t)
	files := p.open(t)
	info := put(t, files, anna, []byte("Жарғы"))
	other := put(t, files, boris, []byte("Жарғы"))
	if err := p.keys.Destroy(t.Context(), anna); err != nil {
		t.Fatal(err)
	}

	_, errOpen := files.Open(t.Context(), anna, info.SHA256)
	_, errPut := files.Put(t.Context(), anna, strings.NewReader("Жарғы"), limit)

	if !errors.Is(errOpen, blob.ErrErased) || !errors.Is(errPut, blob.ErrErased) {
		t.Errorf("reading: %v, storing: %v; want ErrErased", errOpen, errPut)
	}
	if _, err := get(t.Context(), files, boris, other.SHA256); err != nil {
		t.Errorf("the other person's file: %v", err)
	}
	if err := files.Remove(t.Context(), anna, info.SHA256); err != nil {
		t.Errorf("removing the erased file: %v", err)
	}
}

func TestMissingFilesAndMalformedNames(t *testing.T) {
	files := newPlace(t).open(t)
	info := put(t, files, anna, []byte("Жарғы"))
	put(t, files, boris, []byte("other"))

	for _, hash := range []string{sum(nil), "", "../" + boris, strings.ToUpper(info.SHA256), info.SHA256 + "0"} {
		if _, err := files.Open(t.Context(), anna, hash); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%q: error %v, want ErrNotFound", hash, err)
		}
	}
	if _, err := files.Open(t.Context(), boris, info.SHA256); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("another person's file: error %v, want ErrNotFound", err)
	}
	for _, subject := range []string{"", ".", "..", "anna", "../" + anna} {
		_, errOpen := files.Open(t.Context(), subject, info.SHA256)
		_, errPut := files.Put(t.Context(), subject, strings.NewReader("x"), limit)
		if errOpen == nil || errPut == nil || files.Remove(t.Context(), subject, info.SHA256) == nil {
			t.Errorf("subject %q was accepted", subject)
		}
	}
	if _, err := files.Open(t.Context(), "2d0a6e30-9c79-5e28-8c73-2c9e9f314a55", info.SHA256); !errors.Is(err, codec.ErrNoKey) {
		t.Errorf("a person without a key: error %v, want ErrNoKey", err)
	}
}

func TestRemovedFileIsGone(t *testing.T) {
	p := newPlace(t)
	files := p.open(t)
	info := put(t, files, anna, []byte("Жарғы"))

	for range 2 {
		if err := files.Remove(t.Context(), anna, info.SHA256); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := files.Open(t.Context(), anna, info.SHA256); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
	if left := listed(t, p.bucket); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestDamageIsAnErrorAndNeverAShorterFile(t *testing.T) {
	const segment = 64 << 10
	for name, damage := range map[string]func([]byte) []byte{
		"nothing left":            func([]byte) []byte { return nil },
		"one byte left":           func(b []byte) []byte { return b[:1] },
		"cut in the header":       func(b []byte) []byte { return b[:20] },
		"only the header":         func(b []byte) []byte { return b[:40] },
		"cut after a segment":     func(b []byte) []byte { return b[:segment] },
		"cut after two segments":  func(b []byte) []byte { return b[:2*segment] },
		"cut inside a segment":    func(b []byte) []byte { return b[:segment+1000] },
		"last byte missing":       func(b []byte) []byte { return b[:len(b)-1] },
		"a byte more":             func(b []byte) []byte { return append(b, 0) },
		"a bit of the header":     func(b []byte) []byte { b[10] ^= 1; return b },
		"a bit of the first part": func(b []byte) []byte { b[100] ^= 1; return b },
		"a bit of the last part":  func(b []byte) []byte { b[len(b)-20] ^= 1; return b },
		"two segments exchanged": func(b []byte) []byte {
			first := append([]byte(nil), b[segment:2*segment]...)
			copy(b[segment:], b[2*segment:3*segment])
			copy(b[2*segment:], first)
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			files := p.open(t)
			content := random(4 * segment)
			info := put(t, files, anna, content)
			path := filepath.Join(p.bucket, anna, info.SHA256)
			stored, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(stored), 0o600); err != nil {
				t.Fatal(err)
			}

			got, err := get(t.Context(), files, anna, info.SHA256)

			if !errors.Is(err, blob.ErrDamaged) {
				t.Errorf("error %v, want ErrDamaged", err)
			}
			if !bytes.HasPrefix(content, got) {
				t.Error("bytes were given that are not the file's")
			}
			put(t, files, anna, content) // storing it again mends it
			if again, err := get(t.Context(), files, anna, info.SHA256); err != nil || !bytes.Equal(content, again) {
				t.Errorf("after storing it again: %v", err)
			}
		})
	}
}

func TestFilesCannotBeExchanged(t *testing.T) {
	p := newPlace(t)
	files := p.open(t)
	one, two := put(t, files, anna, []byte("one")), put(t, files, anna, []byte("two"))
	folder := filepath.Join(p.bucket, anna)
	if err := os.Rename(filepath.Join(folder, one.SHA256), filepath.Join(folder, two.SHA256)); err != nil {
		t.Fatal(err)
	}

	if _, err := get(t.Context(), files, anna, two.SHA256); !errors.Is(err, blob.ErrDamaged) {
		t.Errorf("error %v, want ErrDamaged", err)
	}
}

func TestStartClearsWhatACrashLeft(t *testing.T) {
	p := newPlace(t)
	info := put(t, p.open(t), anna, []byte("Жарғы"))
	draft := info.SHA256 + ".18a1b2c3.tmp"
	for path, content := range map[string]string{
		filepath.Join(p.bucket, anna, draft):                    "half",
		filepath.Join(p.spool, "writing~"+anna+"~"+draft):       "",
		filepath.Join(p.spool, "writing~"+boris+"~x.00000.tmp"): "", // its draft got its name before the crash
		filepath.Join(p.spool, "upload-123"):                    "half",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	files := p.open(t)

	if left := listed(t, p.spool); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
	if stored := listed(t, p.bucket); len(stored) != 1 {
		t.Errorf("stored: %v", stored)
	}
	if _, err := get(t.Context(), files, anna, info.SHA256); err != nil {
		t.Error(err)
	}
}

func TestUploadIsMarkedWhileItIsWritten(t *testing.T) {
	p := newPlace(t)
	files := p.open(t)
	var wait sync.WaitGroup
	contents := make([][]byte, 16)
	for i := range contents {
		contents[i] = append(random(300<<10), byte(i))
		wait.Go(func() {
			if _, err := files.Put(t.Context(), anna, bytes.NewReader(contents[i%8]), limit); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()

	if left := listed(t, p.spool); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
	if stored := listed(t, p.bucket); len(stored) != 8 {
		t.Errorf("%d files, want 8: half of the uploads were the same", len(stored))
	}
}

func TestUploadTakesLittleMemory(t *testing.T) {
	files := newPlace(t).open(t)
	content := random(limit)
	put(t, files, anna, content[:1])
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	put(t, files, anna, content)
	runtime.ReadMemStats(&after)

	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("an upload of 20 MiB allocated %d bytes in all, want at most 1 MiB", used)
	}
}

func TestMalformedURLIsNotRepeatedInTheError(t *testing.T) {
	for _, url := range []string{"s3://key:secret@bucket\x7f", "unknown://key:secret@bucket"} {
		_, err := blob.Open(t.Context(), blob.Options{URL: url, Spool: t.TempDir(), Keys: codectest.NewKeys()})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v", err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	dir := b.TempDir()
	files, err := blob.Open(b.Context(), blob.Options{URL: "file://" + dir + "/files", Spool: dir + "/spool", Keys: codectest.NewKeys()})
	if err != nil {
		b.Fatal(err)
	}
	content := random(limit)
	b.SetBytes(limit)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := files.Put(b.Context(), anna, bytes.NewReader(content), limit); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	files, err := blob.Open(b.Context(), blob.Options{URL: "file://" + dir + "/files", Spool: dir + "/spool", Keys: codectest.NewKeys()})
	if err != nil {
		b.Fatal(err)
	}
	content := random(limit)
	info, err := files.Put(b.Context(), anna, bytes.NewReader(content), limit)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(limit)
	b.ReportAllocs()
	for b.Loop() {
		in, err := files.Open(b.Context(), anna, info.SHA256)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			b.Fatal(err)
		}
		if err := in.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
