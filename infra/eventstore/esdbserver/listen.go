package esdbserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

var (
	errExposed = errors.New("an address that other machines reach needs a certificate, a user name and a password")
	errServed  = errors.New("another server listens there")
)

// unixPath recognises the address of a Unix socket, in the forms that gRPC knows.
func unixPath(address string) (path string, ok bool) {
	path, ok = strings.CutPrefix(address, "unix:")
	return strings.TrimPrefix(path, "//"), ok
}

// listen opens the address: a Unix socket for this user alone, or a TCP port.
func listen(ctx context.Context, address string, options *Options) (net.Listener, error) {
	if path, ok := unixPath(address); ok {
		return listenUnix(ctx, path)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if !loopback(host) && (!options.tls() || options.Username == "") {
		return nil, fmt.Errorf("listen on %q: %w", address, errExposed)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return listener, nil
}

// loopback tells whether only this machine reaches the host. Names other than localhost may mean anything tomorrow.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := removeStale(ctx, path); err != nil {
		return nil, fmt.Errorf("listen on socket %s: %w", path, err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protect socket %s: %w", path, err), listener.Close())
	}
	return listener, nil
}

// removeStale removes a socket that a killed server left. Anything else stays, and Listen fails on it.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return nil //nolint:nilerr // nothing there, or nothing of ours
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(errServed, connection.Close())
	}
	return os.Remove(path)
}
