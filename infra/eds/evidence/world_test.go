package evidence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/dev/devtest"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
	"services.example/portal/infra/eds/tsp"
)

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = []byte("%PDF-1.7 келісім")
	iin      = identitytest.IIN(1)
	person   = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}
)

// world is an authority with its services, a verifier and a collector that believe it, and a clock.
type world struct {
	t         testing.TB
	now       time.Time
	ca        *dev.CA
	services  *services
	store     *trust.Store
	verifier  *native.Verifier
	collector *evidence.Collector
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, pki.ECDSA)
}

func newWorldOf(tb testing.TB, kind pki.Kind) *world {
	tb.Helper()
	w := &world{t: tb, now: noon}
	var err error
	w.ca, err = dev.NewCA(kind, noon.AddDate(0, -1, 0))
	w.done(err)
	w.store, err = trust.Open(trust.Options{More: trust.NewDev(w.ca.Authorities()[0], w.ca.Authorities()[1:]...)})
	w.done(err)
	w.services = &services{Services: devtest.Services{CA: w.ca}}
	w.verifier = native.New(w.store, w.services)
	w.collector = w.collects(w.services, w.services)
	return w
}

func (w *world) collects(stamps evidence.Stamper, revocation evidence.Revocation) *evidence.Collector {
	return evidence.NewCollector(evidence.Sources{
		Trust: w.store, Stamps: stamps, Revocation: revocation, Now: func() time.Time { return w.now },
	})
}

func (w *world) done(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// services are those of the authority, as clients over the network see them. They can be down.
type services struct {
	devtest.Services

	stampsDown, answersOut error
	asked                  []string
}

func (s *services) Check(ctx context.Context, q revocation.Query) (revocation.Status, error) {
	s.asked = append(s.asked, "ocsp")
	if s.answersOut != nil {
		return revocation.Status{}, s.answersOut
	}
	return s.Services.Check(ctx, q)
}

func (s *services) Stamp(ctx context.Context, message []byte, now time.Time) (*tsp.Token, error) {
	s.asked = append(s.asked, "tsp")
	if s.stampsDown != nil {
		return nil, s.stampsDown
	}
	return s.Services.Stamp(ctx, message, now)
}

var errDown = errors.New("connection refused")

// signed is a signature over the document, as the portal took it now: what it lacks, and what it has.
func (w *world) signed(o dev.SignOptions) eds.Lacking {
	w.t.Helper()
	der, err := w.ca.Sign(person, document, w.now, o)
	w.done(err)
	report, err := w.verifier.Verify(w.t.Context(), eds.Signature{CMS: der, Document: bytes.NewReader(document), IIN: iin, At: w.now})
	w.done(err)
	w.services.asked = nil
	return eds.Lacking{CMS: der, Evidence: report.Evidence, Missing: missing(report.Evidence), ReceivedAt: w.now}
}

// missing is what the portal finds missing.
func missing(has []eds.Evidence) []eds.EvidenceKind {
	kinds := map[eds.EvidenceKind]bool{}
	for _, e := range has {
		kinds[e.Kind] = true
	}
	var list []eds.EvidenceKind
	if !kinds[eds.EvidenceTimeStamp] {
		list = append(list, eds.EvidenceTimeStamp)
	}
	if !kinds[eds.EvidenceOCSP] && !kinds[eds.EvidenceCRL] {
		list = append(list, eds.EvidenceOCSP)
	}
	return list
}

// fetched is the signature with what was fetched.
func fetched(of eds.Lacking, more []eds.Evidence) eds.Lacking {
	of.Evidence = append(of.Evidence[:len(of.Evidence):len(of.Evidence)], more...)
	of.Missing = missing(of.Evidence)
	return of
}

func kindsOf(evidence []eds.Evidence) []eds.EvidenceKind {
	var list []eds.EvidenceKind
	for _, e := range evidence {
		list = append(list, e.Kind)
	}
	return list
}

// bundled is the bundle of the document with these signatures, read again.
func (w *world) bundled(signatures ...eds.Lacking) *bundle.Bundle {
	w.t.Helper()
	return w.bundledWith(document, signatures...)
}

func (w *world) bundledWith(document []byte, signatures ...eds.Lacking) *bundle.Bundle {
	w.t.Helper()
	contents := map[string][]byte{}
	put := func(content []byte) bundle.File {
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:])
		contents[hash] = content
		return bundle.File{SHA256: hash}
	}
	m := bundle.Manifest{Document: bundle.Document{File: put(document), Name: "Келісім.pdf", IssuedAt: noon}}
	for _, s := range signatures {
		container := put(s.CMS)
		report, err := json.Marshal(eds.Report{Verifier: "then", ReceivedAt: s.ReceivedAt})
		w.done(err)
		signed := bundle.Signature{
			Signer: "applicant", Method: "eds", ReceivedAt: s.ReceivedAt, Container: &container,
			Pieces: []bundle.Piece{{Kind: eds.EvidenceReport, File: put(report)}},
		}
		for _, e := range s.Evidence {
			signed.Pieces = append(signed.Pieces, bundle.Piece{Kind: e.Kind, File: put(e.Data)})
		}
		m.Signatures = append(m.Signatures, signed)
	}
	var to bytes.Buffer
	w.done(bundle.Write(&to, m, func(sha256 string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(contents[sha256])), nil
	}))
	b, err := bundle.Read(bytes.NewReader(to.Bytes()), int64(to.Len()))
	w.done(err)
	return b
}

// verdicts verifies a bundle and gives what came out of it in short: verdict, gaps, code.
func (w *world) verdicts(b *bundle.Bundle) []string {
	w.t.Helper()
	results, err := evidence.Verify(w.t.Context(), w.verifier, b)
	w.done(err)
	var list []string
	for _, r := range results {
		words := []string{string(r.Verdict)}
		for _, gap := range r.Gaps {
			words = append(words, "without", string(gap))
		}
		if r.Report.Code != "" {
			words = append(words, r.Report.Code)
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}
