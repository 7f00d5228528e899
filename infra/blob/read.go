package blob

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Open returns a file's content. A damaged file is an error here, or at the latest where the damage begins: a reader
// that ends without an error has given the whole file. Errors: ErrNotFound, ErrErased, ErrDamaged.
func (f *Files) Open(ctx context.Context, subject, hash string) (io.ReadCloser, error) {
	key, err := key(subject, hash)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	cipher, err := f.cipher(ctx, subject, false)
	if err != nil {
		return nil, fmt.Errorf("reading file %s: %w", key, err)
	}
	object, err := f.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("reading file %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading file %s: %w", key, err)
	}
	c := &content{key: key, object: object, stored: &remembering{from: object}}
	plain, err := cipher.NewDecryptingReader(c.stored, []byte(key))
	if err != nil {
		return nil, errors.Join(c.explain(err), object.Close())
	}
	c.plain = bufio.NewReaderSize(plain, segmentSize)
	if _, err := c.plain.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(c.explain(err), object.Close())
	}
	return c, nil
}

// content decrypts an object as it is read.
type content struct {
	key    string
	object *blob.Reader
	stored *remembering
	plain  *bufio.Reader
}

// Read gives decrypted bytes that are authentic.
func (c *content) Read(p []byte) (int, error) {
	n, err := c.plain.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // The end is exactly io.EOF; what wraps it is damage.
		err = c.explain(err)
	}
	return n, err
}

// Close ends the reading.
func (c *content) Close() error { return c.object.Close() }

// explain tells trouble with the store from bytes that do not authenticate.
func (c *content) explain(error) error {
	if c.stored.err != nil {
		return fmt.Errorf("reading file %s: %w", c.key, c.stored.err)
	}
	return fmt.Errorf("reading file %s: %w", c.key, ErrDamaged)
}

// remembering keeps the error of the reader under it, other than its end.
type remembering struct {
	from io.Reader
	err  error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// Remove deletes a file; one that is not there is no error. The caller knows that nothing refers to it any more: the
// same content, stored twice for a person, is one file.
func (f *Files) Remove(ctx context.Context, subject, hash string) error {
	key, err := key(subject, hash)
	if err != nil {
		return fmt.Errorf("removing a file: %w", err)
	}
	if err := f.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("removing file %s: %w", key, err)
	}
	return nil
}
