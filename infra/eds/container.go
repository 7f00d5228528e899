package eds

import (
	"encoding/base64"
	"encoding/pem"
	"strings"
)

const (
	// MaxContainer is the largest signature container that is taken, in bytes.
	MaxContainer = 64 << 10
	// MaxEvidence is the largest piece of evidence that is kept, in bytes: a long list of revoked certificates.
	MaxEvidence = 64 << 20
)

// Decode reads a signature container as browsers hand it in: base64, in lines or not, or PEM, which the signing program
// of the national certification centre gives. Error: malformed.
func Decode(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-----BEGIN ") {
		block, rest := pem.Decode([]byte(text))
		if block == nil || len(block.Bytes) == 0 || len(block.Headers) > 0 || strings.TrimSpace(string(rest)) != "" {
			return nil, Refused("malformed")
		}
		switch block.Type {
		case "CMS", "PKCS7":
			return block.Bytes, nil
		default:
			return nil, Refused("malformed")
		}
	}
	der, err := base64.StdEncoding.Strict().DecodeString(text) // it skips line ends by itself
	if err != nil || len(der) == 0 {
		return nil, Refused("malformed")
	}
	return der, nil
}
