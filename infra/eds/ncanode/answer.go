package ncanode

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// answer is what the server says about a signature: of its words those that are used here.
type answer struct {
	Valid   bool     `json:"valid"`
	Signers []signer `json:"signers"`
}

type signer struct {
	Certificates []certificate `json:"certificates"`
	TSP          *timeStamp    `json:"tsp"`
}

type certificate struct {
	Valid        bool     `json:"valid"`
	Revocations  []status `json:"revocations"`
	KeyUsage     string   `json:"keyUsage"`
	SerialNumber string   `json:"serialNumber"` // hexadecimal
	KeyUser      []string `json:"keyUser"`
	Signature    []byte   `json:"signature"` // the issuer's, in the certificate
	Subject      subject  `json:"subject"`
}

type subject struct {
	IIN string `json:"iin"`
	BIN string `json:"bin"`
}

type status struct {
	Revoked        bool   `json:"revoked"`
	By             string `json:"by"`
	RevocationTime moment `json:"revocationTime"`
	Reason         string `json:"reason"`
}

// source is who says so, as a word that may stand in a report.
func (s status) source() string {
	switch s.By {
	case "OCSP", "CRL":
		return s.By
	default:
		return "an unknown source"
	}
}

type timeStamp struct {
	Hash string `json:"hash"` // hexadecimal, what was stamped
}

// moment is a time as the server's library writes them: in milliseconds, or in one of the forms of ISO 8601.
type moment struct{ time.Time }

var momentForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05-0700"}

// UnmarshalJSON reads a time; null is the zero time.
func (m *moment) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	if milliseconds, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		m.Time = time.UnixMilli(milliseconds).UTC()
		return nil
	}
	var words string
	if err := json.Unmarshal(text, &words); err != nil {
		return errors.New("a time that is neither a number nor a string")
	}
	for _, form := range momentForms {
		if at, err := time.Parse(form, words); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	return errors.New("a time in a form that is not known")
}
