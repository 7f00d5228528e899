// Package blob keeps the bytes of people's files: encrypted with a key of the person they belong to, under a name that
// is the hash of what is in them. Where they lie is a matter of configuration: a folder by default, any store that
// gocloud.dev/blob can open by URL.
package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"services.example/portal/infra/codec"
)

var (
	// ErrErased says that the key of the person whose file it is was destroyed: nobody can read it any more.
	ErrErased = errors.New("the file's owner was erased")
	// ErrNotFound says that the person has no such file.
	ErrNotFound = errors.New("no such file")
	// ErrDamaged says that the stored bytes are not those that were written.
	ErrDamaged = errors.New("the stored file is damaged")
)

// TooLargeError says that an upload has more bytes than allowed.
type TooLargeError struct{ Limit int64 } // bytes

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the file exceeds the limit of %d bytes", e.Limit)
}

// Info is what is known of a file that was stored.
type Info struct {
	SHA256 string // of its content, in hex: its name from now on
	Size   int64  // bytes
	MIME   string // media type found in the content, without parameters; application/octet-stream if none was
}

// Keys gives secrets that belong to a person and die with the person's key. Errors: codec.ErrNoKey, codec.ErrKeyDestroyed.
type Keys interface {
	Create(ctx context.Context, subject string) error
	// Secret derives 32 bytes for one purpose.
	Secret(ctx context.Context, subject, label string) ([]byte, error)
}

// Options says where files lie.
type Options struct {
	URL   string // of the bucket: file:///folder (made if it is not there), or one whose driver the program imports
	Spool string // a local folder of this process alone for uploads that are under way; nothing in it is readable
	Keys  Keys
}

// Files keeps files. It is safe for use by many goroutines.
type Files struct {
	bucket *blob.Bucket
	folder string // of a file bucket, else empty
	spool  string
	keys   Keys
}

// Open opens the place where files lie, and clears away what uploads left that a crash interrupted.
func Open(ctx context.Context, options Options) (*Files, error) {
	f := &Files{spool: options.Spool, keys: options.Keys}
	if err := os.MkdirAll(f.spool, 0o700); err != nil {
		return nil, fmt.Errorf("opening the folder for uploads: %w", err)
	}
	where, err := url.Parse(options.URL)
	if err != nil {
		return nil, errors.New("opening the file store: its URL is malformed") // it may hold a password
	}
	if where.Scheme == fileblob.Scheme {
		if f.folder, err = filepath.Abs(folderOf(where)); err != nil {
			return nil, fmt.Errorf("opening the file store: %w", err)
		}
		f.bucket, err = fileblob.OpenBucket(f.folder, &fileblob.Options{
			CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
		})
	} else {
		f.bucket, err = openOther(ctx, where)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the file store at %s: %w", where.Redacted(), err)
	}
	if err := f.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("clearing interrupted uploads: %w", err), f.bucket.Close())
	}
	mimetype.SetLimit(headSize)
	return f, nil
}

// openOther opens a bucket by its URL, which may hold a password and so must not come back in an error.
func openOther(ctx context.Context, where *url.URL) (*blob.Bucket, error) {
	bucket, err := blob.OpenBucket(ctx, where.String())
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), where.String(), where.Redacted()))
	}
	return bucket, nil
}

// folderOf reads a file URL: file:///absolute, or file://./relative.
func folderOf(where *url.URL) string {
	folder := where.Path
	if where.Host == "." {
		folder = "." + folder
	}
	return filepath.FromSlash(folder)
}

// Close releases the store. Uploads and readers must have ended.
func (f *Files) Close() error { return f.bucket.Close() }

var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// key is where a file lies: the subject, a slash, the hash.
func key(subject, hash string) (string, error) {
	if err := checkSubject(subject); err != nil {
		return "", err
	}
	if !hexHash.MatchString(hash) {
		return "", fmt.Errorf("%w: its name is no SHA-256 in hex", ErrNotFound)
	}
	return subject + "/" + hash, nil
}

func checkSubject(subject string) error {
	if id, err := uuid.Parse(subject); err != nil || id.String() != subject {
		return errors.New("the subject is not a UUID in its canonical form")
	}
	return nil
}

// erased says ErrErased for a destroyed key.
func erased(err error) error {
	if errors.Is(err, codec.ErrKeyDestroyed) {
		return ErrErased
	}
	return err
}

// mediaType finds the type of content by its beginning.
func mediaType(head []byte) string {
	name, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	return name
}
