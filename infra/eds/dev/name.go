package dev

import (
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
)

// Name is a distinguished name: its parts in their order, one to a set.
type Name []NamePart

// NamePart is one attribute of a Name.
type NamePart struct {
	OID   asn1.ObjectIdentifier
	Value string
	Tag   tag.Tag // 0: UTF8String, and PrintableString for countries and serial numbers
}

// Attributes of names.
var (
	OIDCommonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
	OIDSurname      = asn1.ObjectIdentifier{2, 5, 4, 4}
	OIDSerialNumber = asn1.ObjectIdentifier{2, 5, 4, 5}
	OIDCountry      = asn1.ObjectIdentifier{2, 5, 4, 6}
	OIDOrganization = asn1.ObjectIdentifier{2, 5, 4, 10}
	OIDUnit         = asn1.ObjectIdentifier{2, 5, 4, 11}
	OIDGivenName    = asn1.ObjectIdentifier{2, 5, 4, 42}
)

// DER writes the name.
func (n Name) DER() []byte {
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			for _, part := range n {
				b.AddASN1(tag.SET, func(b *cryptobyte.Builder) { der.Sequence(b, part.add) })
			}
		})
	})
}

func (p NamePart) add(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(p.OID)
	kind := p.Tag
	switch {
	case kind != 0:
	case p.OID.Equal(OIDCountry), p.OID.Equal(OIDSerialNumber):
		kind = tag.PrintableString
	default:
		kind = tag.UTF8String
	}
	b.AddASN1(kind, func(b *cryptobyte.Builder) { b.AddBytes([]byte(p.Value)) })
}

// authorityName is how an authority or one of its services is named.
func authorityName(common string) Name {
	return Name{{OID: OIDCommonName, Value: common}, {OID: OIDCountry, Value: "KZ"}}
}

// subject is how the national certification centre names an owner: the IIN is the serial number, the BIN the unit, and
// the patronymic stands where given names stand elsewhere.
func (p Person) subject() Name {
	words := strings.Fields(p.Name)
	common := strings.Join(words[:min(2, len(words))], " ")
	name := Name{{OID: OIDCommonName, Value: common}}
	if len(words) > 1 {
		name = append(name, NamePart{OID: OIDSurname, Value: words[0]})
	}
	name = append(name, NamePart{OID: OIDSerialNumber, Value: iinPrefix + p.IIN}, NamePart{OID: OIDCountry, Value: "KZ"})
	if p.BIN != "" {
		name = append(name, NamePart{OID: OIDOrganization, Value: p.Organization}, NamePart{OID: OIDUnit, Value: binPrefix + p.BIN})
	}
	if len(words) > 2 {
		name = append(name, NamePart{OID: OIDGivenName, Value: strings.Join(words[2:], " ")})
	}
	return name
}
