//go:build !race

package blackbox_test

// buildFlags builds the portal as it is built for users.
var buildFlags []string
