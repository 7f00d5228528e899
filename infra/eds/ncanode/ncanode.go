package ncanode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
)

const (
	// MaxDocument is the size of the largest document that is sent to the server, in bytes.
	MaxDocument = 32 << 20
	// Timeout is how long the server may take for its answer; it asks others itself.
	Timeout = 30 * time.Second

	// atOnce is how many signatures are verified at a time: each holds its document in memory.
	atOnce = 4
	// retryAfter is when a signature may be handed in again that could not be checked.
	retryAfter = time.Minute
)

// Options say where the server is.
type Options struct {
	URL       string            // https://…, or http:// on this machine; user:password@ for a proxy in front of it
	Transport http.RoundTripper // nil: one of its own
}

// Verifier asks a NCANode server.
type Verifier struct {
	endpoint       string
	user, password string
	client         *http.Client
	places         chan struct{} // one for each verification that goes on
}

var _ eds.Verifier = (*Verifier)(nil)

var errURL = errors.New("the URL of NCANode: not https://host/path, nor http:// on this machine")

// New makes a verifier. It does not ask whether the server is there.
func New(o Options) (*Verifier, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) ||
		u.RawQuery != "" || u.Fragment != "" {
		return nil, errURL // which may hold a password
	}
	v := &Verifier{places: make(chan struct{}, atOnce)}
	v.user = u.User.Username()
	v.password, _ = u.User.Password()
	endpoint := *u
	endpoint.User = nil
	endpoint.Path = strings.TrimSuffix(u.Path, "/") + "/cms/verify"
	v.endpoint = endpoint.String()
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{
			MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
			MaxResponseHeaderBytes: 32 << 10, ForceAttemptHTTP2: true,
		}
	}
	v.client = &http.Client{
		Transport: transport, Timeout: Timeout,
		// Documents are never carried on to where a server points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return v, nil
}

// loopback tells whether a host is this machine: there plain HTTP is good enough.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close gives connections back.
func (v *Verifier) Close() error {
	v.client.CloseIdleConnections()
	return nil
}

var errNobody = errors.New("verifying a signature: nobody is named whose it must be")

// Verify checks a signature here, then lets the server check it. Codes: malformed, alg-not-allowed, doc-changed,
// bad-signature, clock-skew, time-stamp-invalid, cert-expired, cert-not-yet-valid, untrusted-ca, cert-not-for-signing,
// cert-role-not-allowed, wrong-owner-iin, wrong-bin, cert-revoked, cert-unknown; signing-unavailable (503) if the server gives
// no answer or one that is not about this signature, revocation-unavailable (503) if it could not find out about revocation.
func (v *Verifier) Verify(ctx context.Context, s eds.Signature) (eds.Report, error) {
	if s.IIN == "" && s.BIN == "" {
		return eds.Report{}, errNobody
	}
	select {
	case v.places <- struct{}{}:
		defer func() { <-v.places }()
	case <-ctx.Done():
		return eds.Report{}, fmt.Errorf("waiting to verify a signature: %w", ctx.Err())
	}
	document, err := io.ReadAll(io.LimitReader(s.Document, MaxDocument+1))
	if err != nil {
		return eds.Report{}, fmt.Errorf("reading the document that was signed: %w", err)
	}
	if len(document) > MaxDocument {
		return eds.Report{}, fmt.Errorf("verifying a signature: the document has more than %d bytes", MaxDocument)
	}
	e := examine(s, document)
	if e.refused() {
		return e.conclude()
	}
	said, err := v.ask(ctx, s.CMS, document, e.signed.Attached)
	if err != nil {
		return eds.Report{}, unavailable(ctx, err)
	}
	if err := e.believe(said); err != nil {
		return eds.Report{}, unavailable(ctx, err)
	}
	return e.conclude()
}

// unavailable is the answer to a signature that could not be checked; why is for whoever runs the portal.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("asking NCANode: %w", ctx.Err())
	}
	var known *problem.Problem
	if errors.As(err, &known) {
		return known
	}
	slog.ErrorContext(ctx, "NCANode cannot be relied on", "error", err)
	return &problem.Problem{Kind: problem.Unavailable, Code: "signing-unavailable", RetryAfter: retryAfter}
}
