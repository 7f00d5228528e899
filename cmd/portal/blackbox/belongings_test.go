package blackbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// belongings is what somebody has in a portal: an application with a saved step and a file.
type belongings struct {
	person person
	path   string // of the application
	page   []byte // as it is shown
	file   string // path of the file
}

func newBelongings(t *testing.T, s *server) belongings {
	t.Helper()
	b := newBadInput(t, s)
	path := "/applications/" + b.draft.ID
	b.c.do(http.MethodPut, path+"/steps/"+b.service.step("form"), `{"data":{"note":"a"}}`).must(http.StatusOK, nil)
	var attached struct{ ID string }
	b.c.do(http.MethodPost, path+"/files?step="+b.service.step("document"), pdf("Құжат.pdf")).must(http.StatusCreated, &attached)
	page := b.c.do(http.MethodGet, path, nil).must(http.StatusOK, nil)
	return belongings{person: individual(2001), path: path, page: page.body, file: path + "/files/" + attached.ID}
}

// isIn checks that another portal shows the application as this one did, and gives out the same file.
func (b belongings) isIn(t *testing.T, s *server) {
	t.Helper()
	c := s.client(t, "en")
	c.signIn(b.person, false)
	shown := c.do(http.MethodGet, b.path, nil).must(http.StatusOK, nil)
	if diff := cmp.Diff(string(b.page), string(shown.body)); diff != "" {
		t.Errorf("the application: %s", diff)
	}
	content := c.do(http.MethodGet, b.file, nil).must(http.StatusOK, nil)
	if diff := cmp.Diff(pdfBytes, content.body); diff != "" {
		t.Errorf("the file: %s", diff)
	}
}

// takeMasterKey takes the master key of a data folder along into another.
func takeMasterKey(t *testing.T, from, to string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "master.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
}

// takeAlong takes along what lies beside the events: keys, files, read models.
func takeAlong(t *testing.T, from, to string) {
	t.Helper()
	for _, beside := range []string{"keys", "files", "read"} {
		if err := os.CopyFS(filepath.Join(to, beside), os.DirFS(filepath.Join(from, beside))); err != nil {
			t.Fatal(err)
		}
	}
	takeMasterKey(t, from, to)
}
