package revocation_test

import (
	"bytes"
	"testing"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

// No byte of an answer is without meaning: whichever is changed, the answer counts no more.
func TestAChangedAnswerNeverCounts(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	raw := a.answer(t, a.Responder)
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			response, err := revocation.ParseOCSP(changed)
			if err != nil {
				continue
			}
			if got, err := response.Status(a.query()); err == nil {
				t.Fatalf("byte %d, bit %d: %s", i, bit, got.State)
			}
		}
	}
}

func TestAChangedListNeverCounts(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	raw := a.list(t, a.listed)
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			list, err := revocation.ParseCRL(changed)
			if err != nil {
				continue
			}
			if got, err := list.Status(a.query(), nil); err == nil {
				t.Fatalf("byte %d, bit %d: %s", i, bit, got.State)
			}
		}
	}
}

func TestAnAnswerOfAnotherFormIsNotRead(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	id := dev.CertID(pki.SHA256, a.Issuing.Certificate, a.owner.Certificate.Serial)
	name := tlv(0xa1, a.Responder.Certificate.X509.RawSubject)
	produced, good := generalized(noon), []byte{0x80, 0}
	revoked := func(content ...[]byte) []byte { return sequence(sequence(id, tlv(0xa1, content...), produced)) }
	single := func(parts ...[]byte) []byte { return sequence(sequence(parts...)) }
	data := func(parts ...[]byte) []byte {
		basic := signed(t, a.Responder, sequence(parts...))
		return sequence([]byte{10, 1, 0}, tlv(0xa0, sequence(oid(t, 1, 3, 6, 1, 5, 5, 7, 48, 1, 1), tlv(4, basic))))
	}
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"right":                        {data(name, produced, single(id, good, produced)), ""},
		"with its version":             {data([]byte{0xa0, 3, 2, 1, 0}, name, produced, single(id, good, produced)), ""},
		"about nothing":                {data(name, produced, sequence()), ""},
		"of another version":           {data([]byte{0xa0, 3, 2, 1, 1}, name, produced, single(id, good, produced)), "malformed: version of an OCSP response"},
		"by nobody":                    {data(produced, single(id, good, produced)), "malformed: the key of an OCSP responder"},
		"by somebody odd":              {data(tlv(0xa1, []byte{5, 0}), produced, single(id, good, produced)), "malformed: the name of an OCSP responder"},
		"by a key of the wrong type":   {data(tlv(0xa2, []byte{5, 0}), produced, single(id, good, produced)), "malformed: the key of an OCSP responder"},
		"of no time":                   {data(name, single(id, good, produced)), "malformed: an OCSP response"},
		"of a time of lists":           {data(name, utc(noon), single(id, good, produced)), "malformed: an OCSP response"},
		"with more at its end":         {data(name, produced, single(id, good, produced), []byte{5, 0}), "malformed: the end of an OCSP response"},
		"with odd extensions":          {data(name, produced, single(id, good, produced), tlv(0xa1, []byte{5, 0})), "malformed: the extensions of an OCSP response"},
		"with an empty nonce":          {data(name, produced, single(id, good, produced), tlv(0xa1, sequence(extension(t, false, nil, 1, 3, 6, 1, 5, 5, 7, 48, 1, 2)))), "malformed: the content of an extension"},
		"about something":              {data(name, produced, sequence([]byte{5, 0})), "malformed: what an OCSP response says"},
		"about no certificate":         {data(name, produced, single(good, produced)), "malformed: about which certificate an OCSP response is"},
		"about one badly named":        {data(name, produced, single(sequence(), good, produced)), "malformed: an algorithm"},
		"about one named halfway":      {data(name, produced, single(sequence(sequence(oid(t, 1, 2, 3)), tlv(4), tlv(4)), good, produced)), "malformed: about which certificate an OCSP response is"},
		"about one with a long number": {data(name, produced, single(sequence(sequence(oid(t, 1, 2, 3)), tlv(4), tlv(4), tlv(2, bytes.Repeat([]byte{1}, 33))), good, produced)), "malformed: about which certificate an OCSP response is"},
		"that says nothing":            {data(name, produced, single(id)), "malformed: what an OCSP response says"},
		"that says something else":     {data(name, produced, single(id, []byte{0x83, 0}, produced)), "malformed: what an OCSP response says"},
		"that says too much":           {data(name, produced, single(id, []byte{0x80, 1, 0}, produced)), "malformed: what an OCSP response says"},
		"revoked at no time":           {data(name, produced, revoked()), "malformed: what an OCSP response says"},
		"revoked for no known reason":  {data(name, produced, revoked(produced, tlv(0xa0, []byte{10, 1, 7}))), "malformed: what an OCSP response says"},
		"revoked for an odd reason":    {data(name, produced, revoked(produced, []byte{10, 1, 1})), "malformed: what an OCSP response says"},
		"to be new at no time":         {data(name, produced, single(id, good, produced, tlv(0xa0, []byte{5, 0}))), "malformed: when a newer OCSP response is there"},
		"with odd extensions inside":   {data(name, produced, single(id, good, produced, tlv(0xa1, []byte{5, 0}))), "malformed: the extensions of what an OCSP response says"},
		"with more inside":             {data(name, produced, single(id, good, produced, []byte{5, 0})), "malformed: the end of what an OCSP response says"},
		"with an odd signature":        {sequence([]byte{10, 1, 0}, tlv(0xa0, sequence(oid(t, 1, 3, 6, 1, 5, 5, 7, 48, 1, 1), tlv(4, sequence(sequence(), sequence(marshal(t, a.Responder.Key.Algorithm().OID())), []byte{3, 2, 1, 0xff}))))), "malformed: the signature of an OCSP response"},
	} {
		_, err := revocation.ParseOCSP(test.raw)
		if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

func TestAListOfAnotherFormIsNotRead(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	list := func(parts ...[]byte) []byte { return signed(t, a.Issuing, sequence(parts...)) }
	version, algorithm := []byte{2, 1, 1}, sequence(marshal(t, a.Issuing.Key.Algorithm().OID()))
	issuer, at := a.Issuing.Certificate.X509.RawSubject, utc(noon)
	authority := func(content ...[]byte) []byte {
		return tlv(0xa0, sequence(extension(t, false, sequence(content...), 2, 5, 29, 35)))
	}
	where := func(content ...[]byte) []byte {
		return tlv(0xa0, sequence(extension(t, true, sequence(content...), 2, 5, 29, 28)))
	}
	const odd = "malformed: the content of an extension"
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"right":                          {list(version, algorithm, issuer, at, at), ""},
		"with entries that are none":     {list(version, algorithm, issuer, at, at, sequence()), ""},
		"with its key":                   {list(version, algorithm, issuer, at, at, authority(tlv(0x80, []byte("key")), tlv(0xa1), tlv(0x82, []byte{1}))), ""},
		"by an odd key":                  {list(version, algorithm, issuer, at, at, authority([]byte{5, 0})), odd},
		"from an odd place":              {list(version, algorithm, issuer, at, at, where(tlv(0xa0, tlv(0xa0, tlv(0xa0), []byte{0x86, 9})))), odd},
		"from a place and more":          {list(version, algorithm, issuer, at, at, where(tlv(0xa0, tlv(0xa0, tlv(0x86)), []byte{5, 0}))), odd},
		"from too many places":           {list(version, algorithm, issuer, at, at, where(tlv(0xa0, tlv(0xa0, bytes.Repeat(tlv(0x86), 17))))), odd},
		"of no algorithm":                {list(version, issuer, at, at), "malformed: an algorithm"},
		"of an algorithm with something": {list(version, sequence(marshal(t, a.Issuing.Key.Algorithm().OID()), []byte{2, 1, 1}), issuer, at, at), "alg-not-allowed: parameters of 1.2.840.10045.4.3.2"},
		"of an unknown algorithm":        {sequence(sequence(), sequence(oid(t, 1, 2, 3)), []byte{3, 1, 0}), "alg-not-allowed: signature 1.2.3"},
		"of no times":                    {list(version, algorithm, issuer), "malformed: issuer or times of a list of revoked certificates"},
		"with extensions of no list":     {list(version, algorithm, issuer, at, at, tlv(0xa0, []byte{5, 0})), "malformed: the extensions of a list of revoked certificates"},
		"with more at its end":           {list(version, algorithm, issuer, at, at, []byte{5, 0}), "malformed: the end of a list of revoked certificates"},
		"with bits unsigned":             {sequence(sequence(), algorithm, []byte{3, 2, 1, 0xff}), "malformed: the signature of a list of revoked certificates"},
		"with more behind the signature": {sequence(sequence(), algorithm, []byte{3, 1, 0}, []byte{5, 0}), "malformed: the signature of a list of revoked certificates"},
		"with an entry and more":         {list(version, algorithm, issuer, at, at, sequence(sequence([]byte{2, 1, 1}, at, []byte{5, 0}))), "malformed: an entry of a list of revoked certificates"},
		"with an entry since some time":  {list(version, algorithm, issuer, at, at, sequence(sequence([]byte{2, 1, 1}, at, sequence(extension(t, false, at, 2, 5, 29, 24))))), odd},
		"with an entry of no number":     {list(version, algorithm, issuer, at, at, sequence(sequence([]byte{2, 0}, at))), "malformed: an entry of a list of revoked certificates"},
		"with an entry of a long number": {list(version, algorithm, issuer, at, at, sequence(sequence(tlv(2, bytes.Repeat([]byte{1}, 33)), at))), "malformed: an entry of a list of revoked certificates"},
	} {
		_, err := revocation.ParseCRL(test.raw)
		if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
