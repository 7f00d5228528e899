package casefile

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"services.example/portal/domain/text"
	"services.example/portal/readapi/sentences"
)

// line is an event as programs read it.
type line struct {
	Index     uint64    `json:"index"` // in the log
	Stream    string    `json:"stream"`
	Revision  int64     `json:"revision"`
	Type      string    `json:"type"`
	At        time.Time `json:"at"` // when it was recorded
	Actor     string    `json:"actor,omitempty"`
	Role      string    `json:"role,omitempty"`
	Causation string    `json:"causationId"`
	Erased    bool      `json:"erased,omitempty"`
	Sentence  text.Text `json:"sentence"`
	Event     any       `json:"event"`
}

// WriteEvents writes the events of the case, decrypted, one JSON object a line.
func (c *Case) WriteEvents(to io.Writer) error {
	lines := json.NewEncoder(to)
	lines.SetEscapeHTML(false)
	for i := range c.events {
		e := &c.events[i]
		err := lines.Encode(line{
			Index: e.Position.Commit - 1, Stream: e.Stream, Revision: e.Revision, Type: e.Type, At: e.Created, Actor: e.Meta.Actor,
			Role: e.Meta.Role, Causation: e.Meta.CausationID.String(), Erased: e.Erased, Sentence: sentences.Of(*e), Event: e.Event,
		})
		if err != nil {
			return fmt.Errorf("writing event %d of %s: %w", e.Revision, e.Stream, err)
		}
	}
	return nil
}
