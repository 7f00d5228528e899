package pki

import "errors"

// Error says why a signature, a certificate or an answer is refused. Detail is for developers; it names nobody and
// quotes nothing of the input.
type Error struct {
	Code   string
	Detail string
}

// Error gives code and detail.
func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// The codes of Error, and those that its users add. They are words of the API: kept for good.
const (
	CodeMalformed             = "malformed"
	CodeNotAllowed            = "alg-not-allowed"         // an algorithm or a key that must not sign (any more)
	CodeBadSignature          = "bad-signature"           // the key did not make it
	CodeDocChanged            = "doc-changed"             // signed was another document
	CodeUntrusted             = "untrusted-ca"            // no chain to a trusted authority
	CodeExpired               = "cert-expired"            // the signer's certificate
	CodeNotYetValid           = "cert-not-yet-valid"      // the signer's certificate
	CodeNotForSigning         = "cert-not-for-signing"    // its key usage is something else
	CodeRole                  = "cert-role-not-allowed"   // its owner may not sign for the organisation
	CodeWrongIIN              = "wrong-owner-iin"         // it is somebody else's
	CodeWrongBIN              = "wrong-bin"               // of another organisation
	CodeRevoked               = "cert-revoked"            //
	CodeUnknown               = "cert-unknown"            // its authority does not know it
	CodeClockSkew             = "clock-skew"              // the signer's clock is wrong
	CodeTimeStamp             = "time-stamp-invalid"      //
	CodeTestCertificate       = "test-cert-in-production" //
	CodeRevocationUnavailable = "revocation-unavailable"  // nobody says now whether it is revoked
	CodeEvidencePending       = "evidence-pending"        // valid, but not yet provable years later
)

// Malformed is the error of input that is not what it should be.
func Malformed(detail string) error { return &Error{Code: CodeMalformed, Detail: detail} }

func notAllowed(detail string) error { return &Error{Code: CodeNotAllowed, Detail: detail} }

func badSignature(detail string) error { return &Error{Code: CodeBadSignature, Detail: detail} }

func untrusted(detail string) error { return &Error{Code: CodeUntrusted, Detail: detail} }

// IsCode says whether err is an *Error with a code.
func IsCode(err error, code string) bool {
	var fault *Error
	return errors.As(err, &fault) && fault.Code == code
}
