package mongokeys_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/keyring"
	"services.example/portal/infra/keyring/mongokeys"
	"services.example/portal/infra/readstore/mongostore/mongotest"
)

const subject = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"

func TestMain(m *testing.M) {
	code := m.Run()
	mongotest.Stop()
	os.Exit(code)
}

func slots(t *testing.T, url string) *mongokeys.Slots {
	t.Helper()
	s, err := mongokeys.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestProcessesShareTheKeysInMongoDB(t *testing.T) {
	t.Parallel()
	url, master := mongotest.URL(t), keyring.NewMaster()
	secrets := make([][]byte, 4)
	var running sync.WaitGroup
	for i := range secrets {
		place := slots(t, url)
		running.Go(func() {
			ring, err := keyring.OpenShared(t.Context(), place, master)
			if err == nil {
				err = ring.Create(t.Context(), subject)
			}
			if err == nil {
				secrets[i], err = ring.Secret(t.Context(), subject, "test")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	for i, secret := range secrets {
		if secret == nil || !bytes.Equal(secret, secrets[0]) {
			t.Errorf("process %d has another key", i)
		}
	}
}

func TestErasureNewMasterAndBackupInMongoDB(t *testing.T) {
	t.Parallel()
	place, former, next := slots(t, mongotest.URL(t)), keyring.NewMaster(), keyring.NewMaster()
	ctx := t.Context()
	ring, err := keyring.OpenShared(ctx, place, former)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ring.Create(ctx, subject), ring.Destroy(ctx, subject)); err != nil {
		t.Fatal(err)
	}
	pepper, err := ring.Named(ctx, "pepper")
	if err != nil {
		t.Fatal(err)
	}
	if ring, err = keyring.OpenShared(ctx, place, next, former); err != nil {
		t.Fatal(err)
	}
	if err := ring.Rewrap(ctx); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "backup")
	if err := ring.Backup(ctx, dir); err != nil {
		t.Fatal(err)
	}
	restored, err := keyring.Open(dir, next)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = restored.Close() })
	if again, err := restored.Named(ctx, "pepper"); err != nil || !bytes.Equal(again, pepper) {
		t.Errorf("the secret has changed, error %v", err)
	}
	if _, err := restored.AEAD(ctx, subject); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("the destroyed key: %v", err)
	}
}

func TestWithoutAServerTheKeyringIsUnavailable(t *testing.T) {
	t.Parallel()
	place := slots(t, "mongodb://127.0.0.1:1/portal")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := keyring.OpenShared(ctx, place, keyring.NewMaster()); !errors.Is(err, codec.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

func TestAURLThatIsNoneIsNotQuoted(t *testing.T) {
	t.Parallel()
	if _, err := mongokeys.Open("mongodb://user:p4ssw0rd@"); err == nil || strings.Contains(err.Error(), "p4ss") {
		t.Errorf("error %v", err)
	}
}
