package blob

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// headSize is how much of an upload is kept in memory, in bytes: small files whole, of others enough to find their type.
const headSize = 256 << 10

const (
	spoolPrefix  = "upload-"
	markerPrefix = "writing~"
	draftSuffix  = ".tmp" // of fileblob
)

// spool holds an upload: its beginning in memory, the rest in a nameless local file under a key that is never written.
type spool struct {
	folder string
	head   []byte
	file   *os.File
	block  cipher.Block
	into   cipher.Stream
	buffer []byte
}

// Write takes more of the upload.
func (s *spool) Write(p []byte) (int, error) {
	inHead := min(len(p), headSize-len(s.head))
	if len(s.head) > 0 && cap(s.head) < headSize {
		s.head = slices.Grow(s.head, headSize-len(s.head)) // at once, rather than by doubling
	}
	s.head = append(s.head, p[:inHead]...)
	if inHead == len(p) {
		return len(p), nil
	}
	if s.file == nil {
		if err := s.start(); err != nil {
			return inHead, fmt.Errorf("spooling the upload: %w", err)
		}
	}
	written := inHead
	for part := range slices.Chunk(p[inHead:], len(s.buffer)) {
		s.into.XORKeyStream(s.buffer, part)
		n, err := s.file.Write(s.buffer[:len(part)])
		written += n
		if err != nil {
			return written, fmt.Errorf("spooling the upload: %w", err)
		}
	}
	return written, nil
}

func (s *spool) start() error {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	var err error
	if s.block, err = aes.NewCipher(key); err != nil {
		return err
	}
	if s.file, err = os.CreateTemp(s.folder, spoolPrefix+"*"); err != nil {
		return err
	}
	_ = os.Remove(s.file.Name()) // a crash leaves nothing; where open files cannot be removed, discard does
	s.into, s.buffer = s.stream(), make([]byte, 32<<10)
	return nil
}

// stream is the key stream.
func (s *spool) stream() cipher.Stream {
	return cipher.NewCTR(s.block, make([]byte, aes.BlockSize)) //nolint:gosec // Each key is used for one stream only.
}

// reader returns the upload from its beginning.
func (s *spool) reader() (io.Reader, error) {
	if s.file == nil {
		return bytes.NewReader(s.head), nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(bytes.NewReader(s.head), &cipher.StreamReader{S: s.stream(), R: s.file}), nil
}

func (s *spool) discard() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}

// markerOf names the mark of a draft: its path in the bucket with another separator.
func markerOf(folder, draft string) (string, error) {
	inside, err := filepath.Rel(folder, draft)
	if err != nil {
		return "", err
	}
	return markerPrefix + strings.ReplaceAll(filepath.ToSlash(inside), "/", "~"), nil
}

// sweep removes what interrupted uploads left: spooled bytes, and drafts in a file bucket.
func (f *Files) sweep() error {
	left, err := os.ReadDir(f.spool)
	if err != nil {
		return err
	}
	for _, entry := range left {
		name := entry.Name()
		marked, isMarker := strings.CutPrefix(name, markerPrefix)
		if isMarker && f.folder != "" && strings.HasSuffix(name, draftSuffix) {
			draft := filepath.Join(f.folder, filepath.FromSlash(strings.ReplaceAll(marked, "~", "/")))
			if err := removeIfThere(draft); err != nil {
				return err
			}
		}
		if isMarker || strings.HasPrefix(name, spoolPrefix) {
			if err := removeIfThere(filepath.Join(f.spool, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes new names in a folder durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synced there
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
