package commands

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
)

// In a rolling upgrade a newer process writes what an older one cannot read: the older one changes nothing then.
func TestACommandOnAStreamOfANewerVersionIsLeftToTheNewerVersion(t *testing.T) {
	t.Parallel()
	for _, newer := range []string{"application.step-saved.v9", "application.invented-later.v1"} {
		w := newWorld(t).withCatalogue()
		who := w.enrol(dana(1))
		a := w.start(who)
		written, err := w.events.Append(t.Context(), "application-"+a.ID, eventstore.Any,
			eventstore.Event{ID: uuid.New(), Type: newer, JSON: true, Data: []byte(`{}`)})
		done(t, err)
		_, err = w.Applications.SaveStep(t.Context(), by(who), a.ID, "question", json.RawMessage(`{"text":"1"}`))
		var refused *problem.Problem
		if !errors.As(err, &refused) {
			t.Fatalf("%s: error %v", newer, err)
		}
		if refused.Kind != problem.Unavailable || refused.Code != "newer-version" || refused.RetryAfter != 5*time.Second {
			t.Errorf("%s: refused with %+v", newer, refused)
		}
		last, err := eventstore.Head(t.Context(), w.events)
		if err != nil || last != written.Position {
			t.Errorf("%s: the log ends at %s, error %v; want %s", newer, last, err, written.Position)
		}
	}
}
