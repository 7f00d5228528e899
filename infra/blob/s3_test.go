package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	_ "gocloud.dev/blob/s3blob"

	"services.example/portal/infra/blob"
)

// s3 is a place whose files lie in a bucket of S3.
type s3 struct {
	place
	url     string
	objects *s3mem.Backend
}

const bucketName = "files"

// newS3 starts a stand-in for S3 and makes a bucket in it.
func newS3(t *testing.T) s3 {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "portal")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "invented")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	objects := s3mem.New()
	if err := objects.CreateBucket(bucketName); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(objects).Server())
	t.Cleanup(server.Close)
	settings := url.Values{"region": {"kz-1"}, "endpoint": {server.URL}, "use_path_style": {"true"}}
	return s3{place: newPlace(t), url: "s3://" + bucketName + "?" + settings.Encode(), objects: objects}
}

func (s s3) open(t *testing.T) *blob.Files {
	t.Helper()
	return openURL(t, s.url, s.place)
}

// stored is every object of the bucket, by its key.
func (s s3) stored(t *testing.T) map[string][]byte {
	t.Helper()
	list, err := s.objects.ListBucket(bucketName, nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, entry := range list.Contents {
		object, err := s.objects.GetObject(bucketName, entry.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if found[entry.Key], err = io.ReadAll(object.Contents); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// replace puts other bytes in an object's place.
func (s s3) replace(t *testing.T, key string, content []byte) {
	t.Helper()
	if _, err := s.objects.PutObject(bucketName, key, map[string]string{}, bytes.NewReader(content), int64(len(content)), nil); err != nil {
		t.Fatal(err)
	}
}

func TestS3KeepsFilesAsAFolderDoes(t *testing.T) {
	for name, size := range map[string]int{"empty": 0, "small": 11, "of many segments": 1 << 20, "of many parts": 12 << 20} {
		t.Run(name, func(t *testing.T) {
			s := newS3(t)
			files, content := s.open(t), random(size)
			info := put(t, files, anna, content)
			if again := put(t, files, anna, content); again != info || info.SHA256 != sum(content) || info.Size != int64(size) {
				t.Errorf("stored %+v, then %+v", info, again)
			}
			for key, stored := range s.stored(t) {
				if key != anna+"/"+info.SHA256 || size > 0 && bytes.Contains(stored, content[:min(size, 8)]) {
					t.Errorf("object %s holds %d bytes, in clear or in the wrong place", key, len(stored))
				}
			}
			got, err := get(t.Context(), s.open(t), anna, info.SHA256) // another process
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("read %d bytes of %d, error %v", len(got), size, err)
			}
			if _, err := get(t.Context(), files, anna, sum([]byte("another"))); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("a file that is not there: error %v, want ErrNotFound", err)
			}
			for range 2 {
				if err := files.Remove(t.Context(), anna, info.SHA256); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := get(t.Context(), files, anna, info.SHA256); !errors.Is(err, blob.ErrNotFound) || len(s.stored(t)) != 0 {
				t.Errorf("a file that was removed: error %v, %d objects", err, len(s.stored(t)))
			}
		})
	}
}

func TestS3UploadsThatDoNotEndLeaveNothing(t *testing.T) {
	s := newS3(t)
	files := s.open(t)
	var large *blob.TooLargeError
	if _, err := files.Put(t.Context(), anna, bytes.NewReader(random(11)), 10); !errors.As(err, &large) {
		t.Errorf("error %v, want TooLargeError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ending := readerFunc(func([]byte) (int, error) { cancel(); return 1, nil })
	if _, err := files.Put(ctx, anna, io.MultiReader(bytes.NewReader(random(1<<20)), ending), limit); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
	if left := len(s.stored(t)) + len(listed(t, s.spool)); left != 0 {
		t.Errorf("%d files were left", left)
	}
}

func TestS3DamageIsAnError(t *testing.T) {
	s := newS3(t)
	files, content := s.open(t), random(256<<10)
	info := put(t, files, anna, content)
	key := anna + "/" + info.SHA256
	stored := s.stored(t)[key]
	for name, damaged := range map[string][]byte{"cut after a segment": stored[:64<<10], "nothing left": {}} {
		s.replace(t, key, damaged)
		got, err := get(t.Context(), files, anna, info.SHA256) // S3 or we notice
		if err == nil || errors.Is(err, blob.ErrNotFound) || !bytes.HasPrefix(content, got) {
			t.Errorf("%s: %d bytes, error %v", name, len(got), err)
		}
	}
	put(t, files, anna, content)
	if got, err := get(t.Context(), files, anna, info.SHA256); err != nil || !bytes.Equal(got, content) {
		t.Errorf("after storing it again: %d bytes, error %v", len(got), err)
	}
}
