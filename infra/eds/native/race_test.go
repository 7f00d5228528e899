//go:build race

package native_test

// slower is by what factor the race detector slows a verification down.
const slower = 10
