//go:build !cgo

package main

// softLimit is how much memory Go uses in a portal that serves before it collects as often as it must, in bytes. The
// caches and tables of the embedded stores are part of it: with less, the portal does little else under load.
const softLimit = 320 << 20
