package edscheck

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/text"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/pki"
)

var (
	signedAt  = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	signedAct = []byte("көрсетілген қызметтер актісі")
	signsAct  = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: identitytest.IIN(1)}
)

// desk is somebody who checks signatures at a command line.
type desk struct {
	t  *testing.T
	ca *dev.CA
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	ca, err := dev.NewCA(pki.ECDSA, signedAt.AddDate(0, -1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, ca: ca}
}

// file writes a file and gives its name.
func (d *desk) file(content []byte) string {
	d.t.Helper()
	name := filepath.Join(d.t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return name
}

// authorities is a file with the certificates of the authority, and with one that is none.
func (d *desk) authorities() string {
	var text []byte
	for _, der := range [][]byte{d.ca.Root.DER(), d.ca.Issuing.DER(), d.ca.Stamper.DER()} {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return d.file(text)
}

func (d *desk) sign(o dev.SignOptions) []byte {
	d.t.Helper()
	der, err := d.ca.Sign(signsAct, signedAct, signedAt, o)
	if err != nil {
		d.t.Fatal(err)
	}
	return der
}

// verifies runs the command with these arguments.
func verifies(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var command VerifyCommand
	parser, err := kong.New(&command)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(arguments); err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = command.run(t.Context(), &out)
	return out.String(), err
}

func TestASignatureOf2018IsValidToday(t *testing.T) {
	t.Parallel()
	name := filepath.Join(edstest.Folder(t), "cms", "prod2018_gost2004_cades_t_attached.pem")
	out, err := verifies(t, "--cms", name, "--language", "en")
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	want := `Signature
  VALID, but not proven in full
  Signed by: ТЕСТТОВ ТЕСТТ, IIN 123456789012, BIN 123456789021
  Certificate: 60b7b08a511dc5857aefda768f87425ce823a4ee, ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST), 2018-08-23 04:14:05 UTC – 2019-08-23 04:14:05 UTC
  Algorithm: GOST-2004
  Trusted time: 2018-12-21 09:25:04 UTC (proven by a time stamp)
  Time that the signer claims: 2018-12-21 09:24:00 UTC
  ✓ The container is well formed, and its algorithms are allowed
  ✓ The signature is over exactly this document
  ✓ The key of the certificate made the signature
  ✓ The time that the signer claims agrees with the trusted time
  ✓ A trusted authority issued the certificate, and it was valid then
  ✓ The certificate is for signing
  ✓ The certificate is of somebody who may sign so
  ? No answer was kept that proves that the certificate was not revoked then.
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("explained (-want +got):\n%s", diff)
	}
}

func TestASignatureIsCheckedWithItsDocument(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	authorities, document, other := d.authorities(), d.file(signedAct), d.file([]byte("another"))
	der := d.sign(dev.SignOptions{})
	stamped, inside := d.file(d.sign(dev.SignOptions{TimeStamp: true})), d.file(d.sign(dev.SignOptions{TimeStamp: true, Attached: true}))
	crl, err := d.ca.CRL(signedAt.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	list, plain := d.file(crl), d.file(der)
	at := signedAt.Format(time.RFC3339)
	for _, tt := range []struct {
		name      string
		arguments []string
		fault     error
		says      string
	}{
		{"proven by a time stamp and a list", []string{"--cms", stamped, "--document", document, "--crl", list}, nil, "VALID: what was kept"},
		{"with the document inside", []string{"--cms", inside, "--crl", list}, nil, "VALID: what was kept"},
		{"of a time that the caller vouches for", []string{"--cms", plain, "--document", document, "--at", at}, nil, "VALID, but"},
		{"in base64", []string{"--cms", d.file([]byte(base64.StdEncoding.EncodeToString(der))), "--document", document, "--at", at}, nil, "VALID, but"},
		{"in PEM", []string{"--cms", d.file(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der})), "--document", document, "--at", at}, nil, "VALID, but"},
		{"of the person", []string{"--cms", plain, "--document", document, "--at", at, "--iin", signsAct.IIN}, nil, "VALID, but"},
		{"of somebody else", []string{"--cms", plain, "--document", document, "--at", at, "--iin", "900101300811"}, errNotValid, "wrong-owner-iin"},
		{"for an organisation", []string{"--cms", plain, "--document", document, "--at", at, "--bin", "940140000385"}, errNotValid, "wrong-bin"},
		{"another document", []string{"--cms", stamped, "--document", other}, errNotValid, "doc-changed"},
		{"of no time", []string{"--cms", plain, "--document", document}, errNotValid, "time-stamp-invalid"},
		{"of another time", []string{"--cms", plain, "--document", document, "--at", "2026-11-24T00:00:00Z"}, errNotValid, "clock-skew"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := verifies(t, append(tt.arguments, "--language", "en", "--also-trust", authorities)...)
			if !errors.Is(err, tt.fault) || !strings.Contains(out, tt.says) {
				t.Errorf("error %v, want %v; %q in\n%s", err, tt.fault, tt.says, out)
			}
		})
	}
	if out, err := verifies(t, "--cms", stamped, "--document", document, "--language", "en"); !errors.Is(err, errNotValid) || !strings.Contains(out, "untrusted-ca") && !strings.Contains(out, "time-stamp-invalid") {
		t.Errorf("an authority that nobody named is believed: %v\n%s", err, out)
	}
}

func TestFlagsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{
		"nothing":                       {},
		"a bundle and a signature":      {"x.zip", "--cms", "x"},
		"a bundle and a document":       {"x.zip", "--document", "x"},
		"a bundle and a time":           {"x.zip", "--at", "2026-11-23T07:00:00Z"},
		"a bundle and an owner":         {"x.zip", "--iin", "900101300811"},
		"a list without its key":        {"x.zip", "--trust", "x"},
		"a language that nobody speaks": {"x.zip", "--language", "de"},
		"a time that is none":           {"--cms", "x", "--at", "yesterday"},
	} {
		if out, err := verifies(t, arguments...); err == nil {
			t.Errorf("%s: checked\n%s", name, out)
		}
	}
}

func TestFilesThatAreNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	garbage, authorities := d.file([]byte("garbage")), d.authorities()
	for name, arguments := range map[string][]string{
		"no bundle":             {garbage},
		"no such bundle":        {garbage + "x"},
		"no signature":          {"--cms", garbage},
		"no such signature":     {"--cms", garbage + "x"},
		"no such document":      {"--cms", d.file(d.sign(dev.SignOptions{})), "--document", garbage + "x", "--also-trust", authorities},
		"no certificates":       {"--cms", d.file(d.sign(dev.SignOptions{})), "--also-trust", garbage},
		"a root alone":          {"--cms", d.file(d.sign(dev.SignOptions{})), "--also-trust", d.file(d.ca.Root.DER())},
		"two roots":             {"--cms", d.file(d.sign(dev.SignOptions{})), "--also-trust", authorities, "--also-trust", newDesk(t).authorities()},
		"a list nobody signed":  {"--cms", d.file(d.sign(dev.SignOptions{})), "--trust", garbage, "--trust-key", "x"},
		"no such answers":       {"--cms", d.file(d.sign(dev.SignOptions{})), "--ocsp", garbage + "x"},
		"no such revoked":       {"--cms", d.file(d.sign(dev.SignOptions{})), "--crl", garbage + "x"},
		"a stamp of no content": {"--cms", d.file(d.sign(dev.SignOptions{})), "--time-stamp", garbage, "--document", garbage, "--also-trust", authorities},
	} {
		if out, err := verifies(t, arguments...); err == nil {
			t.Errorf("%s: checked\n%s", name, out)
		}
	}
}

func TestWhatComesOutOfAllSignaturesTogether(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		verdicts []evidence.Verdict
		bundle   error // in a bundle
		alone    error
	}{
		{"all valid", []evidence.Verdict{evidence.Valid, evidence.Accepted, evidence.Valid}, nil, nil},
		{"one unproven", []evidence.Verdict{evidence.Valid, evidence.Unproven, evidence.Accepted}, ErrUnproven, nil},
		{"one invalid", []evidence.Verdict{evidence.Unproven, evidence.Invalid}, errNotValid, errNotValid},
		{"only accepted", []evidence.Verdict{evidence.Accepted}, errNoDigital, errNoDigital},
		{"none", nil, errNoDigital, errNoDigital},
	} {
		var d checkedDocument
		for _, verdict := range tt.verdicts {
			d.results = append(d.results, evidence.Result{Verdict: verdict})
		}
		if in, alone := d.outcome(true), d.outcome(false); !errors.Is(in, tt.bundle) || !errors.Is(alone, tt.alone) {
			t.Errorf("%s: in a bundle %v, want %v; alone %v, want %v", tt.name, in, tt.bundle, alone, tt.alone)
		}
	}
}

func TestAnExplanationHasWordsForEverything(t *testing.T) {
	t.Parallel()
	for name, words := range Words {
		if !words.Complete() {
			t.Errorf("%s is not in every language: %+v", name, words)
		}
	}
	var names []string
	for _, step := range []eds.Step{
		eds.StepContainer, eds.StepDocument, eds.StepSignature, eds.StepTime, eds.StepChain, eds.StepUsage, eds.StepOwner, eds.StepRevocation,
	} {
		names = append(names, "step-"+string(step))
	}
	for _, verdict := range []evidence.Verdict{evidence.Valid, evidence.Unproven, evidence.Invalid, evidence.Accepted} {
		names = append(names, "verdict-"+string(verdict))
	}
	names = append(names, "gap-"+string(evidence.GapTime), "gap-"+string(evidence.GapRevocation),
		"from-"+string(eds.TimeStamped), "from-"+string(eds.TimeReceipt), "signer-applicant", "signer-provider")
	for _, name := range names {
		if _, found := Words[name]; !found {
			t.Errorf("there are no words for %s", name)
		}
	}
}

func TestAnExplanationNamesEverySignature(t *testing.T) {
	t.Parallel()
	d := checkedDocument{
		document: &bundle.Document{Name: "Акт.pdf", Kind: "act", Version: 2, File: bundle.File{SHA256: "ab"}},
		results: []evidence.Result{
			{
				Signature: bundle.Signature{Signer: "applicant", ReceivedAt: signedAt}, Verdict: evidence.Unproven, Gaps: []evidence.Gap{evidence.GapTime},
				Report: eds.Report{TrustedAt: signedAt, TimeFrom: eds.TimeReceipt, Checks: []eds.Check{{Step: eds.StepChain, Code: "untrusted-ca", Detail: "no chain"}}},
				Then:   &eds.Report{Verifier: "native/1", ReceivedAt: signedAt},
			},
			{Signature: bundle.Signature{Signer: "provider", ReceivedAt: signedAt}, Verdict: evidence.Accepted},
		},
	}
	d.results[0].Then.Certificate.SHA256 = "another"
	for l, want := range map[text.Language]string{
		text.Kazakh: `Құжат: Акт.pdf (act, 2)
  SHA-256: ab

Қолтаңба 1/2: өтініш беруші
  ЖАРАМДЫ, бірақ толық дәлелденбеген
  Сенімді уақыт: 2026-11-23 07:00:00 UTC (қабылданған уақыт, оны ештеңе дәлелдемейді)
  Портал қабылдаған уақыт: 2026-11-23 07:00:00 UTC
  ? Уақыт белгісі жоқ: қабылданған уақыт тек айтылған, оны ештеңе дәлелдемейді.
  ✗ Сертификатты бұл жерде сенім білдірілмеген орталық берген.
      chain: untrusted-ca: no chain
  ! Қабылдағандағы есепте басқа сертификат жазылған.
  Қабылдағанда тексерген: 2026-11-23 07:00:00 UTC, native/1

Қолтаңба 2/2: қызмет көрсетуші
  ЭЦҚ емес: порталда батырманы басып келіскен, мұнда тексеретін ештеңе жоқ
  Портал қабылдаған уақыт: 2026-11-23 07:00:00 UTC
`,
		text.Russian: `Документ: Акт.pdf (act, 2)
  SHA-256: ab

Подпись 1/2: заявитель
  ДЕЙСТВИТЕЛЬНА, но доказана не полностью
  Доверенное время: 2026-11-23 07:00:00 UTC (время приёма, ничем не доказано)
  Время приёма порталом: 2026-11-23 07:00:00 UTC
  ? Метки времени нет: время приёма только названо, ничто его не доказывает.
  ✗ Сертификат выдан центром, которому здесь не доверяют.
      chain: untrusted-ca: no chain
  ! В отчёте о приёме записан другой сертификат.
  Проверено при приёме: 2026-11-23 07:00:00 UTC, native/1

Подпись 2/2: услугодатель
  Не ЭЦП: согласие нажатием кнопки на портале, проверять здесь нечего
  Время приёма порталом: 2026-11-23 07:00:00 UTC
`,
	} {
		var out bytes.Buffer
		if err := explain(&out, l, d); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", l, diff)
		}
	}
}

func TestReportsForPrograms(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	out, err := verifies(t, "--json", "--cms", d.file(d.sign(dev.SignOptions{TimeStamp: true, Attached: true})), "--also-trust", d.authorities())
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got struct {
		Signatures []struct {
			Verdict  string
			Unproven []string
			Report   eds.Report
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Signatures) != 1 || got.Signatures[0].Verdict != "unproven" || got.Signatures[0].Report.Certificate.IIN != signsAct.IIN ||
		cmp.Diff([]string{"revocation"}, got.Signatures[0].Unproven) != "" {
		t.Errorf("answered %s", out)
	}
}
