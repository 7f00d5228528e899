//go:build !linux

package esdb

import "net"

// acknowledgedBytes cannot be told here.
func acknowledgedBytes(net.Conn) (n int64, ok bool) { return 0, false }
