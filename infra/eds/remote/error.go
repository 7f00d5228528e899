package remote

import (
	"errors"
	"fmt"
	"net/http"
)

// Error says why a service gave no answer.
type Error struct {
	Status  int   // of HTTP; 0: there was none
	Cause   error // without Status
	passing bool
}

// Error gives status or cause. What the service said beside that is left out.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the service answered with HTTP status %d", e.Status)
	}
	return "the service gave no answer: " + e.Cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Temporary tells whether the same question may be answered later.
func (e *Error) Temporary() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	case http.StatusNotImplemented:
		return false
	default:
		return e.passing || e.Status >= http.StatusInternalServerError
	}
}

// Temporary tells whether asking once more may help: any error in err's tree says so of itself, the outermost first. An
// error that says nothing of the kind is of the answer or of the question, and lasts.
func Temporary(err error) bool {
	var says interface {
		error
		Temporary() bool
	}
	return errors.As(err, &says) && says.Temporary()
}
