package blob_test

import (
	"errors"
	"testing"

	"services.example/portal/infra/blob"
)

func TestAllFilesOfAPersonAreRemovedAndNobodyElses(t *testing.T) {
	for _, url := range []string{"a folder", "mem://"} {
		p := newPlace(t)
		files := p.open(t)
		if url == "mem://" {
			files = openURL(t, url, p)
		}
		hers := []blob.Info{put(t, files, anna, []byte("бір")), put(t, files, anna, []byte("екі"))}
		his := put(t, files, boris, []byte("бір"))
		for _, want := range []int{2, 0} {
			if removed, err := files.RemoveAll(t.Context(), anna); err != nil || removed != want {
				t.Errorf("%s: removed %d of %d, error %v", url, removed, want, err)
			}
		}
		for _, info := range hers {
			if _, err := get(t.Context(), files, anna, info.SHA256); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("%s: reading what was removed: %v", url, err)
			}
		}
		if content, err := get(t.Context(), files, boris, his.SHA256); err != nil || string(content) != "бір" {
			t.Errorf("%s: somebody else reads %q, error %v", url, content, err)
		}
	}
	if _, err := newPlace(t).open(t).RemoveAll(t.Context(), "../"+anna); err == nil {
		t.Error("a subject that is none was taken")
	}
}
