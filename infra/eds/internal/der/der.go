// Package der reads what certificates' lists, OCSP responses and time stamps have in common and cryptobyte has not: times
// to the second, extensions, tags. Whatever is read is part of the DER that it was read from. It also helps to write DER.
package der

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// Explicit is the tag of what stands in a context-specific one: of SEQUENCE OF and the like too, where it is implicit.
func Explicit(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// Implicit is the tag of what has a context-specific one in place of its own.
func Implicit(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific() }

const (
	utcLength         = len("060102150405Z")
	generalizedLength = len("20060102150405Z")
)

// ReadTime reads a UTCTime or GeneralizedTime as RFC 5280 wants them: to the second, in UTC. That of cryptobyte takes ten
// times as long, and lists of revoked certificates have half a million times.
func ReadTime(from *cryptobyte.String, out *time.Time) bool {
	var text cryptobyte.String
	var tag asn1.Tag
	if !from.ReadAnyASN1(&text, &tag) {
		return false
	}
	var century int
	rest := []byte(text)
	switch {
	case tag == asn1.UTCTime && len(text) == utcLength:
		century = 20
		if text[0] >= '5' {
			century = 19
		}
	case tag == asn1.GeneralizedTime && len(text) == generalizedLength:
		var fine bool
		if century, rest, fine = twoDigits(text); !fine {
			return false
		}
	default:
		return false
	}
	var n [6]int
	for i := range n {
		var fine bool
		if n[i], rest, fine = twoDigits(rest); !fine {
			return false
		}
	}
	*out = time.Date(century*100+n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	return rest[0] == 'Z' && int(out.Month()) == n[1] && out.Day() == n[2] && n[3] < 24 && n[4] < 60 && n[5] < 60
}

// ReadGeneralizedTime is ReadTime of a GeneralizedTime alone.
func ReadGeneralizedTime(from *cryptobyte.String, out *time.Time) bool {
	return from.PeekASN1Tag(asn1.GeneralizedTime) && ReadTime(from, out)
}

func twoDigits(text []byte) (n int, rest []byte, fine bool) {
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), text[2:], a <= 9 && b <= 9
}

// MaxExtensions is how many extensions there may be in one place.
const MaxExtensions = 32

// Extension is one of a list of extensions.
type Extension struct {
	OID      []byte // content of its DER
	Critical bool
	Value    cryptobyte.String
}

// ReadExtensions reads the content of a list of extensions, each of which may be there once, and hands them to take, which
// says whether it knows them, and whether they are right. One that is critical and unknown is refused. Error: *pki.Error
// with malformed.
func ReadExtensions(list cryptobyte.String, take func(e Extension) (known, fine bool)) error {
	var seen [MaxExtensions][]byte
	if list.Empty() {
		return pki.Malformed("a list of no extensions")
	}
	for n := 0; !list.Empty(); n++ {
		var item, oid cryptobyte.String
		var e Extension
		if n == MaxExtensions || !list.ReadASN1(&item, asn1.SEQUENCE) || !item.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			item.PeekASN1Tag(asn1.BOOLEAN) && !item.ReadASN1Boolean(&e.Critical) ||
			!item.ReadASN1(&e.Value, asn1.OCTET_STRING) || !item.Empty() {
			return pki.Malformed("an extension")
		}
		e.OID, seen[n] = oid, oid
		for _, before := range seen[:n] {
			if string(before) == string(oid) {
				return pki.Malformed("an extension twice")
			}
		}
		switch known, fine := take(e); {
		case known && !fine:
			return pki.Malformed("the content of an extension")
		case !known && e.Critical:
			return pki.Malformed("a critical extension that is not known")
		}
	}
	return nil
}
