package main

import (
	"errors"

	"services.example/portal/cmd/portal/edscheck"
)

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	text string
}

func (e exitError) Error() string { return e.text }

// exitCode is that of a program that ends with an error.
func exitCode(err error) int {
	var own exitError
	switch {
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, edscheck.ErrUnproven):
		return 2
	default:
		return 1
	}
}
