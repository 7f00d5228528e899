package esdbserver

import (
	"errors"
	"log/slog"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// Options tune a server. The zero value of every field stands for its default.
type Options struct {
	Logger *slog.Logger // default: slog.Default()

	// ReadOnly refuses appends, deletions and tombstones (PERMISSION_DENIED): for auditors and analysts.
	ReadOnly bool

	// CertFile and KeyFile are PEM files. With them the server speaks TLS, and may listen on any address.
	CertFile, KeyFile string
	// Username and Password, if given, are asked of every caller (basic authentication). They need TLS, without which
	// no client sends them; and an address that is not loopback needs them.
	Username, Password string

	// Advertise is the host:port that gossip tells clients; default: where the server listens.
	Advertise string

	MaxAppendSize int           // bytes of data in one append; default and at most eventstore.MaxAppendSize
	WriteTimeout  time.Duration // after which a write that is not on the disk answers ABORTED; default 2 s

	// Faults injects faults into the calls, for tests of clients. Default: none.
	Faults faults.Injector
}

var (
	errCertificate = errors.New("a certificate and its key belong together")
	errCredentials = errors.New("a user name and its password belong together")
	errPlain       = errors.New("a password needs a certificate: without TLS no client sends it")
)

func (o Options) withDefaults() (Options, error) {
	switch {
	case (o.CertFile == "") != (o.KeyFile == ""):
		return o, errCertificate
	case (o.Username == "") != (o.Password == ""):
		return o, errCredentials
	case o.Username != "" && o.CertFile == "":
		return o, errPlain
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MaxAppendSize <= 0 || o.MaxAppendSize > eventstore.MaxAppendSize {
		o.MaxAppendSize = eventstore.MaxAppendSize
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 2 * time.Second
	}
	if o.Faults == nil {
		o.Faults = faults.Script()
	}
	return o, nil
}

func (o Options) tls() bool { return o.CertFile != "" }
