// Package strictzip reads zips of known files from whoever hands them in: bounded, each file once, nothing encrypted, nothing
// before, between or after what the directory names.
package strictzip

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// ErrUnsound says that a zip is not as it must be.
var ErrUnsound = errors.New("not a sound zip")

func unsound(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrUnsound, fmt.Errorf(format, a...))
}

// Limits are what a zip may have.
type Limits struct {
	Names     *regexp.Regexp // of files
	Files     int            // 0: as many as the directory has room for
	Total     int64          // bytes of all files together, unpacked
	Directory int64          // bytes of the zip's directory
}

// Open reads the directory of a zip of so many bytes. Errors: ErrUnsound; those of the reader.
func Open(from io.ReaderAt, size int64, l Limits) (map[string]*zip.File, error) {
	if err := checkEnd(from, size, l); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(from, size)
	if err != nil {
		return nil, unsound("%w", err)
	}
	entries := make(map[string]*zip.File, len(z.File))
	total := uint64(0)
	for _, entry := range z.File {
		if err := check(entry, l.Names); err != nil {
			return nil, err
		}
		if entries[entry.Name] != nil {
			return nil, unsound("%s is there twice", entry.Name)
		}
		entries[entry.Name] = entry
		if total += entry.UncompressedSize64; total > uint64(l.Total) {
			return nil, unsound("more than %d bytes", l.Total)
		}
		if l.Files > 0 && len(entries) > l.Files {
			return nil, unsound("more than %d files", l.Files)
		}
	}
	return entries, nil
}

// checkEnd makes sure that the zip's directory is small and right before its end, with nothing after it, which bounds what a
// reader of zips will read, and that there is nothing before it but the files.
func checkEnd(from io.ReaderAt, size int64, l Limits) error {
	if size < endSize || size > l.Total+l.Directory {
		return unsound("%d bytes", size)
	}
	var end [endSize]byte
	if _, err := from.ReadAt(end[:], size-endSize); err != nil {
		return fmt.Errorf("reading the end of a zip: %w", err)
	}
	directory, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if !bytes.Equal(end[:8], []byte("PK\x05\x06\x00\x00\x00\x00")) || binary.LittleEndian.Uint16(end[20:]) != 0 {
		return unsound("no zip that ends where the file ends")
	}
	if directory > l.Directory || offset+directory != size-endSize {
		return unsound("the directory of the zip is not right before its end, or huge")
	}
	return checkLayout(from, offset, directory)
}

func check(entry *zip.File, names *regexp.Regexp) error {
	const encrypted = 1
	switch {
	case !names.MatchString(entry.Name):
		return unsound("a file of another name: %.100q", entry.Name)
	case entry.Flags&encrypted != 0:
		return unsound("%s is encrypted", entry.Name)
	case entry.Method != zip.Store && entry.Method != zip.Deflate:
		return unsound("%s is packed by method %d", entry.Name, entry.Method)
	default:
		return nil
	}
}

// Content reads a small file whole. Error: ErrUnsound, also if it is larger than the limit, in bytes.
func Content(entry *zip.File, limit int64) ([]byte, error) {
	if entry.UncompressedSize64 > uint64(limit) {
		return nil, unsound("%s has %d bytes", entry.Name, entry.UncompressedSize64)
	}
	from, err := entry.Open()
	if err != nil {
		return nil, unsound("%s: %w", entry.Name, err)
	}
	defer from.Close()                                     //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(from, limit+1)) // what unpacks to more than it says is an error of its reader
	if err != nil {
		return nil, unsound("%s: %w", entry.Name, err)
	}
	if int64(len(data)) > limit {
		return nil, unsound("%s has more than %d bytes", entry.Name, limit)
	}
	return data, nil
}

// Matches reads a file to its end and makes sure that it has this size, in bytes, and this SHA-256, in hexadecimal. Error:
// ErrUnsound, also if it is larger than the limit.
func Matches(entry *zip.File, limit, size int64, sum string) error {
	if entry.UncompressedSize64 > uint64(limit) {
		return unsound("%s has %d bytes", entry.Name, entry.UncompressedSize64)
	}
	from, err := entry.Open()
	if err != nil {
		return unsound("%s: %w", entry.Name, err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	digest := sha256.New()
	read, err := io.Copy(digest, io.LimitReader(from, limit+1))
	if err != nil {
		return unsound("%s: %w", entry.Name, err)
	}
	if read != size || hex.EncodeToString(digest.Sum(nil)) != sum {
		return unsound("%s is not the one that the manifest names", entry.Name)
	}
	return nil
}
