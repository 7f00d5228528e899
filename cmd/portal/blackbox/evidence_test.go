package blackbox_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheEvidenceOfAnAgreementIsCheckedWithoutThePortal signs an agreement in a demo, waits until all its evidence is there,
// and checks what comes down with the command line alone, after the portal has stopped.
func TestTheEvidenceOfAnAgreementIsCheckedWithoutThePortal(t *testing.T) {
	t.Parallel()
	o := openOffice(t, legal(5301), "шығындарды өтеу")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{"outcome": "approved", "text": "Мақұлданды"}, http.StatusOK, nil)
	var agreement struct{ ID string }
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{"kind": "agreement", "fileId": o.uploads(o.executor, "Келісім.pdf")},
		http.StatusCreated, &agreement)
	path := "/documents/" + agreement.ID
	o.applicant.do(http.MethodGet, path+"/evidence", nil).refused(http.StatusConflict, "not-signed")
	o.signs(o.applicant, o.person.login, agreement.ID)
	o.signs(o.executor, o.members["executor"].Login, agreement.ID)

	eventually(t, func() bool { return o.proven(path, 2) })
	bundle := filepath.Join(t.TempDir(), "evidence.zip")
	save(t, bundle, o.applicant.do(http.MethodGet, path+"/evidence", nil).must(http.StatusOK, nil).body)
	if theirs := o.executor.do(http.MethodGet, path+"/evidence", nil).must(http.StatusOK, nil); !bytes.Equal(theirs.body, read(t, bundle)) {
		t.Error("the provider got another bundle")
	}
	o.server.stop()

	authority := filepath.Join(o.server.data, "demo-gost-ca.pem")
	for lang, says := range map[string]string{"kk": "ЖАРАМДЫ: ", "ru": "ДЕЙСТВИТЕЛЬНА: ", "en": "VALID: "} {
		out, code := edsVerify(t, bundle, "--also-trust", authority, "--language", lang)
		if code != 0 || strings.Count(out, says) != 2 || !strings.Contains(out, o.person.login) {
			t.Errorf("exit code %d:\n%s", code, out)
		}
	}
	if out, code := edsVerify(t, bundle, "--language", "en"); code != 1 || strings.Count(out, "NOT VALID") != 2 {
		t.Errorf("the authority of a demo is believed without being named: exit code %d:\n%s", code, out)
	}
	changed := filepath.Join(t.TempDir(), "changed.zip")
	save(t, changed, without(t, read(t, bundle), "time-stamp"))
	if out, code := edsVerify(t, changed, "--also-trust", authority); code != 1 {
		t.Errorf("a bundle without a file was read: exit code %d:\n%s", code, out)
	}
}

// proven tells whether so many signatures of a document have all their evidence.
func (o *office) proven(path string, signatures int) bool {
	o.t.Helper()
	var document struct {
		Signatures []struct{ Evidence struct{ Status string } }
	}
	o.applicant.do(http.MethodGet, path, nil).must(http.StatusOK, &document)
	complete := 0
	for _, s := range document.Signatures {
		if s.Evidence.Status == "complete" {
			complete++
		}
	}
	return complete == signatures
}

// edsVerify runs the command that checks signatures.
func edsVerify(t *testing.T, arguments ...string) (out string, code int) {
	t.Helper()
	printed, err := exec.CommandContext(context.WithoutCancel(t.Context()), binary, append([]string{"eds", "verify"}, arguments...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(printed), code
}

func save(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// without is a zip without the files whose names hold a word.
func without(t *testing.T, data []byte, word string) []byte {
	t.Helper()
	from, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var to bytes.Buffer
	z := zip.NewWriter(&to)
	for _, file := range from.File {
		if strings.Contains(file.Name, word) {
			continue
		}
		if err := z.Copy(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}
