// Package blackbox tests the portal as people have it: the built binary, over HTTP, with its files and signals.
package blackbox
