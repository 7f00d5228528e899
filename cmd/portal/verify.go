package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"services.example/portal/infra/eventstore/pebblelog"
)

// verifyCommand checks the event log.
type verifyCommand struct{ storage }

// errNotEmbedded says that the portal does not keep the events itself.
var errNotEmbedded = errors.New("the events are in EventStoreDB, which verifies its own files: only an embedded log can be verified")

// Run checks the log of the running portal, or that of a folder which nobody uses, without changing it.
func (c *verifyCommand) Run(ctx context.Context) error {
	if c.EventStore != embedded {
		return errNotEmbedded
	}
	var report pebblelog.Report
	err := ask(ctx, c.storage, http.MethodPost, "/verify", nil, &report)
	if errors.Is(err, errNotRunning) {
		report, err = pebblelog.Verify(ctx, c.events(), pebblelog.Options{}, func(r pebblelog.Report) {
			fmt.Fprintf(os.Stderr, "\r%d events", r.Events)
		})
		fmt.Fprintln(os.Stderr)
	}
	if err != nil {
		return err
	}
	fmt.Printf("the event log is sound: %d events in %d streams, %d bytes, last position %s\n",
		report.Events, report.Streams, report.Bytes, report.Last)
	return nil
}
