package dev

import "services.example/portal/infra/eds/pki"

// Person is somebody who signs in a demo.
type Person struct {
	Name         string
	IIN          string
	BIN          string // of the organisation for which the person signs; empty: for nobody but the person
	Organization string
	Role         pki.Role // empty: the head of the organisation, or an individual
}

// Prefixes of numbers in a subject.
const (
	iinPrefix = "IIN"
	binPrefix = "BIN"
)
