// Package remote asks the services of certification authorities over HTTP: for time stamps, for what became of a
// certificate, for lists of revoked ones. Whom to ask is configured; what stands in certificates is never followed. That
// the answers are signed makes plain HTTP good enough; here it is made sure that they are short, and soon.
package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Timeout is how long a service may take for its answer, unless the context ends earlier. It is for the whole of it.
const Timeout = 2 * time.Minute

const maxRedirects = 3

// Client asks services. Its zero value is not usable: New makes one.
type Client struct{ http *http.Client }

// New makes a client that goes through transport; nil: through one of its own.
func New(transport http.RoundTripper) *Client {
	if transport == nil {
		transport = ownTransport()
	}
	return &Client{http: &http.Client{Transport: transport, Timeout: Timeout, CheckRedirect: sameHost}}
}

func ownTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DisableCompression:     true, // what is read must be what was sent, and no longer
		MaxResponseHeaderBytes: 32 << 10,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}

// sameHost lets a service point elsewhere on its own host, and from plain HTTP to encrypted, but not back: another host
// is not the one that was configured.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if len(before) > maxRedirects || !strings.EqualFold(next.URL.Host, first.Host) ||
		next.URL.Scheme != first.Scheme && next.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// CheckURL tells whether a service can be asked there: an absolute http or https URL.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("not the http or https URL of a service")
	}
	return nil
}

// Post sends a request to a service and returns its answer of at most limit bytes. Errors: *Error.
func (c *Client) Post(ctx context.Context, address, mediaType string, body []byte, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Cause: errors.New("its URL cannot be used")}
	}
	request.Header.Set("Content-Type", mediaType)
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, unreachable(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	return read(answer, limit)
}

// Version tells whether a file has changed since it was fetched, in the words of its server.
type Version struct{ ETag, LastModified string }

// ErrUnchanged says that a file is still the version that one has.
var ErrUnchanged = errors.New("unchanged")

// Get fetches a file of at most limit bytes, unless it is still the version had. Errors: ErrUnchanged, *Error.
func (c *Client) Get(ctx context.Context, address string, had Version, limit int64) ([]byte, Version, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, Version{}, &Error{Cause: errors.New("its URL cannot be used")}
	}
	if had.ETag != "" {
		request.Header.Set("If-None-Match", had.ETag)
	}
	if had.LastModified != "" {
		request.Header.Set("If-Modified-Since", had.LastModified)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, Version{}, unreachable(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	if answer.StatusCode == http.StatusNotModified && had != (Version{}) {
		return nil, had, ErrUnchanged
	}
	body, err := read(answer, limit)
	if err != nil {
		return nil, Version{}, err
	}
	return body, Version{answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")}, nil
}

// Close gives connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func read(answer *http.Response, limit int64) ([]byte, error) {
	if answer.StatusCode != http.StatusOK {
		return nil, &Error{Status: answer.StatusCode}
	}
	if answer.ContentLength > limit {
		return nil, tooLong(limit)
	}
	var body bytes.Buffer
	if answer.ContentLength > 0 {
		body.Grow(int(answer.ContentLength) + bytes.MinRead) // a list can have many megabytes: it is not to be copied about
	}
	switch n, err := body.ReadFrom(io.LimitReader(answer.Body, limit+1)); {
	case err != nil:
		return nil, unreachable(err)
	case n > limit:
		return nil, tooLong(limit)
	}
	return body.Bytes(), nil
}

func tooLong(limit int64) error {
	return &Error{Cause: fmt.Errorf("its answer has more than %d bytes", limit)}
}

// unreachable leaves out the URL that net/http puts into its errors: whoever asked knows whom, and URLs may hold keys.
func unreachable(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	return &Error{Cause: err, passing: true}
}
