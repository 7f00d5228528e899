package edstest

import (
	"errors"
	"os"
	"testing"

	"services.example/portal/infra/eds/pki"
)

// Missing skips a test for which something is missing on this machine, or fails it where CI is set.
func Missing(tb testing.TB, missing error) {
	tb.Helper()
	if os.Getenv("CI") != "" {
		tb.Fatal(missing)
	}
	tb.Skip(missing)
}

// Made fails the test unless something could be made.
func Made[T any](tb testing.TB, value T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// Refused fails the test unless something is refused with a code; empty: it must not be.
func Refused(tb testing.TB, err error, code string) {
	tb.Helper()
	var fault *pki.Error
	switch {
	case code == "" && err != nil:
		tb.Errorf("refused: %v", err)
	case code != "" && (!errors.As(err, &fault) || fault.Code != code):
		tb.Errorf("answered %v, want %s", err, code)
	}
}
