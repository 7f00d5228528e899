package native

import (
	"bytes"
	"slices"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
)

// chain finds the authority that issued the signer's certificate among those that are believed at the trusted time. What
// came along with the signature is no help: every link above the signer's certificate is pinned.
func (r *run) chain() error {
	leaf := r.signer.Certificate
	issuer, err := r.issuerOf(leaf, r.at, trust.Signing)
	switch {
	case pki.IsCode(err, pki.CodeUntrusted) && r.store.OfTest(leaf):
		return refuse(pki.CodeTestCertificate, "an authority for developers issued the certificate")
	case pki.IsCode(err, pki.CodeUntrusted) && leaf.ValidAt(r.at) != nil:
		// Authorities end, too: who was certified by one that was believed then had better hear that.
		if _, was := r.issuerOf(leaf, leaf.NotAfter, trust.Signing); was == nil {
			return leaf.ValidAt(r.at)
		}
		return err
	case err != nil:
		return err
	}
	r.issuer = issuer
	r.keepAuthority(issuer)
	return nil
}

// issuerOf finds the issuing authority of a certificate, which must be valid at that time.
func (r *run) issuerOf(leaf *pki.Certificate, at time.Time, purpose trust.Purpose) (*pki.Certificate, error) {
	if leaf.X509.IsCA {
		return nil, refuse(pki.CodeUntrusted, "an authority signed")
	}
	chain, err := pki.Chain(leaf, pki.ChainOptions{
		Anchors: r.list.Believed(at, purpose), At: at, Legacy: r.offline && at.Before(LegacyBefore),
	})
	if err != nil {
		return nil, err
	}
	if len(chain) != 2 {
		return nil, refuse(pki.CodeUntrusted, "no authority of the list issued the certificate")
	}
	return chain[1], nil
}

// legacy tells whether the algorithms of years ago are allowed at the trusted time.
func (r *run) legacy() bool { return r.offline && !r.at.IsZero() && r.at.Before(LegacyBefore) }

// keepAuthority keeps the certificates of an issuing authority and its root.
func (r *run) keepAuthority(issuer *pki.Certificate) {
	for _, c := range []*pki.Certificate{issuer, r.list.RootOf(issuer)} {
		if c != nil && !slices.ContainsFunc(r.report.Evidence, func(e eds.Evidence) bool { return bytes.Equal(e.Data, c.Raw) }) {
			r.keep(eds.EvidenceCertificate, c.Raw)
		}
	}
}

func (r *run) keep(kind eds.EvidenceKind, data []byte) {
	r.report.Evidence = append(r.report.Evidence, eds.Evidence{Kind: kind, Data: data})
}

// usage makes sure that the certificate is one for signing.
func (r *run) usage() error {
	leaf := r.signer.Certificate
	switch {
	case !leaf.Signs():
		return refuse(pki.CodeNotForSigning, "the key is for something else")
	case !leaf.Under(policy):
		return refuse(pki.CodeNotForSigning, "the certificate was issued under other rules")
	default:
		return nil
	}
}
