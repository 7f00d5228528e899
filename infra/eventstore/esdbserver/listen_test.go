package esdbserver_test

import (
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/esdbserver/tlstest"
	"services.example/portal/infra/eventstore/pebblelog"
)

// certificate makes a certificate for 127.0.0.1, its key, and whom a client has to believe.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	certFile, keyFile = tlstest.Certificate(t)
	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return certFile, keyFile, pool
}

func TestTheSocketIsForItsOwnerAlone(t *testing.T) {
	n := start(t, esdbserver.Options{})
	info, err := os.Stat(strings.TrimPrefix(n.server.Addr(), "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
}

func TestASocketThatAKilledServerLeftIsReplaced(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	address := socket(t)
	left, err := net.Listen("unix", strings.TrimPrefix(address, "unix://")) //nolint:noctx // only left behind
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	if _, err := esdbserver.Listen(t.Context(), log, address, esdbserver.Options{}); err == nil {
		t.Fatal("a socket that somebody listens on was replaced")
	}
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	serve(t, log, address, esdbserver.Options{})
}

func TestAFileIsNotReplacedByASocket(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := esdbserver.Listen(t.Context(), log, "unix://"+file, esdbserver.Options{}); err == nil {
		t.Fatal("a file was replaced")
	}
	if kept, err := os.ReadFile(file); err != nil || string(kept) != "kept" {
		t.Errorf("the file holds %q, %v", kept, err)
	}
}

func TestWhereAServerDoesNotListen(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	cert, key, _ := certificate(t)
	const exposed = "needs a certificate, a user name and a password"
	for name, row := range map[string]struct {
		address string
		options esdbserver.Options
		want    string
	}{
		"everywhere without TLS":             {"0.0.0.0:0", esdbserver.Options{}, exposed},
		"everywhere, unsaid":                 {":0", esdbserver.Options{}, exposed},
		"on an address of the network":       {"192.0.2.1:0", esdbserver.Options{}, exposed},
		"on a name":                          {"events.example:0", esdbserver.Options{}, exposed},
		"everywhere without a password":      {"0.0.0.0:0", esdbserver.Options{CertFile: cert, KeyFile: key}, exposed},
		"with a password and without TLS":    {"127.0.0.1:0", esdbserver.Options{Username: "auditor", Password: "p"}, "without TLS no client sends it"},
		"with a user name alone":             {"127.0.0.1:0", esdbserver.Options{Username: "auditor", CertFile: cert, KeyFile: key}, "belong together"},
		"with a certificate and without key": {"127.0.0.1:0", esdbserver.Options{CertFile: cert}, "belong together"},
		"with a file that is no certificate": {"127.0.0.1:0", esdbserver.Options{CertFile: key, KeyFile: key}, "load the certificate"},
		"without a port":                     {"127.0.0.1", esdbserver.Options{}, "missing port"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := esdbserver.Listen(t.Context(), log, row.address, row.options)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q", err, row.want)
			}
		})
	}
}

func TestThePasswordIsAskedOverTLS(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	cert, key, pool := certificate(t)
	server := serve(t, log, "127.0.0.1:0", esdbserver.Options{
		CertFile: cert, KeyFile: key, Username: "auditor", Password: "open sesame",
	})
	for _, row := range []struct {
		name, user, password string
		code                 esdb.ErrorCode
	}{
		{"the right one", "auditor", "open sesame", esdb.ErrorCodeResourceNotFound},
		{"a wrong one", "auditor", "open says me", esdb.ErrorCodeUnauthenticated},
		{"another name", "analyst", "open sesame", esdb.ErrorCodeUnauthenticated},
		{"none", "", "", esdb.ErrorCodeUnauthenticated},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, err := esdb.NewClient(&esdb.Configuration{
				Address: server.Addr(), RootCAs: pool, Username: row.user, Password: row.password,
				DiscoveryInterval: 100, GossipTimeout: 5, MaxDiscoverAttempts: 3,
				KeepAliveInterval: -1, Logger: func(esdb.LogLevel, string, ...any) {},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			read, err := client.ReadStream(t.Context(), "absent", esdb.ReadStreamOptions{From: esdb.Start{}}, 1)
			if err == nil {
				_, err = read.Recv()
			}
			var failed *esdb.Error
			if !errors.As(err, &failed) || failed.Code() != row.code {
				t.Errorf("reading an absent stream: %v, want code %d", err, row.code)
			}
			_, err = client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{}, benchEvent())
			if refused := err != nil; refused != (row.code == esdb.ErrorCodeUnauthenticated) {
				t.Errorf("appending: %v", err)
			}
		})
	}
}
