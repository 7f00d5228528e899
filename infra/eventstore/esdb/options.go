package esdb

import (
	"log/slog"
	"time"
)

// Options say where the event store is and how to reach it. Only Connection is needed.
type Options struct {
	// Connection is esdb://host:port for one server, esdb://a:port,b:port,c:port or esdb+discover://name:port for a
	// cluster, or unix:///path for a socket of this machine. Settings follow a question mark as for every client of
	// EventStoreDB: tls, tlsVerifyCert, tlsCaFile, userCertFile, userKeyFile, keepAliveInterval, keepAliveTimeout,
	// defaultDeadline (milliseconds). A user and a password may be part of it, but then they are where the
	// configuration is; CredentialsFile is the better place.
	Connection string

	// Username and Password win over those of Connection. Without TLS they are not sent.
	Username, Password string
	// CredentialsFile holds a user and a password with a colon between them. It wins over everything else and is read
	// anew for every connection, so that a password can be changed without a restart.
	CredentialsFile string

	// CAFile has the certificates that sign the servers'; CertFile and KeyFile identify this client. PEM. They win over
	// those of Connection.
	CAFile, CertFile, KeyFile string

	// AttemptTimeout bounds one attempt of a call, not the call: when it has passed, the connection is doubted and the
	// call repeated. What is large has as much more time as it takes on a slow line. Default 3 s, which is more than the
	// server gives itself for an append. A server that is gone is noticed sooner.
	AttemptTimeout time.Duration
	// ConnectTimeout bounds an attempt to connect, in whole seconds. Default 2 s. Further attempts do not wait for that.
	ConnectTimeout time.Duration
	// InFlight is how many calls may be under way on each of the two connections; more wait. Default 256.
	InFlight int

	// Logger gets what an operator must know; what the client says goes to it at debug level. Default: slog.Default().
	Logger *slog.Logger
}

// The bounds of what is kept for a subscription until it is asked for.
const (
	bufferedEvents = 2048
	bufferedBytes  = 4 << 20
)

// searchWindow is after how many events a filtered subscription is told how far the server has come.
const searchWindow = 1000

func (o Options) withDefaults() Options {
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = 3 * time.Second
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 2 * time.Second
	}
	o.ConnectTimeout = max(o.ConnectTimeout.Round(time.Second), time.Second)
	if o.InFlight <= 0 {
		o.InFlight = 256
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
