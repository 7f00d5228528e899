//go:build !race

package native_test

// slower is by what factor tests may be slower than a program in production.
const slower = 1
