package native_test

import (
	"runtime"
	"sync"
	"testing"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
)

// rightMemory is what a right signature may take, in bytes: with its chain, a list and a time stamp. How long it takes the
// benchmarks measure.
const rightMemory = 2 << 20

func TestAVerificationTakesLittleMemory(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	w := of(t, pki.GOST2015)
	o := kept(w.signed(t, person, noon, dev.SignOptions{TimeStamp: true}))
	o.CRLs = [][]byte{w.crl(t, dev.List{Number: 1, ThisUpdate: noon, NextUpdate: noon.AddDate(0, 0, 1), Revoked: revokedMany(1000)})}
	least := uint64(1 << 63)
	for range tries {
		o := o
		o.Document = handedIn(nil).Document
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if got, err := w.verifier.VerifyOffline(t.Context(), o); err != nil {
			t.Fatalf("%v: %+v", err, got.Checks)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > rightMemory {
		t.Errorf("it took %d bytes", least)
	}
}

func TestManyVerifyAtOnce(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	right := w.signed(t, person, noon, dev.SignOptions{TimeStamp: true})
	wrong := w.sign(t, head, noon)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 5 {
				if _, err := w.verifier.Verify(t.Context(), handedIn(right)); err != nil {
					t.Error(err)
				}
				if got, err := w.verifier.Verify(t.Context(), handedIn(wrong)); err == nil {
					t.Errorf("accepted as of %+v", got.Certificate)
				}
			}
		})
	}
	group.Wait()
}
