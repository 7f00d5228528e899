package esdb_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/esdbserver/tlstest"
)

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// journal keeps what is logged, also by what has not quite ended when it is read.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

const (
	user   = "portal"
	secret = "Xq7-geheim:%"
)

func TestCertificatesAndCredentials(t *testing.T) {
	certFile, keyFile := tlstest.Certificate(t)
	n := startNode(t, nil)
	server, err := esdbserver.Listen(t.Context(), n.log, "127.0.0.1:0", esdbserver.Options{
		Logger: quiet, CertFile: certFile, KeyFile: keyFile, Username: user, Password: secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		server.Stop(ctx)
		if err := <-serving; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	dir := t.TempDir()
	right, wrong := filepath.Join(dir, "right"), filepath.Join(dir, "wrong")
	write(t, right, []byte(user+":"+secret+"\n"))
	write(t, wrong, []byte(user+":not "+secret))
	plain, cluster := "esdb://"+server.Addr(), "esdb://"+server.Addr()+","+nobody

	for name, row := range map[string]struct {
		options esdb.Options
		refused string // part of the error; "" if it works
	}{
		"a file of credentials":       {esdb.Options{Connection: plain, CAFile: certFile, CredentialsFile: right}, ""},
		"a cluster":                   {esdb.Options{Connection: cluster, CAFile: certFile, CredentialsFile: right}, ""},
		"a client certificate too":    {esdb.Options{Connection: plain, CAFile: certFile, CertFile: certFile, KeyFile: keyFile, CredentialsFile: right}, ""},
		"credentials of the options":  {esdb.Options{Connection: plain, CAFile: certFile, Username: user, Password: secret}, ""},
		"credentials of the address":  {esdb.Options{Connection: "esdb://portal:Xq7-geheim%3A%25@" + server.Addr() + "?tlsCaFile=" + certFile}, ""},
		"a certificate not looked at": {esdb.Options{Connection: plain + "?tlsVerifyCert=false", CredentialsFile: right}, ""},
		"wrong credentials":           {esdb.Options{Connection: plain, CAFile: certFile, CredentialsFile: wrong}, "refuses access"},
		"no credentials":              {esdb.Options{Connection: plain, CAFile: certFile}, "refuses access"},
		"an unknown certificate":      {esdb.Options{Connection: plain, CredentialsFile: right}, "certificate"},
		"no TLS":                      {esdb.Options{Connection: plain + "?tls=false", CredentialsFile: right}, "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			var logged journal
			row.options.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			store := open(t, row.options)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			_, err := store.Append(ctx, "thing-1", eventstore.Any, made("thing-1", 0))
			switch {
			case row.refused == "" && err != nil:
				t.Errorf("append: %v", err)
			case row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)):
				t.Errorf("got error %v, want one about %q", err, row.refused)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") || strings.Contains(logged.String(), "geheim") {
				t.Error("the password was told")
			}
		})
	}
}

func TestOptionsThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	certFile, keyFile := tlstest.Certificate(t)
	bad := filepath.Join(t.TempDir(), "bad")
	write(t, bad, []byte(secret))
	for name, options := range map[string]esdb.Options{
		"no connection":                  {},
		"a password in a bad connection": {Connection: "esdb://u:" + secret + "@a"},
		"a CA file that is not there":    {Connection: "esdb://a", CAFile: "/nowhere"},
		"a CA file that is none":         {Connection: "esdb://a", CAFile: bad},
		"a certificate without a key":    {Connection: "esdb://a", CertFile: certFile},
		"a key that is none":             {Connection: "esdb://a", CertFile: certFile, KeyFile: bad},
		"a key without a certificate":    {Connection: "esdb://a", KeyFile: keyFile},
		"credentials that are not there": {Connection: "esdb://a", CredentialsFile: "/nowhere"},
		"credentials without a user":     {Connection: "esdb://a", CredentialsFile: certFile},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := esdb.Open(options)
			if err == nil {
				t.Fatal("was accepted")
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}
