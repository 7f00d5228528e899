package lease

import (
	"testing"
	"time"
)

// Whoever holds a lease renews it all the time: a claim must not be lost because of that.
func TestAClaimIsHeardThoughTheLeaseIsRenewedMeanwhile(t *testing.T) {
	t.Parallel()
	store := newMemory()
	contend := func(id string, way *link) *contender {
		return &contender{store: way, name: "projections", id: id, ttl: ttl, watched: -1, now: time.Now}
	}
	holder := contend("holder", &link{memory: store})
	if taken, _, err := holder.try(t.Context()); !taken || err != nil {
		t.Fatalf("the lease was taken: %t, error %v", taken, err)
	}
	way, renewed := &link{memory: store}, 0
	way.after = func() {
		if renewed < 3 {
			renewed++
			if err := holder.renew(t.Context()); err != nil {
				t.Errorf("renewing answered %v", err)
			}
		}
	}
	if err := contend("claimant", way).claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, found, err := read(t.Context(), store, "projections")
	if err != nil || found.Claimed != "claimant" {
		t.Errorf("after %d renewals the lease is claimed by %q, error %v", renewed, found.Claimed, err)
	}
}
