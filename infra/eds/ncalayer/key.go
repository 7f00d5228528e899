package ncalayer

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Key is a signing key with its certificate.
type Key interface {
	// Certificate is the key's certificate in DER.
	Certificate() []byte
	// Sign makes a CMS, in DER. The text of its error is shown to the page that asked.
	Sign(ctx context.Context, what Request) ([]byte, error)
}

// Request is what one signature is asked for.
type Request struct {
	Data      []byte // the document's bytes, or their digest
	Digested  bool   // Data is the digest, by the hash function of the key
	Attached  bool   // the document shall be inside of the signature
	TimeStamp bool   // a time stamp shall be on it
}

// The usages of keys that pages ask for.
const (
	usageSigning        = "1.3.6.1.5.5.7.3.4" // emailProtection: the centre marks keys for signing with it
	usageAuthentication = "1.3.6.1.5.5.7.3.2" // clientAuth
)

// The prefixes of numbers in the subjects of certificates.
const (
	prefixIIN = "IIN"
	prefixBIN = "BIN"
)

// card is a key with what is known of it by its certificate.
type card struct {
	Key
	certificate *x509.Certificate
	usages      []string // of the key, as OIDs
	iin, bin    string
}

func read(key Key) (card, error) {
	certificate, err := x509.ParseCertificate(key.Certificate())
	if err != nil {
		return card{}, fmt.Errorf("reading the certificate of a key: %w", err)
	}
	c := card{Key: key, certificate: certificate}
	c.iin, _ = strings.CutPrefix(certificate.Subject.SerialNumber, prefixIIN)
	for _, unit := range certificate.Subject.OrganizationalUnit {
		if number, is := strings.CutPrefix(unit, prefixBIN); is {
			c.bin = number
		}
	}
	for _, usage := range certificate.UnknownExtKeyUsage {
		c.usages = append(c.usages, usage.String())
	}
	for _, usage := range certificate.ExtKeyUsage {
		switch usage { //nolint:exhaustive // pages ask for no others
		case x509.ExtKeyUsageEmailProtection:
			c.usages = append(c.usages, usageSigning)
		case x509.ExtKeyUsageClientAuth:
			c.usages = append(c.usages, usageAuthentication)
		}
	}
	return c, nil
}

// wanted is what the key must be that a page asks for. Empty fields want nothing.
type wanted struct {
	Usages []string `json:"extKeyUsageOids"` // all of them
	IIN    string   `json:"iin"`
	BIN    string   `json:"bin"`
	Serial string   `json:"serialNumber"`
}

func (c card) fits(w wanted) bool {
	for _, usage := range w.Usages {
		if !slices.Contains(c.usages, usage) {
			return false
		}
	}
	return (w.IIN == "" || w.IIN == c.iin) && (w.BIN == "" || w.BIN == c.bin) &&
		(w.Serial == "" || strings.EqualFold(w.Serial, c.serial()) || w.Serial == c.certificate.SerialNumber.String())
}

func (c card) serial() string { return c.certificate.SerialNumber.Text(16) }

// name is what the owner is called in the certificate, with the organisation if there is one.
func (c card) name() string {
	name := c.certificate.Subject.CommonName
	if len(c.certificate.Subject.Organization) > 0 {
		name += ", " + c.certificate.Subject.Organization[0]
	}
	return name
}

func (c card) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.certificate.Raw}))
}

// keyInfo is what getKeyInfo answers.
type keyInfo struct {
	Alias                  string `json:"alias"`
	KeyID                  string `json:"keyId"`
	Algorithm              string `json:"algorithm"`
	SubjectCN              string `json:"subjectCn"`
	SubjectDN              string `json:"subjectDn"`
	IssuerCN               string `json:"issuerCn"`
	IssuerDN               string `json:"issuerDn"`
	SerialNumber           string `json:"serialNumber"`
	NotAfter               string `json:"certNotAfter"`  // milliseconds since 1970
	NotBefore              string `json:"certNotBefore"` // milliseconds since 1970
	AuthorityKeyIdentifier string `json:"authorityKeyIdentifier"`
	PEM                    string `json:"pem"`
}

func (c card) info() keyInfo {
	id := hex.EncodeToString(c.certificate.SubjectKeyId)
	return keyInfo{
		Alias: id, KeyID: id, Algorithm: c.algorithm(),
		SubjectCN: c.certificate.Subject.CommonName, SubjectDN: distinguished(c.certificate.Subject),
		IssuerCN: c.certificate.Issuer.CommonName, IssuerDN: distinguished(c.certificate.Issuer),
		SerialNumber: c.serial(),
		NotAfter:     strconv.FormatInt(c.certificate.NotAfter.UnixMilli(), 10),
		NotBefore:    strconv.FormatInt(c.certificate.NotBefore.UnixMilli(), 10),

		AuthorityKeyIdentifier: hex.EncodeToString(c.certificate.AuthorityKeyId), PEM: c.pem(),
	}
}

// algorithm is what the key is for, in the words of the centre's own program as far as x509 knows it.
func (c card) algorithm() string {
	if c.certificate.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		return "ECGOST3410-2015"
	}
	return c.certificate.PublicKeyAlgorithm.String()
}

// labels are the short names of attributes in distinguished names.
var labels = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SURNAME", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.15": "BusinessCategory", "2.5.4.42": "GIVENNAME",
	"1.2.840.113549.1.9.1": "E", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
}

// distinguished writes a name in the order in which it stands in the certificate.
func distinguished(name pkix.Name) string {
	var b strings.Builder
	for i, attribute := range name.Names {
		if i > 0 {
			b.WriteByte(',')
		}
		label := attribute.Type.String()
		if short, known := labels[label]; known {
			label = short
		}
		fmt.Fprintf(&b, "%s=%s", label, escaped.Replace(fmt.Sprint(attribute.Value)))
	}
	return b.String()
}

// escaped marks what would be taken for the end of a value.
var escaped = strings.NewReplacer(`\`, `\\`, ",", `\,`, "+", `\+`, "=", `\=`)
