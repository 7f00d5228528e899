// Package trust says whose signatures count: the certification authorities that are believed, each pinned by the SHA-256 of
// its certificate, each within a window of time, each for a purpose. Nothing that comes along with a signature adds to them.
//
// A program holds a list (Embedded) and may replace it by a newer one while it runs: a file that whoever is responsible for
// the list has signed with Ed25519 (Store). Authorities of tests and demos are kept apart by their role; a store for
// production takes none of them.
package trust
