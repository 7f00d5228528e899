package readapi

import (
	"net/http"
	"testing"
)

// TestTooManyBundles: one too many is refused, and there is room again once one has ended, also one that came to nothing.
func TestTooManyBundles(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	record := w.withAuditors()
	path := "/applications/" + id("application", 77) + "/bundle"
	var leave func()
	for range mostBundles {
		var err error
		leave, err = w.queries.bundles.enter()
		done(t, err)
	}
	w.audit(path, whyRead).refuses(t, http.StatusTooManyRequests, "too-many-streams")
	leave()
	for range 2 {
		w.audit(path, whyRead).refuses(t, http.StatusNotFound, "application-not-found")
	}
	w.audit(path, "short").refuses(t, http.StatusUnprocessableEntity, "invalid")
	if len(record.list) != 0 {
		t.Errorf("recorded %+v, though nothing was given out", record.list)
	}
}
