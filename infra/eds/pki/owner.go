package pki

import (
	"cmp"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
)

// Owner is whom a certificate names, with the numbers as the national certification centre writes them.
type Owner struct {
	CommonName   string
	Surname      string
	GivenName    string // holds the patronymic, in certificates of the centre
	IIN          string // 12 digits; their check digit is not looked at. Empty: it names no person, or no single one
	BIN          string // 12 digits; empty: it names no organisation, or no single one
	Organization string
	Ambiguous    bool // names several persons or organisations: nobody can say whose it is
}

// Attributes of a subject.
var (
	oidCommonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname      = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidSerialNumber = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidOrganization = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidUnit         = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidGivenName    = asn1.ObjectIdentifier{2, 5, 4, 42}
)

// Prefixes of numbers in a subject.
const (
	prefixIIN = "IIN"
	prefixBIN = "BIN"
)

// ownerOf reads the attributes of a subject. The person's number is the serial number, the organisation's is a unit.
func ownerOf(names []pkix.AttributeTypeAndValue) Owner {
	var owner Owner
	for _, name := range names {
		value, is := name.Value.(string)
		if !is {
			continue
		}
		switch {
		case name.Type.Equal(oidCommonName):
			owner.Ambiguous = owner.Ambiguous || owner.CommonName != ""
			owner.CommonName = value
		case name.Type.Equal(oidSurname):
			owner.Surname = cmp.Or(owner.Surname, value)
		case name.Type.Equal(oidGivenName):
			owner.GivenName = cmp.Or(owner.GivenName, value)
		case name.Type.Equal(oidOrganization):
			owner.Organization = cmp.Or(owner.Organization, value)
		case name.Type.Equal(oidSerialNumber):
			owner.number(&owner.IIN, prefixIIN, value)
			owner.number(&owner.BIN, prefixBIN, value)
		case name.Type.Equal(oidUnit):
			owner.number(&owner.BIN, prefixBIN, value)
		}
	}
	if owner.Ambiguous {
		owner.IIN, owner.BIN = "", ""
	}
	return owner
}

// number keeps a number. Whatever begins as one and is none, or is there twice, makes the owner ambiguous.
func (o *Owner) number(field *string, prefix, value string) {
	digits, is := strings.CutPrefix(value, prefix)
	if !is {
		return
	}
	if *field != "" || len(digits) != 12 || strings.Trim(digits, "0123456789") != "" {
		o.Ambiguous = true
		return
	}
	*field = digits
}
