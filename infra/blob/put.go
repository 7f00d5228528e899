package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
	"gocloud.dev/blob"

	"services.example/portal/infra/codec"
)

// Put stores a file of a person, who gets a key if there is none yet. It is on disk when Put returns; the same content
// again changes nothing. The upload takes less than 1 MiB of memory, whatever its size.
// Errors: TooLargeError beyond limit bytes, ErrErased, those of the content's reader.
func (f *Files) Put(ctx context.Context, subject string, content io.Reader, limit int64) (Info, error) {
	if err := checkSubject(subject); err != nil {
		return Info{}, fmt.Errorf("storing a file: %w", err)
	}
	cipher, err := f.cipher(ctx, subject, true)
	if err != nil {
		return Info{}, fmt.Errorf("storing a file: %w", err)
	}
	// The name, to which the ciphertext is bound, is known only at the end: so what comes is spooled first.
	waiting := &spool{folder: f.spool}
	defer waiting.discard()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(waiting, sum), io.LimitReader(&obedient{ctx, content}, limit+1))
	if err != nil {
		return Info{}, fmt.Errorf("storing a file: taking the upload: %w", err)
	}
	if size > limit {
		return Info{}, &TooLargeError{Limit: limit}
	}
	info := Info{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: size, MIME: mediaType(waiting.head)}
	key, err := key(subject, info.SHA256)
	if err != nil {
		return Info{}, fmt.Errorf("storing a file: %w", err)
	}
	from, err := waiting.reader()
	if err != nil {
		return Info{}, fmt.Errorf("storing file %s: %w", key, err)
	}
	if err := f.write(ctx, cipher, key, info.SHA256, from); err != nil {
		return Info{}, fmt.Errorf("storing file %s: %w", key, err)
	}
	return info, nil
}

// segmentSize is how many bytes of ciphertext are authenticated together.
const segmentSize = 64 << 10

// cipher is the subject's cipher for files.
func (f *Files) cipher(ctx context.Context, subject string, create bool) (*subtle.AESGCMHKDF, error) {
	secret, err := f.keys.Secret(ctx, subject, "files")
	if create && errors.Is(err, codec.ErrNoKey) {
		if err = f.keys.Create(ctx, subject); err == nil {
			secret, err = f.keys.Secret(ctx, subject, "files")
		}
	}
	if err != nil {
		return nil, erased(err)
	}
	return subtle.NewAESGCMHKDF(secret, "SHA256", 32, segmentSize, 0)
}

// write encrypts into the bucket. The object gets its name only when it is whole.
func (f *Files) write(ctx context.Context, cipher *subtle.AESGCMHKDF, key, sum string, from io.Reader) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var draft draft
	object, err := f.bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: "application/octet-stream",
		BeforeWrite: func(as func(any) bool) error {
			if as(&draft.file) {
				return draft.mark(f.spool, f.folder)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, draft.done()) }()
	check := sha256.New()
	if err = encrypt(cipher, object, key, io.TeeReader(from, check)); err == nil {
		err = errors.Join(matches(check, sum), draft.sync())
	}
	if err != nil {
		cancel() // so that Close throws the object away
		return errors.Join(err, ignoreCancelled(object.Close()))
	}
	if err := object.Close(); err != nil {
		return err
	}
	return draft.syncName(f.folder)
}

func encrypt(cipher *subtle.AESGCMHKDF, to io.Writer, key string, from io.Reader) error {
	sealed, err := cipher.NewEncryptingWriter(to, []byte(key))
	if err != nil {
		return err
	}
	if _, err := io.Copy(sealed, from); err != nil {
		return err
	}
	return sealed.Close()
}

// matches makes sure that what was spooled came back unchanged.
func matches(sum hash.Hash, want string) error {
	if hex.EncodeToString(sum.Sum(nil)) != want {
		return errors.New("the spooled upload was damaged")
	}
	return nil
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// obedient is a reader that ends with its context.
type obedient struct {
	ctx  context.Context //nolint:containedctx // It lives as long as one call.
	from io.Reader
}

func (r *obedient) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// draft is the file that becomes an object of a file bucket; other buckets have none. A mark in the spool folder lets
// the next start remove it after a crash, without searching the bucket.
type draft struct {
	file   *os.File
	marker string
}

func (d *draft) mark(spool, folder string) error {
	name, err := markerOf(folder, d.file.Name())
	if err != nil {
		return err
	}
	d.marker = filepath.Join(spool, name)
	marker, err := os.OpenFile(d.marker, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("marking the upload: %w", err)
	}
	return marker.Close()
}

func (d *draft) sync() error {
	if d.file == nil {
		return nil
	}
	return d.file.Sync()
}

// syncName makes the object's name durable, and that of its folder.
func (d *draft) syncName(folder string) error {
	if d.file == nil {
		return nil
	}
	return errors.Join(syncFolder(filepath.Dir(d.file.Name())), syncFolder(folder))
}

func (d *draft) done() error {
	if d.marker == "" {
		return nil
	}
	return os.Remove(d.marker)
}
