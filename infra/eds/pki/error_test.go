package pki_test

import (
	"errors"
	"fmt"
	"testing"

	"services.example/portal/infra/eds/pki"
)

func TestAnErrorIsKnownByItsCode(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading a list: %w", pki.Malformed("a date"))
	if got := err.Error(); got != "reading a list: malformed: a date" {
		t.Errorf("it reads %q", got)
	}
	if !pki.IsCode(err, pki.CodeMalformed) || pki.IsCode(err, pki.CodeUntrusted) || pki.IsCode(errors.New("malformed"), pki.CodeMalformed) || pki.IsCode(nil, "") {
		t.Error("its code is not told from others")
	}
}
