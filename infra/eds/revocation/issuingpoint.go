package revocation

import (
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

const maxURIs = 16

// issuingPoint says which certificates a list is about, if not about all of its authority: RFC 5280, 5.2.5. The zero
// issuingPoint is about all.
type issuingPoint struct {
	uris        []string // certificates that name one of these; nil: all
	usersOnly   bool
	caOnly      bool
	unsupported bool // about attribute certificates, about some reasons, or about those of other authorities
}

// read reads the extension.
func (p *issuingPoint) read(from cryptobyte.String) bool {
	var sequence, point cryptobyte.String
	var named bool
	if !from.ReadASN1(&sequence, asn1.SEQUENCE) || !from.Empty() || !sequence.ReadOptionalASN1(&point, &named, der.Explicit(0)) {
		return false
	}
	if named && !p.readName(point) {
		return false
	}
	var reasons cryptobyte.String
	var some, attributes, indirect bool
	fine := readFlag(&sequence, 1, &p.usersOnly) && readFlag(&sequence, 2, &p.caOnly) &&
		sequence.ReadOptionalASN1(&reasons, &some, der.Implicit(3)) &&
		readFlag(&sequence, 4, &indirect) && readFlag(&sequence, 5, &attributes) && sequence.Empty()
	p.unsupported = p.unsupported || some || attributes || indirect
	return fine
}

// readName reads the URIs of a distribution point. One that is named relative to its authority is not supported.
func (p *issuingPoint) readName(point cryptobyte.String) bool {
	var names cryptobyte.String
	if !point.PeekASN1Tag(der.Explicit(0)) {
		p.unsupported = true
		return true
	}
	if !point.ReadASN1(&names, der.Explicit(0)) || !point.Empty() {
		return false
	}
	p.uris = []string{}
	for !names.Empty() {
		var name cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&name, &tag) || len(p.uris) == maxURIs {
			return false
		}
		if tag == der.Implicit(6) {
			p.uris = append(p.uris, string(name))
		}
	}
	return true
}

// readFlag reads a BOOLEAN with an implicit tag that is false if it is absent.
func readFlag(from *cryptobyte.String, tag uint8, out *bool) bool {
	var content cryptobyte.String
	var present bool
	if !from.ReadOptionalASN1(&content, &present, der.Implicit(tag)) {
		return false
	}
	if !present {
		return true
	}
	*out = len(content) == 1 && content[0] == 0xff
	return *out || len(content) == 1 && content[0] == 0
}

// includes tells whether a certificate would be in the list if it were revoked.
func (p *issuingPoint) includes(c *pki.Certificate) bool {
	if p.unsupported || p.usersOnly && c.X509.IsCA || p.caOnly && !c.X509.IsCA {
		return false
	}
	return p.uris == nil || slices.ContainsFunc(c.X509.CRLDistributionPoints, func(uri string) bool { return slices.Contains(p.uris, uri) })
}
