package both_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/both"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = bytes.Repeat([]byte("акт "), 50_000) // more than a pipe and its readers hold at once
	owner    = signature.Certificate{Owner: "БҰЛАҚБАЙ НҰРАЙ", IIN: identitytest.IIN(1), Serial: "0a1b", SHA256: "of the certificate"}
)

// verifier answers as a test wants, and keeps what it was given to read.
type verifier struct {
	name        string
	code        string // why it refuses; empty: it accepts
	fault       error  // why it cannot check
	certificate signature.Certificate
	evidence    []eds.Evidence
	deaf        bool // does not read the document

	read bytes.Buffer
}

func (v *verifier) Verify(_ context.Context, s eds.Signature) (eds.Report, error) {
	if !v.deaf {
		if _, err := io.Copy(&v.read, s.Document); err != nil {
			return eds.Report{}, err
		}
	}
	report := eds.Report{
		Verifier: v.name, Code: v.code, Certificate: v.certificate, ReceivedAt: s.At, Evidence: v.evidence,
		Checks: []eds.Check{{Step: eds.StepContainer}, {Step: eds.StepRevocation, Code: v.code, Detail: "of " + v.name}},
	}
	switch {
	case v.fault != nil:
		return eds.Report{}, v.fault
	case v.code != "":
		return report, eds.Refused(v.code)
	default:
		return report, nil
	}
}

func accepting(name string) *verifier { return &verifier{name: name, certificate: owner} }

func refusing(name, code string) *verifier {
	return &verifier{name: name, code: code, certificate: owner}
}

func failing(name string, fault error) *verifier { return &verifier{name: name, fault: fault} }

// scene is two verifiers, and what is heard of them.
type scene struct {
	t       *testing.T
	both    *both.Verifier
	metrics *sdk.ManualReader
	log     *bytes.Buffer
}

func meet(t *testing.T, first, second eds.Verifier) *scene {
	t.Helper()
	s := &scene{t: t, metrics: sdk.NewManualReader(), log: &bytes.Buffer{}}
	var err error
	s.both, err = both.New(first, second, sdk.NewMeterProvider(sdk.WithReader(s.metrics)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(s.log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return s
}

func (s *scene) verify() (eds.Report, error) {
	s.t.Helper()
	return s.both.Verify(s.t.Context(), eds.Signature{
		CMS: []byte("a signature"), Document: bytes.NewReader(document), IIN: owner.IIN, At: noon,
	})
}

// counted is how many disagreements were counted, by what they were about.
func (s *scene) counted() map[string]int64 {
	s.t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.metrics.Collect(s.t.Context(), &all); err != nil {
		s.t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, is := m.Data.(metricdata.Sum[int64])
			if !is || m.Name != "eds.disagreements" {
				s.t.Fatalf("measured %s as %T", m.Name, m.Data)
			}
			for _, point := range sum.DataPoints {
				about, _ := point.Attributes.Value("about")
				counts[about.AsString()] = point.Value
			}
		}
	}
	return counts
}

var errDown = errors.New("the other one does not answer")

func TestTwoVerifiers(t *testing.T) {
	another := owner
	another.SHA256 = "of another certificate"
	otherSerial := owner
	otherSerial.Serial = "0a1c"
	otherPerson := owner
	otherPerson.IIN = identitytest.IIN(2)
	otherFirm := owner
	otherFirm.BIN = identitytest.BIN(1)
	upperCase := owner
	upperCase.Serial = "0A1B"
	accepts := func(certificate signature.Certificate) *verifier {
		return &verifier{name: "ncanode", certificate: certificate}
	}
	for _, tt := range []struct {
		name          string
		first, second *verifier
		code          string // of the problem; empty: accepted
		fault         error
		about         string // what the alarm is about; empty: none
		level         string // of the alarm
	}{
		{name: "accept", first: accepting("native"), second: accepting("ncanode")},
		{name: "write the serial number differently", first: accepting("native"), second: accepts(upperCase)},
		{name: "refuse for one reason", first: refusing("native", "cert-revoked"), second: refusing("ncanode", "cert-revoked"), code: "cert-revoked"},
		{name: "refuse for two reasons", first: refusing("native", "cert-expired"), second: refusing("ncanode", "cert-revoked"), code: "cert-expired", about: "reason", level: "WARN"},
		{name: "only the first accepts", first: accepting("native"), second: refusing("ncanode", "cert-revoked"), code: both.Code, about: "verdict", level: "ERROR"},
		{name: "only the second accepts", first: refusing("native", "bad-signature"), second: accepting("ncanode"), code: both.Code, about: "verdict", level: "ERROR"},
		{name: "mean another certificate", first: accepting("native"), second: accepts(another), code: both.Code, about: "certificate", level: "ERROR"},
		{name: "mean another serial number", first: accepting("native"), second: accepts(otherSerial), code: both.Code, about: "certificate", level: "ERROR"},
		{name: "read another person", first: accepting("native"), second: accepts(otherPerson), code: both.Code, about: "certificate", level: "ERROR"},
		{name: "read another organisation", first: accepting("native"), second: accepts(otherFirm), code: both.Code, about: "certificate", level: "ERROR"},
		{name: "only the second can check", first: failing("native", errDown), second: accepting("ncanode"), fault: errDown},
		{name: "only the first can check", first: accepting("native"), second: failing("ncanode", errDown), fault: errDown},
		{name: "neither can check", first: failing("native", errDown), second: failing("ncanode", io.ErrUnexpectedEOF), fault: errDown},
		{name: "the first refuses, the second cannot check", first: refusing("native", "malformed"), second: failing("ncanode", errDown), code: "malformed"},
		{name: "the first cannot check, the second refuses", first: failing("native", errDown), second: refusing("ncanode", "malformed"), fault: errDown},
		{
			name:  "the second is not available",
			first: accepting("native"), second: failing("ncanode", problem.New(problem.Unavailable, "revocation-unavailable")),
			code: "revocation-unavailable",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := meet(t, tt.first, tt.second)
			report, err := s.verify()
			switch {
			case tt.fault != nil:
				if !errors.Is(err, tt.fault) {
					t.Errorf("answered %v, want %v", err, tt.fault)
				}
			case tt.code != "":
				if !problem.Has(err, tt.code) {
					t.Errorf("answered %v, want %s", err, tt.code)
				}
			case err != nil || report.Certificate != owner:
				t.Errorf("answered %+v, error %v", report, err)
			}
			want := map[string]int64{}
			if tt.about != "" {
				want[tt.about] = 1
			}
			if diff := cmp.Diff(want, s.counted()); diff != "" {
				t.Errorf("counted: %s", diff)
			}
			heard := s.log.String()
			if (heard != "") != (tt.about != "") || !strings.Contains(heard, tt.level) {
				t.Errorf("the log says %q", heard)
			}
		})
	}
}

func TestADisagreementIsUnavailableForAnHour(t *testing.T) {
	_, err := meet(t, accepting("native"), refusing("ncanode", "cert-revoked")).verify()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Kind != problem.Unavailable || p.RetryAfter != time.Hour {
		t.Errorf("answered %+v", p)
	}
}

func TestAnAlarmNamesNobody(t *testing.T) {
	s := meet(t, accepting("native"), refusing("ncanode", "wrong-owner-iin"))
	if _, err := s.verify(); err == nil {
		t.Fatal("accepted")
	}
	heard := s.log.String()
	for _, want := range []string{"about=verdict", "first=native", `firstCode=""`, "second=ncanode", "secondCode=wrong-owner-iin", "cms=804d0a048703df86f58c83c1a62fb2db84d001d9e819bb06bad4435f7f239fd1"} {
		if !strings.Contains(heard, want) {
			t.Errorf("the log says %q, without %s", heard, want)
		}
	}
	for _, secret := range []string{owner.Owner, owner.IIN, owner.Serial} {
		if strings.Contains(heard, secret) {
			t.Errorf("the log says %q: it names %s", heard, secret)
		}
	}
}

func TestTheReportHoldsWhatBothChecked(t *testing.T) {
	stamp := eds.Evidence{Kind: eds.EvidenceTimeStamp, Data: []byte("stamp")}
	ocsp := eds.Evidence{Kind: eds.EvidenceOCSP, Data: []byte("ocsp")}
	first, second := accepting("native"), accepting("ncanode")
	first.evidence, second.evidence = []eds.Evidence{stamp}, []eds.Evidence{stamp, ocsp}
	report, err := meet(t, first, second).verify()
	if err != nil {
		t.Fatal(err)
	}
	want := eds.Report{
		Verifier: "native + ncanode", Certificate: owner, ReceivedAt: noon, Evidence: []eds.Evidence{stamp, ocsp},
		Checks: []eds.Check{
			{Step: eds.StepContainer},
			{Step: eds.StepRevocation, Detail: "of native"},
			{Step: eds.StepContainer, Detail: "ncanode"},
			{Step: eds.StepRevocation, Detail: "ncanode: of ncanode"},
		},
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
	if len(first.evidence) != 1 {
		t.Error("the first one's own list was changed")
	}
}

func TestBothReadTheWholeDocument(t *testing.T) {
	for name, deaf := range map[string][2]bool{
		"both read": {false, false}, "only the first": {false, true}, "only the second": {true, false}, "neither": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := accepting("native"), accepting("ncanode")
			first.deaf, second.deaf = deaf[0], deaf[1]
			if _, err := meet(t, first, second).verify(); err != nil {
				t.Fatal(err)
			}
			for i, v := range []*verifier{first, second} {
				if read := v.read.Bytes(); !deaf[i] && !bytes.Equal(read, document) || deaf[i] && len(read) > 0 {
					t.Errorf("%s read %d bytes of %d", v.name, len(read), len(document))
				}
			}
		})
	}
}

func TestADocumentThatCannotBeReadIsAcceptedByNobody(t *testing.T) {
	broken := errors.New("the disk is broken")
	s := meet(t, accepting("native"), accepting("ncanode"))
	_, err := s.both.Verify(t.Context(), eds.Signature{
		Document: io.MultiReader(strings.NewReader("the beginning"), iotest.ErrReader(broken)),
	})
	if !errors.Is(err, broken) {
		t.Errorf("answered %v, want %v", err, broken)
	}
}
