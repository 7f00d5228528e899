package esdb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// dialer makes generations.
type dialer struct {
	options Options
	target  target
	roots   *x509.CertPool // nil: the system's
	logger  *slog.Logger
	ctx     context.Context //nolint:containedctx // the store's life: a search for the leader ends with it
}

// The client pings a silent connection every so often, and gives it up without an answer in time: the largest append may
// be on its way, and the ping behind it. That is for connections that nobody uses: others are watched by pulse.go.
const (
	keepAliveInterval = 10 * time.Second // gRPC allows no less
	keepAliveTimeout  = 40 * time.Second
)

func newDialer(ctx context.Context, options Options) (*dialer, error) {
	t, err := parseConnection(options.Connection)
	if err != nil {
		return nil, fmt.Errorf("the connection string of the event store: %w", err)
	}
	override(&t.caFile, options.CAFile)
	override(&t.certFile, options.CertFile)
	override(&t.keyFile, options.KeyFile)
	if options.Username != "" {
		t.username, t.password = options.Username, options.Password
	}
	if (t.certFile == "") != (t.keyFile == "") {
		return nil, errors.New("a client certificate of the event store needs both its file and that of its key")
	}
	if t.deadline > 0 {
		options.AttemptTimeout = t.deadline
	}
	d := &dialer{options: options, target: t, logger: options.Logger, ctx: ctx}
	if d.roots, err = readRoots(t.caFile); err != nil {
		return nil, err
	}
	if _, err := d.certificates(); err != nil {
		return nil, err
	}
	username, _, err := d.credentials()
	if err != nil {
		return nil, err
	}
	if username != "" && t.plain {
		options.Logger.WarnContext(ctx, "the user and password of the event store are not sent without TLS")
	}
	return d, nil
}

func override(value *string, with string) {
	if with != "" {
		*value = with
	}
}

func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates that the event store's are checked with: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("there is no certificate in PEM form in %s", file)
	}
	return roots, nil
}

// certificates are this client's own, read anew for every connection.
func (d *dialer) certificates() ([]tls.Certificate, error) {
	if d.target.certFile == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(d.target.certFile, d.target.keyFile)
	if err != nil {
		return nil, fmt.Errorf("read the client certificate for the event store: %w", err)
	}
	return []tls.Certificate{certificate}, nil
}

func (d *dialer) credentials() (username, password string, err error) {
	if d.options.CredentialsFile == "" {
		return d.target.username, d.target.password, nil
	}
	data, err := os.ReadFile(d.options.CredentialsFile)
	if err != nil {
		return "", "", fmt.Errorf("read the event store's credentials: %w", err)
	}
	username, password, found := strings.Cut(strings.TrimRight(string(data), "\r\n"), ":")
	if !found || username == "" || password == "" {
		return "", "", fmt.Errorf("%s does not hold a user and a password with a colon between them", d.options.CredentialsFile)
	}
	return username, password, nil
}

// dial connects to the leader, where that is known or can be found.
func (d *dialer) dial(leader string) (*generation, error) {
	address := leader
	if address == "" {
		var err error
		if address, err = d.find(); err != nil {
			return nil, err
		}
	}
	g := newGeneration(d.logger)
	var err error
	if g.transport, err = d.transport(""); err != nil {
		return nil, err
	}
	watching, forget := watch(g, address)
	g.forget = forget
	configuration, err := d.configuration(watching)
	if err != nil {
		forget()
		return nil, err
	}
	configuration.Logger = g.log
	if g.client, err = client.NewClient(configuration); err != nil {
		forget()
		return nil, fmt.Errorf("make an event store client: %w", err)
	}
	if err := g.connect(); err != nil {
		g.end()
		g.close()
		forget()
		return nil, fmt.Errorf("connect to the event store at %s: %w", address, err)
	}
	return g, nil
}

// transport are the credentials of a connection, such as the client makes. The name is that which the server's certificate
// must have; "" for that of its address.
func (d *dialer) transport(name string) (credentials.TransportCredentials, error) {
	if d.target.plain {
		return insecure.NewCredentials(), nil
	}
	certificates, err := d.certificates()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: d.roots, Certificates: certificates, ServerName: name,
		InsecureSkipVerify: d.target.anyCert, //nolint:gosec // only when the operator says so
	}), nil
}

// connect asks the client for what it learns while it connects. It takes no longer than the client's gossip timeout.
func (g *generation) connect() (err error) {
	defer guard(&err)
	_, err = g.client.GetServerVersion()
	return err
}

// configuration makes the client connect once, to one address: what it does when that fails is our business.
func (d *dialer) configuration(address string) (*client.Configuration, error) {
	t := &d.target
	username, password, err := d.credentials()
	if err != nil {
		return nil, err
	}
	if _, err := d.certificates(); err != nil {
		return nil, err // the client reads them again; that they can be read is known before it tries
	}
	interval, timeout := t.keepAliveInterval, t.keepAliveTimeout
	if interval == 0 {
		interval = keepAliveInterval
	}
	if timeout <= 0 {
		timeout = keepAliveTimeout
	}
	attempt := d.options.AttemptTimeout
	return &client.Configuration{
		Address:                     address,
		DisableTLS:                  t.plain,
		NodePreference:              client.NodePreferenceLeader,
		Username:                    username,
		Password:                    password,
		RootCAs:                     d.roots,
		UserCertFile:                t.certFile,
		UserKeyFile:                 t.keyFile,
		SkipCertificateVerification: t.anyCert,
		MaxDiscoverAttempts:         1,
		GossipTimeout:               int(d.options.ConnectTimeout / time.Second),
		KeepAliveInterval:           interval,
		KeepAliveTimeout:            timeout,
		DefaultDeadline:             &attempt,
	}, nil
}
