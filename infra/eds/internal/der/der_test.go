package der_test

import (
	"encoding/asn1"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

func TestTimesAreReadToTheSecondInUTC(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tag  byte
		text string
		want string // empty: it is none
	}{
		{0x17, "261123070000Z", "2026-11-23T07:00:00Z"},
		{0x17, "491231235959Z", "2049-12-31T23:59:59Z"},
		{0x17, "500101000000Z", "1950-01-01T00:00:00Z"},
		{0x18, "20500101000000Z", "2050-01-01T00:00:00Z"},
		{0x18, "19700101000000Z", "1970-01-01T00:00:00Z"},
		{0x17, "2611230700Z", ""},
		{0x17, "261123070000+", ""},
		{0x17, "260229070000Z", ""},
		{0x17, "261323070000Z", ""},
		{0x17, "260023070000Z", ""},
		{0x17, "261123240000Z", ""},
		{0x17, "261123076000Z", ""},
		{0x17, "261123070060Z", ""},
		{0x17, "26112307000 Z", ""},
		{0x17, "2611230700:0Z", ""},
		{0x18, "20261123070000.5Z", ""},
		{0x18, "2026112307000Z", ""},
		{0x18, "x0261123070000Z", ""},
		{0x16, "261123070000Z", ""},
		{0x17, "", ""},
	} {
		input := cryptobyte.String(append([]byte{test.tag, byte(len(test.text))}, test.text...))
		var got time.Time
		read := der.ReadTime(&input, &got)
		if read != (test.want != "") || read && (got.Format(time.RFC3339) != test.want || !input.Empty()) {
			t.Errorf("%q: read %t %s, want %q", test.text, read, got, test.want)
		}
	}
	var empty cryptobyte.String
	if der.ReadTime(&empty, new(time.Time)) || der.ReadGeneralizedTime(&empty, new(time.Time)) {
		t.Error("a time of nothing")
	}
}

func TestOneKindOfTimeCanBeAskedFor(t *testing.T) {
	t.Parallel()
	input := cryptobyte.String("\x17\x0d261123070000Z")
	if der.ReadGeneralizedTime(&input, new(time.Time)) {
		t.Error("a UTCTime was taken")
	}
}

func TestTimesAreReadAsOthersWriteThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want := time.Unix(rapid.Int64Range(-631152000, 253402300799).Draw(r, "seconds"), 0).UTC()
		raw, err := asn1.Marshal(want) // picks the kind by the year
		if err != nil {
			r.Fatal(err)
		}
		input := cryptobyte.String(raw)
		var got time.Time
		if !der.ReadTime(&input, &got) || !got.Equal(want) {
			r.Fatalf("read %s, want %s", got, want)
		}
	})
}

func TestExtensionsAreTakenOnceEach(t *testing.T) {
	t.Parallel()
	const known, other = "\x30\x07\x06\x01\x2a\x04\x02\x05\x00", "\x30\x07\x06\x01\x2b\x04\x02\x05\x00"
	const critical, flagged = "\x30\x0a\x06\x01\x2b\x01\x01\xff\x04\x02\x05\x00", "\x30\x0a\x06\x01\x2b\x01\x01\x00\x04\x02\x05\x00"
	var many, first []byte
	for i := range byte(der.MaxExtensions) + 1 {
		many = append(many, 0x30, 5, 6, 1, i+1, 4, 0)
		first = append(first, i+1)
	}
	first = first[:der.MaxExtensions]
	for name, test := range map[string]struct {
		list  string
		taken string
		want  string
	}{
		"one":                    {known, "*", ""},
		"and an unknown one":     {known + other, "*+", ""},
		"which is not critical":  {flagged, "+", ""},
		"one that is wrong":      {"\x30\x05\x06\x01\x2a\x04\x00", "*", "malformed: the content of an extension"},
		"an unknown duty":        {critical, "+", "malformed: a critical extension that is not known"},
		"one twice":              {known + other + known, "*+", "malformed: an extension twice"},
		"too many":               {string(many), string(first), "malformed: an extension"},
		"none":                   {"", "", "malformed: a list of no extensions"},
		"without a value":        {"\x30\x03\x06\x01\x2a", "", "malformed: an extension"},
		"with two values":        {"\x30\x07\x06\x01\x2a\x04\x00\x04\x00", "", "malformed: an extension"},
		"with a flag of its own": {"\x30\x08\x06\x01\x2a\x01\x01\x01\x04\x00", "", "malformed: an extension"},
	} {
		var taken string
		err := der.ReadExtensions(cryptobyte.String(test.list), func(e der.Extension) (known, fine bool) {
			taken += string(e.OID)
			return string(e.OID) == "\x2a", string(e.Value) == "\x05\x00"
		})
		if test.want == "" && err != nil || test.want != "" && (!pki.IsCode(err, pki.CodeMalformed) || err.Error() != test.want) ||
			taken != test.taken {
			t.Errorf("%s: took %q, error %v; want %q, %q", name, taken, err, test.taken, test.want)
		}
	}
}
