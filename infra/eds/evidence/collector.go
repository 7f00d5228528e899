package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
	"services.example/portal/infra/eds/tsp"
)

// Stamper asks an authority for a time stamp over a message; *tsp.Client is one. Whether the authority is trusted the
// Collector finds out.
type Stamper interface {
	Stamp(ctx context.Context, message []byte, now time.Time) (*tsp.Token, error)
}

// Revocation finds out what became of a certificate; *revocation.Checker does.
type Revocation interface {
	Check(ctx context.Context, q revocation.Query) (revocation.Status, error)
}

// Sources are whom a Collector asks. Trust and Now are needed.
type Sources struct {
	Trust      *trust.Store
	Stamps     Stamper    // nil: nobody gives time stamps
	Revocation Revocation // nil: nobody knows what became of certificates
	Now        func() time.Time
}

// Collector asks the authorities for the evidence that signatures lack.
type Collector struct{ sources Sources }

var _ eds.Evidences = (*Collector)(nil)

// NewCollector makes a collector.
func NewCollector(sources Sources) *Collector { return &Collector{sources: sources} }

// Errors of authorities that nobody has named.
var (
	ErrNoStamps     = errors.New("nobody is named who gives time stamps")
	ErrNoRevocation = errors.New("nobody is named who knows what became of certificates")
)

// Fetch gets a time stamp, and an answer to whether the certificate was revoked at its time: both if the answer that there is
// does not reach as far as the stamp. It gives nothing that would make a good signature look bad, such as a stamp of a time
// when the certificate had expired or was revoked. Final errors: cert-expired, cert-revoked, malformed.
func (c *Collector) Fetch(ctx context.Context, of eds.Lacking) ([]eds.Evidence, error) {
	signed, err := cms.Parse(of.CMS, cms.Options{})
	if err != nil {
		return nil, final(err)
	}
	f := &fetching{
		sources: c.sources, list: c.sources.Trust.List(), now: c.sources.Now(), of: of, signed: signed, signer: signed.Signers[0],
		at: of.ReceivedAt,
	}
	if f.issuer, err = f.issuerOf(f.signer.Certificate, f.at, trust.Signing); err != nil {
		return nil, fmt.Errorf("finding the authority of the signer's certificate: %w", err)
	}
	stampErr := f.stamp(ctx)
	if isFinal(stampErr) {
		return nil, stampErr
	}
	status, err := f.revocation(ctx)
	if isFinal(err) {
		return nil, err
	}
	return slices.Concat(f.stamps, status, f.chain()), errors.Join(stampErr, err)
}

// fetching is the search for what one signature lacks.
type fetching struct {
	sources Sources
	list    *trust.List
	now     time.Time
	of      eds.Lacking
	signed  *cms.Signed
	signer  *cms.Signer
	issuer  *pki.Certificate
	at      time.Time // for which the certificate must be good: that of the time stamp, else that of receipt
	stamps  []eds.Evidence
	others  []*pki.Certificate // authorities of time stamps
}

func (f *fetching) misses(kind eds.EvidenceKind) bool { return slices.Contains(f.of.Missing, kind) }

// issuerOf finds the authority that issued a certificate among those that are believed.
func (f *fetching) issuerOf(leaf *pki.Certificate, at time.Time, purpose trust.Purpose) (*pki.Certificate, error) {
	chain, err := pki.Chain(leaf, pki.ChainOptions{Anchors: f.list.Believed(at, purpose), At: at})
	if err != nil {
		return nil, err
	}
	return chain[1], nil
}

// stamp finds the time of the time stamp, and gets one if there is none.
func (f *fetching) stamp(ctx context.Context) error {
	if !f.misses(eds.EvidenceTimeStamp) {
		return f.stamped()
	}
	if f.now.After(f.signer.Certificate.NotAfter) {
		return eds.Refused(pki.CodeExpired)
	}
	if f.sources.Stamps == nil {
		return ErrNoStamps
	}
	token, err := f.sources.Stamps.Stamp(ctx, f.signer.Value, f.now)
	if err != nil {
		return fmt.Errorf("asking for a time stamp: %w", err)
	}
	if err := token.Verify(f.signer.Value); err != nil {
		return fmt.Errorf("asking for a time stamp: %w", err)
	}
	issuer, err := f.issuerOf(token.Certificate, token.Time, trust.TimeStamping)
	if err != nil {
		return fmt.Errorf("finding the authority of a time stamp: %w", err)
	}
	f.at, f.others = token.Time, append(f.others, issuer)
	f.stamps = append(f.stamps, eds.Evidence{Kind: eds.EvidenceTimeStamp, Data: token.Raw})
	return nil
}

// stamped reads the time of the time stamp that there is: of the first of several.
func (f *fetching) stamped() error {
	first := time.Time{}
	for _, raw := range slices.Concat(f.signer.TimeStamps, f.kept(eds.EvidenceTimeStamp)) {
		token, err := tsp.ParseToken(raw, tsp.Options{})
		if err != nil {
			return fmt.Errorf("reading the time stamp that was kept: %w", err)
		}
		if first.IsZero() || token.Time.Before(first) {
			first = token.Time
		}
	}
	if !first.IsZero() {
		f.at = first
	}
	return nil
}

// kept are the pieces of a kind that there are.
func (f *fetching) kept(kind eds.EvidenceKind) [][]byte {
	var list [][]byte
	for _, piece := range f.of.Evidence {
		if piece.Kind == kind {
			list = append(list, piece.Data)
		}
	}
	return list
}

// revocation gets an answer, unless one that was kept speaks of the time.
func (f *fetching) revocation(ctx context.Context) ([]eds.Evidence, error) {
	if !f.misses(eds.EvidenceOCSP) && f.known() {
		return nil, nil
	}
	if f.sources.Revocation == nil {
		return nil, ErrNoRevocation
	}
	status, err := f.sources.Revocation.Check(ctx, revocation.Query{
		Certificate: f.signer.Certificate, Issuer: f.issuer, At: f.at, Now: f.now,
	})
	if err != nil {
		f.await()
		return nil, fmt.Errorf("asking whether a certificate was revoked: %w", err)
	}
	if err := status.Err(f.at); err != nil {
		f.await()
		if pki.IsCode(err, pki.CodeRevoked) {
			return nil, final(err)
		}
		return nil, fmt.Errorf("asking whether a certificate was revoked: %w", err) // an authority may learn of a new one late
	}
	var evidence []eds.Evidence
	for _, e := range status.Evidence {
		kind := eds.EvidenceCRL
		if e.Kind == revocation.OCSP {
			kind = eds.EvidenceOCSP
		}
		evidence = append(evidence, eds.Evidence{Kind: kind, Data: e.DER})
	}
	return evidence, nil
}

// await leaves out a time stamp beside an answer that does not reach as far: they would look complete, and prove nothing. The
// next try gets both. Where there is no answer yet, the stamp is worth the more the earlier it is.
func (f *fetching) await() {
	if !f.misses(eds.EvidenceOCSP) {
		f.stamps = nil
	}
}

// known tells whether the answers that were kept say that the certificate was good at the time.
func (f *fetching) known() bool {
	good := false
	for status := range f.statuses() {
		if status.Err(f.at) != nil {
			return false
		}
		good = true
	}
	return good
}

// statuses are what those of the kept answers say that speak of the time.
func (f *fetching) statuses() iter.Seq[revocation.Status] {
	q := revocation.Query{Certificate: f.signer.Certificate, Issuer: f.issuer, At: f.at}
	return revocation.Kept(q,
		slices.Concat(f.signed.OCSPs, f.signer.OCSPs, f.kept(eds.EvidenceOCSP)),
		slices.Concat(f.signed.CRLs, f.signer.CRLs, f.kept(eds.EvidenceCRL)))
}

// chain are the certificates of authorities that there are none of yet.
func (f *fetching) chain() []eds.Evidence {
	known := f.kept(eds.EvidenceCertificate)
	var list []eds.Evidence
	for _, authority := range append([]*pki.Certificate{f.issuer}, f.others...) {
		for _, c := range []*pki.Certificate{authority, f.list.RootOf(authority)} {
			if c == nil || slices.ContainsFunc(known, func(raw []byte) bool { return bytes.Equal(raw, c.Raw) }) {
				continue
			}
			known = append(known, c.Raw)
			list = append(list, eds.Evidence{Kind: eds.EvidenceCertificate, Data: c.Raw})
		}
	}
	return list
}

// final is the problem of a signature for which no evidence will ever be had.
func final(err error) error {
	var fault *pki.Error
	if errors.As(err, &fault) {
		return fmt.Errorf("%w: %w", eds.Refused(fault.Code), err)
	}
	return err
}

func isFinal(err error) bool {
	var p *problem.Problem
	return errors.As(err, &p)
}
