package native

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
)

// Revocation finds out what became of a certificate. An *pki.Error with revocation-unavailable says that nobody knows now.
type Revocation interface {
	Check(ctx context.Context, q revocation.Query) (revocation.Status, error)
}

// Verifier verifies signatures. It may be used by many at once; as many verifications run at a time as there are cores.
type Verifier struct {
	trust      *trust.Store
	revocation Revocation
	slots      chan struct{}
}

var _ eds.Verifier = (*Verifier)(nil)

// New makes a verifier that believes the authorities of the store. Without revocation, Verify accepts no signature: that
// nobody can be asked is no reason to believe a certificate. VerifyOffline needs none.
func New(store *trust.Store, revocation Revocation) *Verifier {
	return &Verifier{trust: store, revocation: revocation, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

var errNobody = errors.New("verifying a signature: nobody is named whose it must be")

// Verify checks a signature that was handed in now. Codes, beside those of the port: malformed, alg-not-allowed,
// doc-changed, bad-signature, clock-skew, time-stamp-invalid, untrusted-ca, test-cert-in-production, cert-expired,
// cert-not-yet-valid, cert-not-for-signing, wrong-owner-iin, wrong-bin, cert-role-not-allowed, cert-revoked, cert-unknown.
// If nobody says whether the certificate is revoked, the error is revocation-unavailable: Unavailable, to be tried again.
func (v *Verifier) Verify(ctx context.Context, s eds.Signature) (eds.Report, error) {
	if s.IIN == "" && s.BIN == "" {
		return eds.Report{}, errNobody
	}
	if s.Document == nil {
		return eds.Report{}, errNoDocument
	}
	r := v.begin(input{
		cms: s.CMS, limit: eds.MaxContainer, document: s.Document, received: s.At,
		owner: owner{iin: s.IIN, bin: s.BIN, staff: s.Staff},
	})
	if err := v.run(ctx, r.examine); err != nil {
		return eds.Report{}, err
	}
	if r.report.Code == "" {
		if err := r.ask(ctx, v.revocation); err != nil {
			return eds.Report{}, err
		}
	}
	return r.result()
}

// Offline is a signature of earlier, and what was kept to prove it.
type Offline struct {
	CMS      []byte
	Document io.Reader // its exact bytes; nil: those inside the CMS
	IIN, BIN string    // whose it must be, as in eds.Signature; empty: anybody's who may sign
	Staff    bool
	At       time.Time // when it was received, says whoever kept it; zero: that is not known, and a time stamp is needed

	TimeStamps [][]byte // tokens over the signature's value, beside those in it
	OCSPs      [][]byte // whole OCSP responses, beside those in the signature
	CRLs       [][]byte // lists, beside those in the signature; a delta list follows the list that it adds to

	// Unproven accepts a signature without any proof that the certificate was not revoked. The report says so: the check of
	// revocation has the code evidence-pending, and the report has none.
	Unproven bool
}

// maxOffline is the size of the largest container that is verified offline, in bytes: a document may be inside.
const maxOffline = 64 << 20

var errNoDocument = errors.New("verifying a signature: there is no document")

// VerifyOffline checks a signature for the time of its time stamp, or of its receipt, with kept evidence alone. Codes: those
// of Verify, and evidence-pending if nothing says that the certificate was not revoked.
func (v *Verifier) VerifyOffline(ctx context.Context, o Offline) (eds.Report, error) {
	r := v.begin(input{
		cms: o.CMS, limit: maxOffline, document: o.Document, received: o.At, offline: true,
		owner: owner{iin: o.IIN, bin: o.BIN, staff: o.Staff}, stamps: o.TimeStamps,
	})
	err := v.run(ctx, func() error {
		if err := r.examine(); err != nil || r.report.Code != "" {
			return err
		}
		r.look(o)
		return nil
	})
	if err != nil {
		return eds.Report{}, err
	}
	return r.result()
}

// run makes room for one more verification and runs it.
func (v *Verifier) run(ctx context.Context, verification func() error) error {
	select {
	case v.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-v.slots }()
	return verification()
}

// result is the report, and the problem if there is one.
func (r *run) result() (eds.Report, error) {
	if r.report.Code != "" {
		return r.report, eds.Refused(r.report.Code)
	}
	return r.report, nil
}

// unavailable is the error of a signature that nobody can vouch for now.
func unavailable() error {
	return &problem.Problem{Kind: problem.Unavailable, Code: pki.CodeRevocationUnavailable, RetryAfter: retryAfter}
}
