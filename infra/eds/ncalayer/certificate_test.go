package ncalayer_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"services.example/portal/infra/eds/ncalayer"
)

func TestTheCertificateOfThisMachineStaysUntilItEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tls.pem")
	first, err := ncalayer.Certificate(path, made)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		days int
		same bool
	}{{0, true}, {334, true}, {336, false}} {
		got, err := ncalayer.Certificate(path, made.AddDate(0, 0, tc.days))
		if err != nil {
			t.Fatal(err)
		}
		if same := bytes.Equal(got.Leaf.Raw, first.Leaf.Raw); same != tc.same {
			t.Errorf("after %d days it is the same: %t, want %t", tc.days, same, tc.same)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the mode %v, error %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, error %v", left, err)
	}
}

func TestADamagedCertificateIsNotReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tls.pem")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ncalayer.Certificate(path, made); err == nil {
		t.Error("it was taken")
	}
}

func TestTLSIsAcceptedByThoseWhoHaveTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tls.pem")
	certificate, err := ncalayer.Certificate(path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate.Leaf)
	for _, name := range []string{"127.0.0.1", "localhost", "::1"} {
		dialer := &tls.Dialer{Config: &tls.Config{RootCAs: trusted, ServerName: name, MinVersion: tls.VersionTLS12}}
		connection, err := dialer.DialContext(context.WithoutCancel(t.Context()), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = connection.Close()
	}
}
