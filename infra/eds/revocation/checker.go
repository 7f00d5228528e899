package revocation

import (
	"context"
	"errors"
	"time"

	"services.example/portal/infra/eds/pki"
)

// Source knows what became of certificates. Error: it cannot say.
type Source interface {
	Status(ctx context.Context, q Query) (Status, error)
}

// Checker asks its sources in order: usually a responder first, lists next.
type Checker struct {
	Sources []Source
	Timeout time.Duration // for each source; 0: as long as the context lasts
}

// Check answers with what the first source says that can say anything, be it that the certificate is unknown: a list
// without it would make an unknown one look good. Error: *UnavailableError.
func (c *Checker) Check(ctx context.Context, q Query) (Status, error) {
	failed := &UnavailableError{}
	for _, source := range c.Sources {
		status, err := c.ask(ctx, source, q)
		if err == nil {
			return status, nil
		}
		failed.Causes = append(failed.Causes, err)
		if ctx.Err() != nil {
			break
		}
	}
	return Status{}, failed
}

func (c *Checker) ask(ctx context.Context, source Source, q Query) (Status, error) {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	return source.Status(ctx, q)
}

// UnavailableError says that nobody says now whether a certificate was revoked. To errors.As it is an *pki.Error with
// revocation-unavailable too.
type UnavailableError struct{ Causes []error } // of each source that was asked

// Error gives code and causes.
func (e *UnavailableError) Error() string {
	if len(e.Causes) == 0 {
		return pki.CodeRevocationUnavailable + ": there is nobody to ask"
	}
	return pki.CodeRevocationUnavailable + ": " + errors.Join(e.Causes...).Error()
}

// Unwrap gives the causes.
func (e *UnavailableError) Unwrap() []error { return e.Causes }

// As makes an *pki.Error of it.
func (e *UnavailableError) As(target any) bool {
	if to, is := target.(**pki.Error); is {
		*to = &pki.Error{Code: pki.CodeRevocationUnavailable, Detail: "no source could say whether the certificate was revoked"}
		return true
	}
	return false
}

// Temporary is true: responders come back, and lists are renewed.
func (e *UnavailableError) Temporary() bool { return true }
