package readapi

import (
	"net/http"
	"testing"
)

// TestOnlySoManyTakeTheirDataAtOnce: the others are told to come again.
func TestOnlySoManyTakeTheirDataAtOnce(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.happens()
	for range mostCopies {
		a.queries.copies <- struct{}{}
	}
	a.reads(id("account", 1), "/my/data", "").refuses(t, http.StatusTooManyRequests, "too-many-streams")
	<-a.queries.copies
	for range 2 { // who is done makes way
		if got := a.reads(id("account", 1), "/my/data", ""); got.status != http.StatusOK || len(got.body) == 0 {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	}
}
