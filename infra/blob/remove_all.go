package blob

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// RemoveAll deletes every file of a subject and counts them: for one who was erased, whose files nobody can read any more.
func (f *Files) RemoveAll(ctx context.Context, subject string) (int, error) {
	if err := checkSubject(subject); err != nil {
		return 0, fmt.Errorf("removing files: %w", err)
	}
	files := f.bucket.List(&blob.ListOptions{Prefix: subject + "/"})
	removed := 0
	for {
		object, err := files.Next(ctx)
		if errors.Is(err, io.EOF) {
			return removed, nil
		}
		if err != nil {
			return removed, fmt.Errorf("listing the files of %s: %w", subject, err)
		}
		if err := f.bucket.Delete(ctx, object.Key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return removed, fmt.Errorf("removing file %s: %w", object.Key, err)
		}
		removed++
	}
}
