package reactors

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPagesGoesOnAfterWhatFails goes through two pages, of which the first holds one that fails.
func TestPagesGoesOnAfterWhatFails(t *testing.T) {
	t.Parallel()
	errOne := errors.New("this one")
	list := func(_ context.Context, after string) ([]string, string, error) {
		if after == "" {
			return []string{"a", "b"}, "next", nil
		}
		return []string{"c"}, "", nil
	}
	var did []string
	err := pages(t.Context(), list, func(one string) error {
		did = append(did, one)
		if one == "a" {
			return errOne
		}
		return nil
	})
	if diff := cmp.Diff([]string{"a", "b", "c"}, did); diff != "" || !errors.Is(err, errOne) {
		t.Errorf("%s, error %v", diff, err)
	}
}
