package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/workqueue"
)

// threads tells the write side what the numbers stand for that people see in a thread. It reads the model from which they
// were shown.
type threads struct{ portal *portal }

// Place turns the number of an item into places in the streams.
func (t threads) Place(ctx context.Context, applicationID string, number int) (messages, application int64, err error) {
	serving, err := t.portal.engine.Directory().Serving(ctx, workqueue.Name)
	if errors.Is(err, projections.ErrNotServing) {
		return 0, 0, &problem.Problem{Kind: problem.Unavailable, Code: "read-model-behind", RetryAfter: time.Second}
	}
	if err != nil {
		return 0, 0, err
	}
	document, err := t.portal.reads.Get(ctx, serving, applicationID)
	if errors.Is(err, readstore.ErrNotFound) {
		return 0, 0, correspondence.BeyondTheEnd()
	}
	if err != nil {
		return 0, 0, fmt.Errorf("reading a thread: %w", err)
	}
	var row workqueue.Enveloped
	if err := document.Decode(&row); err != nil {
		return 0, 0, err
	}
	messages, application, ok := row.Envelope.Place(number)
	if !ok || row.Envelope.Len() == 0 { // a draft has a row, and no thread
		return 0, 0, correspondence.BeyondTheEnd()
	}
	return messages, application, nil
}
