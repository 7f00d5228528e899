package blackbox_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const whyBundle = "Checking the complaint of the applicant"

// TestACaseIsCheckedByAStranger takes a whole case out of a demo and checks it with nothing but the file and the public key,
// after the portal has stopped and its data is gone from the checker's sight.
func TestACaseIsCheckedByAStranger(t *testing.T) {
	t.Parallel()
	o := openOffice(t, legal(5401), "шығындарды өтеу")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.by(o.applicant, http.MethodPost, "/messages", map[string]any{"text": "Қашан жауап болады? Әңгіме үшін рахмет."}, http.StatusCreated, nil)
	o.by(o.executor, http.MethodPost, "/notes", map[string]any{"text": "Құжаттары дұрыс"}, http.StatusCreated, nil)
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{"outcome": "approved", "text": "Мақұлданды"}, http.StatusOK, nil)
	var agreement struct{ ID string }
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{"kind": "agreement", "fileId": o.uploads(o.executor, "Келісім.pdf")},
		http.StatusCreated, &agreement)
	o.signs(o.applicant, o.person.login, agreement.ID)
	o.signs(o.executor, o.members["executor"].Login, agreement.ID)
	eventually(t, func() bool { return o.proven("/documents/"+agreement.ID, 2) })

	auditor := o.auditor()
	path := "/audit" + o.path("/bundle")
	auditor.do(http.MethodGet, path, nil).refused(http.StatusUnprocessableEntity, "invalid")
	auditor.do(http.MethodGet, "/audit/applications/"+nowhere+"/bundle", nil, "Audit-Reason", whyBundle).
		refused(http.StatusNotFound, "application-not-found")
	o.executor.do(http.MethodGet, path, nil, "Audit-Reason", whyBundle).refused(http.StatusNotFound, "not-found")

	first := auditor.do(http.MethodGet, path, nil, "Audit-Reason", whyBundle).must(http.StatusOK, nil).body
	again := auditor.do(http.MethodGet, path, nil, "Audit-Reason", whyBundle).must(http.StatusOK, nil).body
	if !bytes.Equal(first, again) {
		t.Error("a case that has not changed gave another bundle")
	}
	var accesses struct {
		Items []struct{ What, Application, Reason string }
	}
	auditor.do(http.MethodGet, "/audit/accesses", nil, "Audit-Reason", whyBundle).must(http.StatusOK, &accesses)
	recorded := 0
	for _, item := range accesses.Items {
		if item.What == "bundle" && item.Application == o.application.ID && item.Reason == whyBundle {
			recorded++
		}
	}
	if recorded != 2 {
		t.Errorf("of two bundles %d are recorded: %+v", recorded, accesses.Items)
	}

	number := o.number()
	folder := t.TempDir()
	byConsole := filepath.Join(folder, "console.zip")
	if _, said, code := run(t, "", "audit", "bundle", number, "-o", byConsole, "--reason", whyBundle, "--data", o.server.data); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	if !bytes.Equal(first, read(t, byConsole)) {
		t.Error("the console got another bundle than the auditor")
	}
	key, _, _ := run(t, "", "audit", "key", "--data", o.server.data)
	key = strings.TrimSpace(key)
	authority := filepath.Join(folder, "ca.pem")
	save(t, authority, read(t, filepath.Join(o.server.data, "demo-gost-ca.pem")))
	const last = "Соңғы сұрақ: шарттың көшірмесі қайда?"
	o.by(o.applicant, http.MethodPost, "/messages", map[string]any{"text": last}, http.StatusCreated, nil)
	o.server.stop()

	alone := filepath.Join(folder, "alone.zip") // no portal runs, and no checkpoint covers the last message yet
	if _, said, code := run(t, "", "audit", "bundle", number, "-o", alone, "--reason", whyBundle, "--data", o.server.data); code != 0 {
		t.Fatalf("without a running portal: exit code %d: %s", code, said)
	}
	if out, code := verifyBundle(t, alone, "--key", key, "--also-trust", authority, "--language", "en"); code != 0 {
		t.Errorf("the bundle of a portal that does not run: exit code %d:\n%s", code, out)
	}
	if page := entry(t, read(t, alone), "report/case.kk.html"); !strings.Contains(page, last) {
		t.Error("the bundle of a portal that does not run lacks the last message")
	}

	bundle := filepath.Join(folder, "case.zip")
	save(t, bundle, first)
	for lang, says := range map[string]string{
		"kk": "№ " + number + " ісі дәл осылай болды", "ru": "Дело № " + number + " было именно так",
		"en": "The case " + number + " happened so: nothing was added, removed or reordered.",
	} {
		out, code := verifyBundle(t, bundle, "--key", key, "--also-trust", authority, "--language", lang)
		if code != 0 || !strings.Contains(out, says) {
			t.Errorf("exit code %d:\n%s", code, out)
		}
	}
	for _, wrong := range [][]string{{"--key", "nobody"}, {"--key", key, "--witness", key}} {
		if out, code := verifyBundle(t, append([]string{bundle}, wrong...)...); code != 1 || strings.Contains(out, "[") || !strings.Contains(out, "reading the key") {
			t.Errorf("%v: a key that is none says something of the bundle: exit code %d:\n%s", wrong, code, out)
		}
	}
	witness := filepath.Join(folder, "witness")
	save(t, witness, []byte(ok(t, "audit", "witness", "key", "--name=witness.example/w", filepath.Join(folder, "secret"))))
	if out, code := verifyBundle(t, bundle, "--key", key, "--also-trust", authority, "--witness", "file:"+witness, "--language", "en"); code != 2 ||
		!strings.Contains(out, "Of the named witnesses have not signed: 1") {
		t.Errorf("of a log that no witness follows: exit code %d:\n%s", code, out)
	}
	if out, _ := verifyBundle(t, bundle, "--key", key, "--also-trust", authority, "--language", "en"); !strings.Contains(out, "could have made another log") {
		t.Errorf("without a witness nothing is said of the portal's own key:\n%s", out)
	}
	if out, code := verifyBundle(t, bundle, "--also-trust", authority, "--language", "en"); code != 2 || !strings.Contains(out, "No key was given") {
		t.Errorf("without a key: exit code %d:\n%s", code, out)
	}
	if out, code := verifyBundle(t, bundle, "--key", key, "--language", "en"); code != 1 || !strings.Contains(out, "A signature is not valid") {
		t.Errorf("the authority of a demo is believed without being named: exit code %d:\n%s", code, out)
	}
	o.reportsTellTheCase(first, number)
	o.noFileCanBeChanged(first, key, authority)
	for name, changed := range map[string][]byte{
		"a record less":      rewritten(t, first, "records.ndjson", func(s string) string { return s[strings.Index(s, "\n")+1:] }),
		"a changed word":     rewritten(t, first, "report/case.kk.html", func(s string) string { return strings.Replace(s, "Мақұлданды", "Бас тартылды", 1) }),
		"no evidence":        without(t, first, "evidence"),
		"another checkpoint": rewritten(t, first, "checkpoint.txt", func(s string) string { return strings.Replace(s, "\n", "\n1", 1) }),
	} {
		save(t, bundle, changed)
		if out, code := verifyBundle(t, bundle, "--key", key, "--also-trust", authority); code != 1 {
			t.Errorf("%s: exit code %d:\n%s", name, code, out)
		}
	}
}

// noFileCanBeChanged turns over one byte in the middle of each file of a bundle in turn.
func (o *office) noFileCanBeChanged(first []byte, key, authority string) {
	o.t.Helper()
	from, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		o.t.Fatal(err)
	}
	bundle := filepath.Join(o.t.TempDir(), "case.zip")
	for _, file := range from.File {
		save(o.t, bundle, rewritten(o.t, first, file.Name, func(s string) string {
			changed := []byte(s)
			changed[len(changed)/2] ^= 1
			return string(changed)
		}))
		out, code := verifyBundle(o.t, bundle, "--key", key, "--also-trust", authority, "--language", "en")
		if code != 1 || !strings.Contains(out, "[-]") || !strings.Contains(out, "This bundle cannot be believed") {
			o.t.Errorf("with another %s: exit code %d:\n%s", file.Name, code, out)
		}
	}
}

// number is what people call the application.
func (o *office) number() string {
	o.t.Helper()
	var page struct{ Number string }
	o.applicant.do(http.MethodGet, o.path(""), nil).must(http.StatusOK, &page)
	return page.Number
}

// auditor signs in as the auditor of the demo.
func (o *office) auditor() *client {
	o.t.Helper()
	var accounts []staffMember
	o.server.client(o.t, "kk").do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	for _, member := range accounts {
		if member.Role == "auditor" {
			return o.server.staff(o.t, "en", member)
		}
	}
	o.t.Fatal("the demo has no auditor")
	return nil
}

// reportsTellTheCase looks for what everybody would look for in the reports.
func (o *office) reportsTellTheCase(bundle []byte, number string) {
	o.t.Helper()
	for lang, wants := range map[string][]string{
		"kk": {"Өтінім ісі № " + number, "Қашан жауап болады? Әңгіме үшін рахмет.", "Мақұлданды", "Келісім.pdf", "Құжаттары дұрыс"},
		"ru": {"Дело заявки № " + number, "Қашан жауап болады?", "Соглашение"},
		"en": {"Case of application " + number, "Қашан жауап болады?", "Agreement", "digital signature"},
	} {
		page := entry(o.t, bundle, "report/case."+lang+".html")
		for _, want := range wants {
			if !strings.Contains(page, want) {
				o.t.Errorf("the report in %s does not have %q", lang, want)
			}
		}
		if printed := entry(o.t, bundle, "report/case."+lang+".pdf"); !strings.HasPrefix(printed, "%PDF-") {
			o.t.Errorf("the report in %s is no PDF", lang)
		}
	}
}

// entry is the content of a file of a zip.
func entry(t *testing.T, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	from, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// rewritten is a zip with one file changed.
func rewritten(t *testing.T, data []byte, name string, change func(string) string) []byte {
	t.Helper()
	from, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var to bytes.Buffer
	z := zip.NewWriter(&to)
	for _, file := range from.File {
		if file.Name != name {
			if err := z.Copy(file); err != nil {
				t.Fatal(err)
			}
			continue
		}
		before := entry(t, data, name)
		after := change(before)
		if after == before {
			t.Fatalf("%s was not changed", name)
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, after); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// verifyBundle runs the command that checks the bundle of a case as a stranger would: with an empty environment, in a folder
// that has nothing and takes nothing.
func verifyBundle(t *testing.T, arguments ...string) (out string, code int) {
	t.Helper()
	nowhere := t.TempDir()
	if err := os.Chmod(nowhere, 0o500); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary, append([]string{"audit", "verify-bundle"}, arguments...)...)
	command.Dir, command.Env = nowhere, []string{}
	printed, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(printed), code
}
