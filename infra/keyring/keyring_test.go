package keyring_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/keyring"
)

const (
	slotSize = 128
	anna     = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
	boris    = "1c9f5d2f-8b68-5d17-9b62-1b8d8e203f44"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string, master keyring.Master) *keyring.Keyring {
	t.Helper()
	ring, err := keyring.Open(dir, master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ring.Close(); err != nil {
			t.Error(err)
		}
	})
	return ring
}

func create(t *testing.T, ring *keyring.Keyring, subjects ...string) {
	t.Helper()
	for _, subject := range subjects {
		if err := ring.Create(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
	}
}

// sealed is a text under the subject's key; opened is the way back.
func sealed(t *testing.T, ring *keyring.Keyring, subject, text string) []byte {
	t.Helper()
	aead, err := ring.AEAD(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, []byte(text), nil)
}

func opened(t *testing.T, ring *keyring.Keyring, subject string, sealed []byte) string {
	t.Helper()
	aead, err := ring.AEAD(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func file(dir string) string { return filepath.Join(dir, "keys") }

func read(t *testing.T, dir string) []byte {
	t.Helper()
	content, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, dir string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file(dir), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeysSurviveARestart(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, master)
	create(t, ring, anna, boris, anna)
	text := sealed(t, ring, anna, "сәлем")
	secret, err := ring.Secret(t.Context(), anna, "files")
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}

	ring = open(t, dir, master)

	if got := opened(t, ring, anna, text); got != "сәлем" {
		t.Errorf("opened %q", got)
	}
	again, err := ring.Secret(t.Context(), anna, "files")
	if err != nil || !bytes.Equal(secret, again) {
		t.Errorf("the derived secret changed; error %v", err)
	}
	if size := len(read(t, dir)); size != 3*slotSize {
		t.Errorf("the file has %d bytes, want a header and two slots", size)
	}
}

func TestSubjectsHaveKeysOfTheirOwn(t *testing.T) {
	ring := open(t, t.TempDir(), keyring.NewMaster())
	create(t, ring, anna, boris)
	aead, err := ring.AEAD(t.Context(), boris)
	if err != nil {
		t.Fatal(err)
	}
	text := sealed(t, ring, anna, "сәлем")

	if _, err := aead.Open(nil, text[:12], text[12:], nil); err == nil {
		t.Error("one subject's key opened what is another's")
	}
	one, errOne := ring.Secret(t.Context(), anna, "files")
	two, errTwo := ring.Secret(t.Context(), anna, "codes")
	three, errThree := ring.Secret(t.Context(), boris, "files")
	if err := errors.Join(errOne, errTwo, errThree); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one, two) || bytes.Equal(one, three) || len(one) != 32 {
		t.Error("derived secrets are not of their own")
	}
}

func TestUnknownAndMalformedSubjects(t *testing.T) {
	ring := open(t, t.TempDir(), keyring.NewMaster())

	if _, err := ring.AEAD(t.Context(), anna); !errors.Is(err, codec.ErrNoKey) {
		t.Errorf("error %v, want ErrNoKey", err)
	}
	for _, subject := range []string{"", "anna", strings.ToUpper(anna), "{" + anna + "}"} {
		if err := ring.Create(t.Context(), subject); err == nil {
			t.Errorf("a key was made for %q", subject)
		}
		if _, err := ring.AEAD(t.Context(), subject); err == nil || errors.Is(err, codec.ErrNoKey) {
			t.Errorf("%q: error %v", subject, err)
		}
	}
}

func TestDestroyedKeyIsGoneFromTheFileAndForEver(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, master)
	create(t, ring, anna, boris)
	text := sealed(t, ring, boris, "сәлем")
	sealed(t, ring, anna, "its cipher is cached")
	wrapped := read(t, dir)[slotSize+20 : slotSize+80] // nonce and wrapped key of the first slot

	for range 2 { // the second time changes nothing
		if err := ring.Destroy(t.Context(), anna); err != nil {
			t.Fatal(err)
		}
	}

	content := read(t, dir)
	for size := 12; size <= len(wrapped); size += 8 {
		if bytes.Contains(content, wrapped[len(wrapped)-size:]) {
			t.Errorf("%d bytes of the wrapped key are still in the file", size)
		}
	}
	if got := content[slotSize+20 : slotSize+80]; !bytes.Equal(got, make([]byte, 60)) {
		t.Errorf("the slot holds %x", got)
	}
	for range 2 { // before and after a restart
		if _, err := ring.AEAD(t.Context(), anna); !errors.Is(err, codec.ErrKeyDestroyed) {
			t.Errorf("AEAD: %v", err)
		}
		if _, err := ring.Secret(t.Context(), anna, "files"); !errors.Is(err, codec.ErrKeyDestroyed) {
			t.Errorf("Secret: %v", err)
		}
		if err := ring.Create(t.Context(), anna); !errors.Is(err, codec.ErrKeyDestroyed) {
			t.Errorf("Create: %v", err)
		}
		if got := opened(t, ring, boris, text); got != "сәлем" {
			t.Errorf("the other subject reads %q", got)
		}
		if err := ring.Close(); err != nil {
			t.Fatal(err)
		}
		ring = open(t, dir, master)
	}
}

func TestSubjectWithoutAKeyCanBeErasedBeforehand(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, master)

	if err := ring.Destroy(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	create(t, ring, boris)
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}

	ring = open(t, dir, master)
	if err := ring.Create(t.Context(), anna); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("error %v, want ErrKeyDestroyed", err)
	}
	sealed(t, ring, boris, "is there")
}

func TestNamedSecretsOutliveTheMasterKey(t *testing.T) {
	dir, old := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, old)
	pepper, err := ring.Named(t.Context(), "account-id")
	if err != nil {
		t.Fatal(err)
	}
	other, err := ring.Named(t.Context(), "codes")
	if err != nil {
		t.Fatal(err)
	}
	master := keyring.NewMaster()
	if err := ring.Rewrap(t.Context(), master); err != nil {
		t.Fatal(err)
	}
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}

	again, err := open(t, dir, master).Named(t.Context(), "account-id")

	if err != nil || !bytes.Equal(pepper, again) || len(pepper) != 32 || bytes.Equal(pepper, other) {
		t.Errorf("the secret changed or is not its own; error %v", err)
	}
}

func TestRewrapPutsEveryKeyUnderTheNewMaster(t *testing.T) {
	dir, old, master := t.TempDir(), keyring.NewMaster(), keyring.NewMaster()
	ring := open(t, dir, old)
	create(t, ring, anna, boris)
	if err := ring.Destroy(t.Context(), boris); err != nil {
		t.Fatal(err)
	}
	text := sealed(t, ring, anna, "сәлем")
	before := read(t, dir)

	if err := ring.Rewrap(t.Context(), master); err != nil {
		t.Fatal(err)
	}

	if bytes.Contains(read(t, dir), before[slotSize+32:slotSize+80]) {
		t.Error("a key is still wrapped by the old master key")
	}
	carol := uuid.NewString()
	create(t, ring, carol) // goes on with the new file
	if got := opened(t, ring, anna, text); got != "сәлем" {
		t.Errorf("opened %q", got)
	}
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(dir, old); !errors.Is(err, keyring.ErrWrongMaster) {
		t.Errorf("with the old master key: %v, want ErrWrongMaster", err)
	}
	ring = open(t, dir, master)
	sealed(t, ring, carol, "is there")
	if got := opened(t, ring, anna, text); got != "сәлем" {
		t.Errorf("after a restart opened %q", got)
	}
	if err := ring.Create(t.Context(), boris); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("the erased subject: %v, want ErrKeyDestroyed", err)
	}
}

func TestKeyringIsOneProcessesAtATime(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, master)

	_, err := keyring.Open(dir, master)

	want := "opening the keyring in " + dir + ": the keyring is in use by another process"
	if !errors.Is(err, keyring.ErrInUse) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, master)
}

func TestUnfinishedWritesAtTheEndAreCutOff(t *testing.T) {
	whole := make([]byte, slotSize)
	for name, tail := range map[string][]byte{
		"one byte":               whole[:1],
		"most of a slot":         bytes.Repeat([]byte{7}, slotSize-1),
		"a slot of zeros":        whole,
		"two slots and a bit":    bytes.Repeat([]byte{7}, 2*slotSize+5),
		"a slot without its end": append([]byte{'K', 0, 0, 0}, bytes.Repeat([]byte{9}, slotSize-4)...),
	} {
		t.Run(name, func(t *testing.T) {
			dir, master := t.TempDir(), keyring.NewMaster()
			ring := open(t, dir, master)
			create(t, ring, anna)
			text := sealed(t, ring, anna, "сәлем")
			if err := ring.Close(); err != nil {
				t.Fatal(err)
			}
			good := read(t, dir)
			write(t, dir, slices.Concat(good, tail))

			ring = open(t, dir, master)

			if diff := cmp.Diff(good, read(t, dir)); diff != "" {
				t.Error("the file is not what was acknowledged")
			}
			create(t, ring, boris)
			if got := opened(t, ring, anna, text); got != "сәлем" {
				t.Errorf("opened %q", got)
			}
		})
	}
}

func TestDamagedSlotIsNamedAndNotSkipped(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, master)
	create(t, ring, anna, boris)
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}
	content := read(t, dir)
	content[slotSize+40] ^= 1
	write(t, dir, content)

	_, err := keyring.Open(dir, master)

	want := "opening the keyring in " + dir + ": slot 1 is damaged (of subject " + anna +
		", if that can be read): restore the keyring's backup"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestOtherFilesAreNotTakenForAKeyring(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty": {}, "short": []byte("portal"), "text": bytes.Repeat([]byte("portal "), 100),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, content)
			if ring, err := keyring.Open(dir, keyring.NewMaster()); err == nil {
				_ = ring.Close()
				t.Error("it was opened")
			}
			if !bytes.Equal(content, read(t, dir)) {
				t.Error("it was changed")
			}
		})
	}
}

func TestManyCreatorsAtOnce(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, master)
	const creators, subjects = 64, 50
	names := make([]string, subjects)
	for i := range names {
		names[i] = uuid.NewString()
	}
	var wait sync.WaitGroup
	start := make(chan struct{})
	secrets := make([][]string, creators)
	for c := range creators {
		wait.Go(func() {
			<-start
			for i := range names {
				name := names[(i+c)%subjects]
				if err := ring.Create(t.Context(), name); err != nil {
					t.Error(err)
				}
				if _, err := ring.Secret(t.Context(), name, "x"); err != nil {
					t.Error(err)
				}
			}
			for _, name := range names {
				secret, err := ring.Secret(t.Context(), name, "x")
				if err != nil {
					t.Error(err)
				}
				secrets[c] = append(secrets[c], string(secret))
			}
		})
	}
	close(start)
	wait.Wait()

	for c := range secrets {
		if diff := cmp.Diff(secrets[0], secrets[c]); diff != "" {
			t.Fatalf("creator %d saw other keys", c)
		}
	}
	if got, want := len(read(t, dir)), (1+subjects)*slotSize; got != want {
		t.Errorf("the file has %d bytes, want %d: one slot a subject", got, want)
	}
}

func TestDestroyAndRewrapAmongCreators(t *testing.T) {
	dir, master := t.TempDir(), keyring.NewMaster()
	ring := open(t, dir, keyring.NewMaster())
	create(t, ring, anna)
	names := make([]string, 200)
	for i := range names {
		names[i] = uuid.NewString()
	}
	var wait sync.WaitGroup
	for part := range slices.Chunk(names, 25) {
		wait.Go(func() {
			for _, name := range part {
				if err := ring.Create(t.Context(), name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Go(func() {
		if err := ring.Destroy(t.Context(), anna); err != nil {
			t.Error(err)
		}
		if err := ring.Rewrap(t.Context(), master); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}

	ring = open(t, dir, master)
	for _, name := range names {
		if _, err := ring.AEAD(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	if _, err := ring.AEAD(t.Context(), anna); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("error %v, want ErrKeyDestroyed", err)
	}
}

func TestClosedKeyring(t *testing.T) {
	ring := open(t, t.TempDir(), keyring.NewMaster())
	create(t, ring, anna)
	sealed(t, ring, anna, "cached")
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}

	_, errAEAD := ring.AEAD(t.Context(), anna)
	errCreate := ring.Create(t.Context(), boris)
	errDestroy := ring.Destroy(t.Context(), anna)
	_, errNamed := ring.Named(t.Context(), "x")

	for i, err := range []error{errAEAD, errCreate, errDestroy, errNamed} {
		if !errors.Is(err, keyring.ErrClosed) {
			t.Errorf("call %d: error %v, want ErrClosed", i, err)
		}
	}
}

func BenchmarkAEAD(b *testing.B) {
	ring, err := keyring.Open(b.TempDir(), keyring.NewMaster())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	var names []string
	var wait sync.WaitGroup
	for range 20_000 {
		names = append(names, uuid.NewString())
	}
	for part := range slices.Chunk(names, 100) {
		wait.Go(func() {
			for _, name := range part {
				if err := ring.Create(b.Context(), name); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for name, among := range map[string]int{"cached": 1000, "not-cached": len(names)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := ring.AEAD(b.Context(), names[i%among]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCreate(b *testing.B) {
	ring, err := keyring.Open(b.TempDir(), keyring.NewMaster())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := ring.Create(b.Context(), uuid.NewString()); err != nil {
				b.Error(err)
			}
		}
	})
}
