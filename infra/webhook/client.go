// Package webhook sends signed requests to other systems' addresses, and to no address that is not theirs: what somebody
// entered must never make the portal talk to its own network.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Options are how a Client sends.
type Options struct {
	// Allowed are networks that may be sent to though they are private: the receivers in one's own house.
	Allowed []netip.Prefix
	Timeout time.Duration // of a request with its answer; 0: 15 seconds
	TLS     *tls.Config   // nil: the system's certificates
	Names   *net.Resolver // nil: the system's
}

// Client sends requests. It is safe for use by many goroutines.
type Client struct {
	http    *http.Client
	timeout time.Duration
}

const (
	usualTimeout  = 15 * time.Second
	mostOfAnswer  = 64 << 10 // bytes that are read of an answer: more is not worth keeping the connection
	mostOfHeaders = 16 << 10 // bytes
)

// New makes a client. It follows no redirection, uses no proxy and keeps no cookie.
func New(options Options) *Client {
	guard := guard{allowed: options.Allowed}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Resolver: options.Names, ControlContext: guard.control}
	config := options.TLS.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c := &Client{timeout: options.Timeout}
	if c.timeout <= 0 {
		c.timeout = usualTimeout
	}
	c.http = &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: config, TLSHandshakeTimeout: 5 * time.Second,
			ForceAttemptHTTP2: true, MaxIdleConns: 100, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: mostOfHeaders, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Post sends a body and answers with the status. Of the answer nothing else counts. The texts of errors are codes, and name no
// part of the address: ErrForbidden, ErrTimeout, ErrName, ErrTLS, ErrRefused, ErrNetwork; the context's.
func (c *Client) Post(ctx context.Context, address string, header map[string]string, body []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, errAddress
	}
	request.Header.Set("User-Agent", "portal-webhooks/1")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request) // where it goes is checked by the guard, after names were resolved
	if err != nil {
		return 0, withoutAddress(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if _, err := io.CopyN(io.Discard, response.Body, mostOfAnswer); err != nil && !errors.Is(err, io.EOF) {
		return 0, withoutAddress(err)
	}
	return response.StatusCode, nil
}

var errAddress = errors.New("address-wrong")

// withoutAddress leaves out where a request went: addresses may hold secrets, and errors are logged.
func withoutAddress(err error) error {
	var where *url.Error
	if errors.As(err, &where) {
		err = where.Err
	}
	switch {
	case errors.Is(err, ErrForbidden):
		return ErrForbidden
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case isTimeout(err):
		return ErrTimeout
	default:
		return classify(err)
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// The ways in which a request fails before there is an answer.
var (
	ErrTimeout = errors.New("timeout")
	ErrName    = errors.New("name-not-found")
	ErrTLS     = errors.New("tls-failed")
	ErrRefused = errors.New("connection-refused")
	ErrNetwork = errors.New("network-error")
)

func classify(err error) error {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return ErrName
	case errors.As(err, &certificate), errors.As(err, &record):
		return ErrTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrRefused
	default:
		return ErrNetwork
	}
}
