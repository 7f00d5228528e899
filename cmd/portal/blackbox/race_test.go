//go:build race

package blackbox_test

// buildFlags builds the portal like its tests: what it says of a data race fails them.
var buildFlags = []string{"-race"}
