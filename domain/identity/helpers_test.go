package identity_test

import (
	"errors"
	"testing"

	"services.example/portal/domain/identity"
)

// complete adds the check digit to eleven digits.
func complete(t *testing.T, eleven string) string {
	t.Helper()
	digit, ok := identity.CheckDigit(eleven)
	if !ok {
		t.Fatalf("%s has no check digit", eleven)
	}
	return eleven + string(digit)
}

// faultOf gives the code of a fault, and nothing for nil.
func faultOf(err error) string {
	if err == nil {
		return ""
	}
	if fault, ok := errors.AsType[*identity.Error](err); ok {
		return fault.Code
	}
	return "not a fault: " + err.Error()
}

// wantParsed checks that a parser gave either this value or this fault.
func wantParsed(t *testing.T, got string, err error, want, fault string) {
	t.Helper()
	if code := faultOf(err); code != fault {
		t.Fatalf("fault %q, want %q", code, fault)
	}
	if fault != "" {
		want = ""
	}
	if got != want {
		t.Fatalf("value %q, want %q", got, want)
	}
}
