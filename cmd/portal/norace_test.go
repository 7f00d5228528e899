//go:build !race

package main_test

// buildFlags builds the portal as it is built for users.
var buildFlags []string
