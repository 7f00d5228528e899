package native_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/dev/devtest"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
)

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = []byte("%PDF-1.7 көрсетілген қызметтер актісі")
	iin      = identitytest.IIN(1)
	bin      = identitytest.BIN(2)

	person = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}
	head   = dev.Person{Name: "ТЕРЕКТІБАЕВ САМАТ", IIN: iin, BIN: bin, Organization: "«Алтын дән» ЖШС"}
)

// world is an authority, and a verifier that believes it.
type world struct {
	ca       *dev.CA
	store    *trust.Store
	verifier *native.Verifier
}

// worlds are made once a kind of keys: those of RSA take long to make.
var worlds = map[pki.Kind]func() (*world, error){
	pki.GOST2015: sync.OnceValues(func() (*world, error) { return newWorld(pki.GOST2015) }),
	pki.RSA:      sync.OnceValues(func() (*world, error) { return newWorld(pki.RSA) }),
	pki.ECDSA:    sync.OnceValues(func() (*world, error) { return newWorld(pki.ECDSA) }),
}

var kinds = []struct {
	name string
	kind pki.Kind
}{{"GOST", pki.GOST2015}, {"RSA", pki.RSA}, {"ECDSA", pki.ECDSA}}

func newWorld(kind pki.Kind) (*world, error) {
	ca, err := dev.NewCA(kind, noon.AddDate(0, -1, 0))
	if err != nil {
		return nil, err
	}
	w := &world{ca: ca}
	return w, w.open()
}

// open makes a verifier that believes the authority.
func (w *world) open() (err error) {
	w.store, err = trust.Open(trust.Options{More: trust.NewDev(w.ca.Root.Certificate, w.ca.Issuing.Certificate)})
	w.verifier = native.New(w.store, devtest.Services{CA: w.ca})
	return err
}

func (w *world) believe(tb testing.TB) {
	tb.Helper()
	if err := w.open(); err != nil {
		tb.Fatal(err)
	}
}

// of gives the world of a kind. Its authority revokes nobody: see another.
func of(tb testing.TB, kind pki.Kind) *world {
	tb.Helper()
	w, err := worlds[kind]()
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// another makes a world of its own.
func another(tb testing.TB, kind pki.Kind) *world {
	tb.Helper()
	w, err := newWorld(kind)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// sign signs the document as somebody with a certificate of the authority.
func (w *world) sign(tb testing.TB, who dev.Person, at time.Time) []byte {
	tb.Helper()
	return w.signed(tb, who, at, dev.SignOptions{})
}

func (w *world) signed(tb testing.TB, who dev.Person, at time.Time, o dev.SignOptions) []byte {
	tb.Helper()
	der, err := w.ca.SignBy(w.owner(tb, who), document, at, o)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func (w *world) owner(tb testing.TB, who dev.Person) *dev.Holder {
	tb.Helper()
	holder, err := w.ca.Owner(who, noon)
	if err != nil {
		tb.Fatal(err)
	}
	return holder
}

// handedIn is a signature of the person over the document, now.
func handedIn(der []byte) eds.Signature {
	return eds.Signature{CMS: der, Document: bytes.NewReader(document), IIN: iin, At: noon}
}

// kept is a signature over the document that was received at noon.
func kept(der []byte) native.Offline {
	return native.Offline{CMS: der, Document: bytes.NewReader(document), IIN: iin, At: noon}
}

// refused makes sure that a signature was refused with a code, which the report says too.
func refused(tb testing.TB, report eds.Report, err error, code string) {
	tb.Helper()
	var is *problem.Problem
	if !errors.As(err, &is) || is.Kind != problem.Invalid || is.Code != code || report.Code != code ||
		!slices.ContainsFunc(report.Checks, func(c eds.Check) bool { return c.Code == code }) {
		tb.Errorf("answered %v, want %s; the report says %q, checks %+v", err, code, report.Code, report.Checks)
	}
}

// answers is a source that gets OCSP responses.
type answers func(q revocation.Query) []byte

func (a answers) Check(_ context.Context, q revocation.Query) (revocation.Status, error) {
	response, err := revocation.ParseOCSP(a(q))
	if err != nil {
		return revocation.Status{}, err
	}
	return response.Status(q)
}

// ocsp is an answer about one certificate of the authority.
func (w *world) ocsp(tb testing.TB, a dev.OCSPAnswer, of *pki.Certificate, at time.Time) []byte {
	tb.Helper()
	if len(a.Entries) == 0 {
		a.Entries = []dev.OCSPEntry{{}}
	}
	a.Entries = slices.Clone(a.Entries)
	a.ProducedAt, a.Entries[0].ThisUpdate = at, at
	a.Entries[0].ID = dev.CertID(pki.SHA256, w.ca.Issuing.Certificate, of.Serial)
	raw, err := w.ca.Responder.OCSP(&a)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// crl is a list of the authority.
func (w *world) crl(tb testing.TB, l dev.List) []byte {
	tb.Helper()
	raw, err := w.ca.Issuing.CRL(&l)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// says is a source that always says the same.
type says struct {
	status revocation.Status
	err    error
}

func (s says) Check(context.Context, revocation.Query) (revocation.Status, error) {
	return s.status, s.err
}
