package commands

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
)

// TestUploading: files of either side belong to no step, and lie under the key of the applicant.
func TestUploading(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor, operator := o.applicant(1), o.staff(2, providerID, account.Executor), o.staff(3, providerID, account.Operator)
	id := o.taken(dana, grantID, executor)
	now := o.clock.Now()
	for i, m := range []member{dana, executor, operator} {
		before := len(o.files.subjects)
		at := o.end().String()
		var file struct {
			ID, Name, MIME, SHA256 string
			Size                   int64
		}
		answer := m.do("POST", "/applications/"+id+"/files", form(t, "file", "../a.pdf", "%PDF"+strings.Repeat("x", i))).
			is(t, http.StatusCreated, &file).writtenAt(o.world, int64(len(o.history("application-"+id)))-1)
		if want := "/api/v1/applications/" + id + "/files/" + file.ID; answer.header.Get("Location") != want {
			t.Errorf("location %s, want %s", answer.header.Get("Location"), want)
		}
		m.then(at, application.FileUploaded{
			FileID: file.ID, Staff: i > 0, Name: "a.pdf", MIME: "application/pdf", Size: int64(4 + i), SHA256: file.SHA256, At: now,
		})
		if subjects := o.files.subjects[before:]; !slices.Equal(subjects, []string{dana.id}) {
			t.Errorf("stored under %v, want the applicant's key", subjects)
		}
		if file.Name != "a.pdf" || file.MIME != "application/pdf" || file.Size != int64(4+i) {
			t.Errorf("answered %+v", file)
		}
	}
}

// TestAnUploadThatIsRefused: what can be known before is refused before a byte is stored.
func TestAnUploadThatIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	id := o.taken(dana, grantID, executor)
	url := "/applications/" + id + "/files"
	at := o.end().String()
	executor.do("POST", url, form(t, "file", "a.pdf", "%PDF"+strings.Repeat("x", 997))).
		refuses(t, http.StatusRequestEntityTooLarge, "file-too-large")
	executor.do("POST", url, form(t, "file", "a.pdf", "MZ")).refuses(t, http.StatusUnsupportedMediaType, "file-type-not-allowed")
	executor.do("POST", url, form(t, "other", "a.pdf", "%PDF")).refuses(t, http.StatusBadRequest, "file-expected")
	executor.do("POST", url, `{}`).refuses(t, http.StatusUnsupportedMediaType, "file-expected")
	executor.do("POST", url+"?step=papers", form(t, "file", "a.pdf", "%PDF")).refuses(t, http.StatusNotFound, "application-not-found")
	executor.then(at)
	o.upload(executor, id, strings.Repeat("x", 900))
	at = o.end().String()
	executor.do("POST", url, form(t, "file", "a.pdf", "%PDF"+strings.Repeat("x", 800))).
		refuses(t, http.StatusRequestEntityTooLarge, "files-too-large")
	executor.then(at)

	stored := len(o.files.subjects)
	draft := o.draft(dana, grantID)
	stored++ // the draft's own document
	at = o.end().String()
	dana.do("POST", "/applications/"+draft+"/files", form(t, "file", "a.pdf", "%PDF")).refuses(t, http.StatusConflict, "not-submitted")
	dana.then(at)
	withdrawn := o.sent(dana, grantID)
	stored++
	_, err := o.Applications.WithdrawApplication(t.Context(), by(dana.id), withdrawn)
	done(t, err)
	at = o.end().String()
	for _, m := range []member{dana, executor} {
		m.do("POST", "/applications/"+withdrawn+"/files", form(t, "file", "a.pdf", "%PDF")).refuses(t, http.StatusConflict, "application-ended")
	}
	executor.then(at)
	if got := len(o.files.subjects); got != stored {
		t.Errorf("%d files were stored, want %d", got, stored)
	}
}

// TestAnUploadWhoseAnswerWasLost: repeated, it stores nothing and answers the same file.
func TestAnUploadWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	id := o.taken(dana, grantID, executor)
	staff := &application.Staff{Account: executor.id, Roles: []account.Role{account.Executor}, Provider: providerID}
	for name, who := range map[string]struct {
		req Request
		by  *application.Staff
	}{"by staff": {keyed(executor.id, "k", "x"), staff}, "by the applicant": {keyed(dana.id, "k", "x"), nil}} {
		_, first, err := o.Work.UploadFile(t.Context(), who.req, who.by, id, "a.pdf", pdf("1"))
		done(t, err)
		end, kept := o.end(), len(o.files.subjects)
		o.restart()
		_, again, err := o.Work.UploadFile(t.Context(), who.req, who.by, id, "a.pdf", pdf("1"))
		done(t, err)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("%s: the file (-first +again):\n%s", name, diff)
		}
		o.happened(end)
		if len(o.files.subjects) != kept {
			t.Errorf("%s: stored again", name)
		}
	}
	_, _, err := o.Work.UploadFile(t.Context(), by(dana.id), nil, id, "a.pdf", io.MultiReader(pdf("1"), brokenReader{}))
	if err == nil {
		t.Error("a file that broke off was taken")
	}
}
