package blackbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds/edstest"
)

// library is where the library with which pages ask for signatures is installed, with the script that plays a page.
const library = "../../../tools/ncalayer"

// needLibrary skips a test where the library or Node is missing, but not in continuous integration.
func needLibrary(t *testing.T) {
	t.Helper()
	_, missing := exec.LookPath("node")
	if missing == nil {
		_, missing = os.Stat(filepath.Join(library, "node_modules", "ncalayer-js-client"))
	}
	if missing != nil {
		edstest.Missing(t, fmt.Errorf("install the library with npm ci --prefix tools/ncalayer: %w", missing))
	}
}

// signer is a running demo signer.
type signer struct {
	url  string // of its socket
	data string
	out  *lines // what it has shown
}

// startSigner runs the demo signer beside a portal's data and waits for its ready line.
func startSigner(t *testing.T, data string, flags ...string) *signer {
	t.Helper()
	return startSignerOf(t, data, "", flags...)
}

// startSignerOf runs a demo signer whose person types the same line whenever they are asked.
func startSignerOf(t *testing.T, data, typed string, flags ...string) *signer {
	t.Helper()
	s := &signer{data: data, out: &lines{}}
	errs := &lines{}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary,
		append([]string{"demo-signer", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	command.Stderr = errs
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		<-read
		if err := command.Wait(); err != nil {
			t.Errorf("the signer ended badly: %v\n%s", err, errs)
		}
		if leaks := personal.FindAllString(errs.String(), 3); leaks != nil {
			t.Errorf("personal values on standard error: %q", leaks)
		}
	})
	shown := bufio.NewScanner(stdout)
	for s.url == "" && shown.Scan() {
		s.url = regexp.MustCompile(`wss?://[0-9.]+:[0-9]+`).FindString(shown.Text())
	}
	go func() {
		defer close(read)
		for shown.Scan() {
			_, _ = s.out.Write([]byte(shown.Text() + "\n"))
			if strings.Contains(shown.Text(), "Enter") {
				_, _ = io.WriteString(stdin, typed+"\n")
			}
		}
	}()
	if s.url == "" {
		t.Fatalf("the signer did not become ready: %s", errs)
	}
	return s
}

// asked is what the library answered a page.
type asked struct {
	Version         string
	Result          json.RawMessage
	Error           string
	CancelledByUser bool
}

// ask lets the library call one of its methods, as in a page. An argument "!name" is one of its constants.
func (s *signer) ask(t *testing.T, method string, args ...any) asked {
	t.Helper()
	job, err := json.Marshal(map[string]any{"url": s.url, "method": method, "args": args})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "sign.js")
	node.Dir, node.Stdin, node.Stderr = library, bytes.NewReader(job), t.Output()
	if strings.HasPrefix(s.url, "wss:") { // a person would allow the certificate in the browser
		trusted, err := filepath.Abs(filepath.Join(s.data, "demo-signer.pem"))
		if err != nil {
			t.Fatal(err)
		}
		node.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+trusted)
	}
	said, err := node.Output()
	if err != nil {
		t.Fatalf("the page ended badly: %v", err)
	}
	var answer asked
	if err := json.Unmarshal(said, &answer); err != nil {
		t.Fatalf("the page said %s", said)
	}
	return answer
}

// signs asks for a detached signature over a document, as the portal's pages do.
func (s *signer) signs(t *testing.T, document []byte) asked {
	t.Helper()
	return s.ask(t, "basicsSignCMS", "!basicsStorageAll", base64.StdEncoding.EncodeToString(document),
		"!basicsCMSParamsDetached", "!basicsSignerSignAny", "kk")
}

// text is a result that is a string.
func (a asked) text(t *testing.T) string {
	t.Helper()
	var text string
	if err := json.Unmarshal(a.Result, &text); err != nil || a.Error != "" {
		t.Fatalf("the library answered %+v", a)
	}
	return text
}

// content is a document as whoever is to sign it gets it.
func (o *office) content(c *client, document string) []byte {
	o.t.Helper()
	return c.do(http.MethodGet, "/documents/"+document+"/content", nil).must(http.StatusOK, nil).body
}

// agreement approves the application and issues the agreement that both sides sign.
func (o *office) agreement() string {
	o.t.Helper()
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{"outcome": "approved", "text": "Мақұлданды"}, http.StatusOK, nil)
	var issued struct{ ID string }
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{
		"kind": "agreement", "fileId": o.uploads(o.executor, "Келісім.pdf"), "signers": []string{"applicant", "provider"}, "by": "eds",
	}, http.StatusCreated, &issued)
	return issued.ID
}

// TestPagesSignWithTheRealLibrary signs the agreement of a support measure as pages do, with the library that they have for
// NCALayer, against the stand-in that comes with the portal.
func TestPagesSignWithTheRealLibrary(t *testing.T) {
	t.Parallel()
	needLibrary(t)
	o := openOffice(t, legal(310), "шығындарды өтеу")
	document := o.agreement()
	path := "/documents/" + document + "/signatures"
	content := o.content(o.applicant, document)
	applicant := startSigner(t, o.server.data, "--person", o.person.login, "--yes")

	// the person changes their mind: the page learns that it was the person
	cancelled := startSigner(t, o.server.data, "--person", o.person.login, "--cancel").signs(t, content)
	if diff := cmp.Diff(asked{Version: "1.4", Error: "cancelled by user", CancelledByUser: true}, cancelled); diff != "" {
		t.Errorf("cancelled (-want +got):\n%s", diff)
	}
	// nobody's key fits what the page asks for: that ends in the same way
	if none := applicant.ask(t, "basicsSignCMS", "!basicsStorageHardware", "YQ==", "!basicsCMSParamsDetached", "!basicsSignerSignAny"); !none.CancelledByUser {
		t.Errorf("without a key that fits the library answered %+v", none)
	}

	stranger := startSigner(t, o.server.data, "--person", individual(311).login, "--yes")
	o.applicant.do(http.MethodPost, path, map[string]any{"cms": stranger.signs(t, content).text(t)}).refused(http.StatusUnprocessableEntity, "wrong-bin")
	changed := append(bytes.Clone(content), ' ')
	o.applicant.do(http.MethodPost, path, map[string]any{"cms": applicant.signs(t, changed).text(t)}).refused(http.StatusUnprocessableEntity, "doc-changed")
	o.stands("awaiting_signature")

	var answer struct{ Status string }
	o.applicant.do(http.MethodPost, path, map[string]any{"cms": applicant.signs(t, content).text(t)}).must(http.StatusCreated, &answer)
	if answer.Status != "accepted" {
		t.Errorf("the signature is %s", answer.Status)
	}
	o.executor.position = o.applicant.position
	executor := startSigner(t, o.server.data, "--person", o.members["executor"].Login, "--yes", "--tls")
	staff := executor.ask(t, "createCAdESFromBase64", "PKCS12", base64.StdEncoding.EncodeToString(o.content(o.executor, document)))
	o.executor.do(http.MethodPost, path, map[string]any{"cms": staff.text(t)}).must(http.StatusCreated, &answer)
	if answer.Status != "accepted" {
		t.Errorf("the signature by the older module is %s", answer.Status)
	}
	o.applicant.position = o.executor.position
	o.stands("completed")
	if said := applicant.out.String(); strings.Count(said, "қол қойылды") != 2 {
		t.Errorf("the signer has shown:\n%s", said)
	}
}

// TestTheLibraryTakesWhateverTheSignerAnswers calls what pages call, and more.
func TestTheLibraryTakesWhateverTheSignerAnswers(t *testing.T) {
	t.Parallel()
	needLibrary(t)
	folder, login := t.TempDir(), individual(312).login
	const signature = "-----BEGIN CMS-----\n"
	for shape, several := range map[string]bool{"string": false, "array": true} {
		s := startSigner(t, folder, "--person", login, "--yes", "--shape", shape)
		if one := s.signs(t, []byte("акт")).text(t); !strings.HasPrefix(one, signature) {
			t.Errorf("%s: a signature is %q", shape, one)
		}
		var two []string
		answer := s.ask(t, "basicsSignCMS", "!basicsStoragePKCS12", []string{"YQ==", "Yg=="}, "!basicsCMSParamsAttached", "!basicsSignerSignPerson")
		if err := json.Unmarshal(answer.Result, &two); err != nil || len(two) != 2 || two[0] == two[1] {
			t.Errorf("%s: two signatures are %+v", shape, answer)
		}
		digest := base64.StdEncoding.EncodeToString(make([]byte, 64))
		if several { // the one shape is enough for what comes in no shape
			continue
		}
		if by := s.ask(t, "basicsSignCMS", "!basicsStorageAll", digest, "!basicsCMSParamsDetachedHash", "!basicsSignerAny").text(t); !strings.HasPrefix(by, signature) {
			t.Errorf("a signature of a digest is %q", by)
		}
		if short := s.ask(t, "basicsSignCMS", "!basicsStorageAll", "YQ==", "!basicsCMSParamsDetachedHash", "!basicsSignerAny"); short.CancelledByUser ||
			!strings.HasPrefix(short.Error, "SIGNING_FAILURE: a digest of 1 bytes") {
			t.Errorf("too short a digest: %+v", short)
		}
		var key struct{ SubjectCN, IssuerCN string }
		if answer := s.ask(t, "getKeyInfo", "PKCS12"); json.Unmarshal(answer.Result, &key) != nil || key.SubjectCN != "DEMO PERSON" {
			t.Errorf("the key is %+v", answer)
		}
		if tokens := s.ask(t, "getActiveTokens"); string(tokens.Result) != "[]" {
			t.Errorf("tokens: %+v", tokens)
		}
		if xml := s.ask(t, "signXml", "PKCS12", "<a/>"); !strings.Contains(xml.Error, "not part of the demo") {
			t.Errorf("XML: %+v", xml)
		}
	}
}

// TestAPersonAtTheTerminalDecides lets somebody choose, and somebody press Enter.
func TestAPersonAtTheTerminalDecides(t *testing.T) {
	t.Parallel()
	needLibrary(t)
	folder := t.TempDir()
	first, second := individual(313).login, legal(314).login
	chooses := startSignerOf(t, folder, "2", "--person", first, "--person", second)
	var key struct{ SubjectCN string }
	if answer := chooses.ask(t, "getKeyInfo", "PKCS12"); json.Unmarshal(answer.Result, &key) != nil || key.SubjectCN != "DEMO HEAD" {
		t.Errorf("the key is %+v", answer)
	}
	if answer := startSignerOf(t, folder, "", "--person", first).signs(t, []byte("акт")); !answer.CancelledByUser {
		t.Errorf("after Enter alone the library answered %+v", answer)
	}
}
