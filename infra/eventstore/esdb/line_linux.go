package esdb

import (
	"net"

	"golang.org/x/sys/unix"
)

// acknowledgedBytes is how many of the bytes sent the other end's system has acknowledged; false where that cannot be
// told, as of a socket of this machine.
func acknowledgedBytes(connection net.Conn) (n int64, ok bool) {
	tcp, ok := connection.(*net.TCPConn)
	if !ok {
		return 0, false
	}
	ok = false
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		info, infoErr := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if infoErr == nil {
			n, ok = int64(info.Bytes_acked), true
		}
	})
	return n, ok && err == nil
}
