package tsp_test

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/tsp"
)

// serve answers questions; a nil answer is a breakdown.
func serve(t *testing.T, answer func(tsp.Request) []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Errorf("asked with %s, error %v", r.Header.Get("Content-Type"), err)
		}
		question, err := tsp.ParseRequest(raw)
		if err != nil {
			t.Error(err)
		}
		said := answer(question)
		if said == nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(said)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func newClient(t *testing.T, o tsp.ClientOptions) *tsp.Client {
	t.Helper()
	o.Client = remote.New(nil)
	t.Cleanup(o.Client.Close)
	client, err := tsp.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestATimeStampIsAskedForOverHTTP(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, pki.GOST2015)
	server := httptest.NewServer(ca.Handler(func() time.Time { return noon }))
	t.Cleanup(server.Close)
	token, err := newClient(t, tsp.ClientOptions{URL: server.URL + "/tsp", Policy: tsp.PolicyGOST2015}).Stamp(t.Context(), message, noon)
	if err != nil {
		t.Fatal(err)
	}
	if !token.Time.Equal(noon) || token.Imprint.Hash != pki.Streebog512 || token.Verify(message) != nil || !token.Certificate.Equal(ca.Stamper.Certificate) {
		t.Errorf("at %s with %s", token.Time, token.Imprint.Hash)
	}
}

func TestOnlyATimeStampForTheQuestionIsTaken(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, pki.ECDSA)
	right := func(q tsp.Request) *dev.TimeStamp {
		return &dev.TimeStamp{Policy: q.Policy, Hash: q.Imprint.Hash, Imprint: q.Imprint.Digest, Nonce: q.Nonce, At: noon}
	}
	for name, test := range map[string]struct {
		change func(*dev.TimeStamp)
		taken  bool
	}{
		"right":                  {func(*dev.TimeStamp) {}, true},
		"a little later":         {func(s *dev.TimeStamp) { s.At = noon.Add(tsp.Skew) }, true},
		"much later":             {func(s *dev.TimeStamp) { s.At = noon.Add(tsp.Skew + time.Second) }, false},
		"much earlier":           {func(s *dev.TimeStamp) { s.At = noon.Add(-tsp.Skew - time.Second) }, false},
		"without the nonce":      {func(s *dev.TimeStamp) { s.Nonce = nil }, false},
		"with another nonce":     {func(s *dev.TimeStamp) { s.Nonce = new(big.Int).Neg(s.Nonce) }, false},
		"under another policy":   {func(s *dev.TimeStamp) { s.Policy = tsp.PolicyGOST2004 }, false},
		"over something else":    {func(s *dev.TimeStamp) { s.Imprint = s.Hash.Sum(nil) }, false},
		"with another digest":    {func(s *dev.TimeStamp) { s.Hash, s.Imprint = pki.SHA384, pki.SHA384.Sum(message) }, false},
		"with one of years ago":  {func(s *dev.TimeStamp) { s.Hash, s.Imprint = pki.SHA1, pki.SHA1.Sum(message) }, false},
		"with an unhelpful time": {func(s *dev.TimeStamp) { s.At = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }, false},
	} {
		url := serve(t, func(q tsp.Request) []byte {
			said := right(q)
			test.change(said)
			return dev.Granted(must(ca.Stamper.TimeStamp(said)))
		})
		token, err := newClient(t, tsp.ClientOptions{URL: url, Hash: pki.SHA256, Policy: tsp.PolicyGOST2015}).Stamp(t.Context(), message, noon)
		if (err == nil) != test.taken || (token != nil) != test.taken || err != nil && !pki.IsCode(err, pki.CodeTimeStamp) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestARefusalSaysWhetherToAskAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer    []byte
		temporary bool
		words     string
	}{
		"down":            {nil, true, "asking for a time stamp: the service answered with HTTP status 502"},
		"bad algorithm":   {dev.StampBadAlgorithm.DER(), false, "asking for a time stamp: the time-stamping authority refused with status 2, failures [0]"},
		"bad policy":      {dev.StampBadPolicy.DER(), false, "asking for a time stamp: the time-stamping authority refused with status 2, failures [15]"},
		"no clock":        {dev.StampTimeMissing.DER(), true, "asking for a time stamp: the time-stamping authority refused with status 2, failures [14]"},
		"broken":          {dev.StampInternal.DER(), true, "asking for a time stamp: the time-stamping authority refused with status 2, failures [25]"},
		"waiting":         {sequence(sequence([]byte{2, 1, 3})), true, "asking for a time stamp: the time-stamping authority refused with status 3, failures []"},
		"for no reason":   {sequence(sequence([]byte{2, 1, 2}, sequence(tlv(12, []byte("жоқ"))))), false, "asking for a time stamp: the time-stamping authority refused with status 2, failures []"},
		"granted nothing": {sequence(sequence([]byte{2, 1, 0})), false, "asking for a time stamp: time-stamp-invalid: malformed: no time stamp in the answer of an authority"},
		"no answer":       {[]byte("<html>"), false, "asking for a time stamp: time-stamp-invalid: malformed: not one answer of a time-stamping authority"},
	} {
		url := serve(t, func(tsp.Request) []byte { return test.answer })
		token, err := newClient(t, tsp.ClientOptions{URL: url}).Stamp(t.Context(), message, noon)
		if token != nil || err == nil || err.Error() != test.words || remote.Temporary(err) != test.temporary {
			t.Errorf("%s: error %v, temporary %t; want %q", name, err, remote.Temporary(err), test.words)
		}
	}
}

func TestOnlyAuthoritiesOverHTTPAreAsked(t *testing.T) {
	t.Parallel()
	if _, err := tsp.NewClient(tsp.ClientOptions{URL: "tcp://tsp.example:318"}); err == nil {
		t.Error("no error")
	}
}

func TestAQuestionIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	hashes := []pki.Hash{pki.SHA1, pki.SHA256, pki.SHA384, pki.SHA512, pki.GOST94, pki.Streebog256, pki.Streebog512}
	rapid.Check(t, func(r *rapid.T) {
		question := tsp.Request{
			Imprint:      tsp.ImprintOf(rapid.SampledFrom(hashes).Draw(r, "hash"), rapid.SliceOf(rapid.Byte()).Draw(r, "message")),
			Certificates: rapid.Bool().Draw(r, "certificates"),
		}
		if rapid.Bool().Draw(r, "policy") {
			question.Policy = tsp.PolicyGOST2015
		}
		if rapid.Bool().Draw(r, "nonce") {
			question.Nonce = big.NewInt(rapid.Int64().Draw(r, "number"))
		}
		raw, err := question.DER()
		if err != nil {
			r.Fatal(err)
		}
		read, err := tsp.ParseRequest(raw)
		same := cmp.Comparer(func(a, b *big.Int) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
		if diff := cmp.Diff(question, read, same); err != nil || diff != "" {
			r.Fatalf("error %v\n%s", err, diff)
		}
	})
}

func TestAQuestionWithMoreIsRefused(t *testing.T) {
	t.Parallel()
	duty := tlv(0xa0, sequence(policy, []byte{1, 1, 0xff}, tlv(4)))
	for name, raw := range map[string][]byte{
		"nothing":              nil,
		"of another version":   sequence([]byte{2, 1, 2}, imprint(t)),
		"with an unknown duty": sequence(version, imprint(t), duty),
		"with trailing bytes":  append(sequence(version, imprint(t)), 0),
		"with more at its end": sequence(version, imprint(t), []byte{5, 0}),
		"that is huge":         make([]byte, tsp.MaxRequest+1),
	} {
		if _, err := tsp.ParseRequest(raw); !pki.IsCode(err, pki.CodeMalformed) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := tsp.ParseRequest(sequence(version, imprint(t), tlv(0xa0, sequence(policy, tlv(4))))); err != nil {
		t.Errorf("with a harmless extension: error %v", err)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(must(tsp.Request{Imprint: tsp.ImprintOf(pki.Streebog512, message), Policy: tsp.PolicyGOST2015, Nonce: big.NewInt(9), Certificates: true}.DER()))
	f.Add(sequence(version, imprint(f)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		question, err := tsp.ParseRequest(raw)
		var fault *pki.Error
		if err != nil && !errors.As(err, &fault) {
			t.Fatal(err)
		}
		if err == nil && len(question.Imprint.Digest) != question.Imprint.Hash.Size() {
			t.Fatalf("read %+v", question)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	f.Add(dev.Granted(sequence()))
	f.Add(dev.StampInternal.DER())
	f.Add(sequence(sequence([]byte{2, 1, 2}, sequence(tlv(12, []byte("x"))), []byte{3, 2, 0, 0x80})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		token, err := tsp.ParseResponse(raw)
		var fault *pki.Error
		var refused *tsp.RefusalError
		if (err == nil) != (token != nil) || err != nil && !errors.As(err, &fault) && !errors.As(err, &refused) {
			t.Fatalf("read %x, error %v", token, err)
		}
	})
}
