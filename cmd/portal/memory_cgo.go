//go:build cgo

package main

// softLimit is how much memory Go uses in a portal that serves before it collects as often as it must, in bytes. The
// embedded stores' caches and tables come on top: they have theirs from C.
const softLimit = 184 << 20
