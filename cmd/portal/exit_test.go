package main

import (
	"errors"
	"fmt"
	"testing"

	"services.example/portal/cmd/portal/edscheck"
)

func TestTheExitCodeOfAnError(t *testing.T) {
	t.Parallel()
	own := exitError{7, "seven"}
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"any":                        {errors.New("any"), 1},
		"its own":                    {own, 7},
		"wrapped":                    {fmt.Errorf("checking: %w", own), 7},
		"among others":               {errors.Join(errors.New("any"), own), 7},
		"not everything is proven":   {errors.Join(nil, edscheck.ErrUnproven), 2},
		"says the same, is no other": {errors.New(own.Error()), 1},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%s: code %d, want %d", name, got, test.want)
		}
	}
}
