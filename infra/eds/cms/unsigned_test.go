package cms_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

// revocationValues are a list and an OCSP answer, neither of them real.
func revocationValues() []byte {
	return sequence(tagged(context(0), sequence(sequence([]byte{2, 1, 1}))), tagged(context(1), sequence(sequence([]byte{2, 1, 2}))))
}

func TestWhatASignerAddedForLaterIsRead(t *testing.T) {
	t.Parallel()
	by, other := holder(t, pki.GOST2015), holder(t, pki.ECDSA)
	f := newForgery(t, by)
	first, second := sequence([]byte{2, 1, 1}), sequence([]byte{2, 1, 2})
	f.unsigned(cms.OIDTimeStampToken, first)
	f.unsigned(cms.OIDTimeStampToken, second)
	f.unsigned(cms.OIDCertificateValues, sequence(other.DER()))
	f.unsigned(cms.OIDRevocationValues, revocationValues())
	f.unsigned(cms.OIDMessageDigest, []byte{5, 0}) // unsigned, it means nothing
	list, response := sequence([]byte{2, 1, 3}), sequence([]byte{2, 1, 4})
	f.made.CRLs, f.made.OCSPs, f.made.Version = [][]byte{list}, [][]byte{response}, 5

	signed, err := check(f.made.DER(), document, now)
	if err != nil {
		t.Fatal(err)
	}
	signer := signed.Signers[0]
	if diff := cmp.Diff([][]byte{first, second}, signer.TimeStamps); diff != "" {
		t.Errorf("time stamps (-want +got):\n%s", diff)
	}
	if len(signer.Certificates) != 1 || !signer.Certificates[0].Equal(other.Certificate) || len(signed.Certificates) != 1 {
		t.Errorf("%d certificates were added", len(signer.Certificates))
	}
	if diff := cmp.Diff([][]byte{sequence([]byte{2, 1, 1})}, signer.CRLs); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	// The answer in its basic form is made the whole response that a responder sends.
	basic := sequence([]byte{2, 1, 2})
	whole := sequence([]byte{10, 1, 0}, tagged(context(0), sequence([]byte{6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1}, tagged(4, basic))))
	if diff := cmp.Diff([][]byte{whole}, signer.OCSPs); diff != "" {
		t.Errorf("OCSP responses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][][]byte{{list}, {response}}, [][][]byte{signed.CRLs, signed.OCSPs}); diff != "" {
		t.Errorf("lists and responses of the container (-want +got):\n%s", diff)
	}
}

func TestWhatAnybodyMayAddIsBounded(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.ECDSA)
	many := func(n int, value []byte) (values [][]byte) {
		for i := range n { // values of a set differ
			values = append(values, sequence(value, []byte{2, 1, byte(i)}))
		}
		return values
	}
	lists := func(n int) []byte { return sequence(tagged(context(0), sequence(many(n, nil)...))) }
	for name, tt := range map[string]struct {
		add  func(*forgery)
		code string
	}{
		"nothing":               {func(*forgery) {}, ""},
		"four time stamps":      {func(f *forgery) { f.unsigned(cms.OIDTimeStampToken, many(4, nil)...) }, ""},
		"five time stamps":      {func(f *forgery) { f.unsigned(cms.OIDTimeStampToken, many(5, nil)...) }, pki.CodeMalformed},
		"a time stamp not one":  {func(f *forgery) { f.unsigned(cms.OIDTimeStampToken, []byte{5, 0}) }, pki.CodeMalformed},
		"a certificate not one": {func(f *forgery) { f.unsigned(cms.OIDCertificateValues, sequence(sequence())) }, pki.CodeMalformed},
		"certificates not a list": {func(f *forgery) {
			f.unsigned(cms.OIDCertificateValues, []byte{5, 0})
		}, pki.CodeMalformed},
		"15 certificates more": {func(f *forgery) {
			f.unsigned(cms.OIDCertificateValues, sequence(bytes.Repeat(by.DER(), 15)))
		}, ""},
		"16 certificates more": {func(f *forgery) {
			f.unsigned(cms.OIDCertificateValues, sequence(bytes.Repeat(by.DER(), 8)))
			f.unsigned(cms.OIDCertificateValues, sequence(bytes.Repeat(by.DER(), 8)), sequence())
		}, pki.CodeMalformed},
		"16 lists":                  {func(f *forgery) { f.unsigned(cms.OIDRevocationValues, lists(16)) }, ""},
		"17 lists":                  {func(f *forgery) { f.unsigned(cms.OIDRevocationValues, lists(17)) }, pki.CodeMalformed},
		"revocation values not any": {func(f *forgery) { f.unsigned(cms.OIDRevocationValues, []byte{5, 0}) }, pki.CodeMalformed},
		"a list not one": {func(f *forgery) {
			f.unsigned(cms.OIDRevocationValues, sequence(tagged(context(0), sequence([]byte{5, 0}))))
		}, pki.CodeMalformed},
		"lists not listed": {func(f *forgery) { f.unsigned(cms.OIDRevocationValues, sequence(tagged(context(0), []byte{5, 0}))) }, pki.CodeMalformed},
		"other revocation values": {func(f *forgery) {
			f.unsigned(cms.OIDRevocationValues, sequence(tagged(context(2), sequence())))
		}, ""},
		"revocation values in disorder": {func(f *forgery) {
			f.unsigned(cms.OIDRevocationValues, sequence(tagged(context(2), sequence()), tagged(context(0), sequence())))
		}, pki.CodeMalformed},
		"an attribute of no value": {func(f *forgery) { f.unsigned(cms.OIDTimeStampToken) }, pki.CodeMalformed},
		"33 attributes": {func(f *forgery) {
			for range 33 {
				f.unsigned(cms.OIDData, []byte{5, 0})
			}
		}, pki.CodeMalformed},
		"an attribute that is none": {func(f *forgery) {
			f.signer().Unsigned = []cms.Attribute{{OID: cms.OIDData, Values: [][]byte{{4, 9}}}}
		}, pki.CodeMalformed},
		"17 lists in the container": {func(f *forgery) { f.made.CRLs = many(17, nil) }, pki.CodeMalformed},
		"a list in the container that is none": {func(f *forgery) {
			f.made.CRLs = [][]byte{{5, 0}}
		}, pki.CodeMalformed},
		"a response without the version for it": {func(f *forgery) { f.made.OCSPs = [][]byte{sequence()} }, pki.CodeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(t, by)
			tt.add(f)
			_, err := check(f.made.DER(), document, now)
			edstest.Refused(t, err, tt.code)
		})
	}
}
