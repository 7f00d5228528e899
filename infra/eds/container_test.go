package eds_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
)

func TestAContainerIsReadAsBrowsersGiveIt(t *testing.T) {
	t.Parallel()
	der := bytes.Repeat([]byte{0x30, 0x82, 0xff}, 50)
	plain := base64.StdEncoding.EncodeToString(der)
	for name, text := range map[string]string{
		"base64":                       plain,
		"base64 in lines":              plain[:64] + "\r\n" + plain[64:] + "\n",
		"PEM of the signing program":   string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der})),
		"PEM of other programs":        string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der})),
		"PEM with blanks around it":    "\n  " + string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der})) + "  \n",
		"base64 with blanks around it": "  " + plain + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := eds.Decode(text); err != nil || !bytes.Equal(got, der) {
				t.Errorf("read %x, error %v; want %x", got, err, der)
			}
		})
	}
}

func TestWhatIsNoContainerIsRefused(t *testing.T) {
	t.Parallel()
	block := string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: []byte("x")}))
	for name, text := range map[string]string{
		"nothing":                "",
		"blanks":                 " \n ",
		"words":                  "қол қойылды",
		"base64 of URLs":         "-_8=",
		"base64 without its end": "MII",
		"a certificate":          string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})),
		"PEM with headers":       string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Headers: map[string]string{"a": "b"}, Bytes: []byte("x")})),
		"PEM cut short":          block[:len(block)-8],
		"two containers":         block + block,
		"an empty container":     string(pem.EncodeToMemory(&pem.Block{Type: "CMS"})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := eds.Decode(text); !problem.Has(err, "malformed") || got != nil {
				t.Errorf("read %x, error %v; want malformed", got, err)
			}
		})
	}
}

func TestAPortalWithoutAVerifierTakesNoSignature(t *testing.T) {
	t.Parallel()
	if _, err := (eds.None{}).Verify(t.Context(), eds.Signature{}); !problem.Has(err, "signing-unavailable") {
		t.Errorf("answered %v, want signing-unavailable", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("MAA=")
	f.Add("-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		der, err := eds.Decode(text)
		if (err == nil) != (len(der) > 0) {
			t.Fatalf("read %x, error %v", der, err)
		}
		if err != nil {
			return
		}
		again, err := eds.Decode(base64.StdEncoding.EncodeToString(der))
		if err != nil || !bytes.Equal(again, der) {
			t.Fatalf("written and read again: %x, error %v; want %x", again, err, der)
		}
	})
}
