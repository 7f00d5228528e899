package pkcs12

import "errors"

// Errors of Read. They are wrapped in ones that say more, and quote nothing of the file.
var (
	ErrMalformed   = errors.New("pkcs12: malformed")
	ErrUnsupported = errors.New("pkcs12: an algorithm that is not supported")
	ErrPassword    = errors.New("pkcs12: the password is wrong, or the file was changed")
	ErrContents    = errors.New("pkcs12: not one private key with its certificate")
)

// problem is one of the errors, with what it is about.
type problem struct {
	kind   error
	detail string
}

func (p *problem) Error() string { return p.kind.Error() + ": " + p.detail }

func (p *problem) Unwrap() error { return p.kind }

func malformed(detail string) error   { return &problem{ErrMalformed, detail} }
func unsupported(detail string) error { return &problem{ErrUnsupported, detail} }
func contents(detail string) error    { return &problem{ErrContents, detail} }
