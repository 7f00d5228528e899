package projections_test

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/projections"
	"services.example/portal/projections/all"
)

// The read models of the portal over a history of the portal: built live, then rebuilt, they are the same bytes.
func TestEveryReadModelEqualsItsOwnRebuild(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	_, reads := stores(t)
	events := portalCodec(t)
	engine := start(t, projections.Config{
		Events: log, Reads: reads, Decoder: events, Projections: all.Projections(), Logger: quiet,
	})
	written := history(t, log, events, 10_000)
	if err := engine.CaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		Documents   int
		Differences []string
	}
	got := map[string]outcome{}
	for _, report := range rebuild(t, engine) {
		if !report.Compared {
			t.Errorf("%s was not compared", report.Name)
		}
		got[report.Name] = outcome{report.Documents, report.Differences}
	}
	applications := (written - 2*benchServices - 2*benchAccounts) / 5
	sent := applications - (applications+7)/8
	want := map[string]outcome{
		"my_applications": {Documents: applications}, "application_page": {Documents: applications},
		"thread":            {Documents: sent},
		"service_catalogue": {Documents: benchServices}, "service_passport": {Documents: 2 * benchServices},
		"popular_services": {Documents: benchServices}, "statistics_by_category": {Documents: benchServices},
		"account_profile": {Documents: benchAccounts},
		"categories":      {}, "providers": {}, "calendars": {}, "notifications": {},
		"accesses": {}, "erasures": {}, "cases": {Documents: applications},
		"documents": {}, "notes": {}, "service_statistics": {Documents: benchServices}, "work_queue": {Documents: applications},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rebuilds (-want +got):\n%s", diff)
	}
	statuses, err := engine.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statuses {
		if s.State != projections.Live || s.LagEvents != 0 || s.LagSeconds != 0 || s.SkippedUnknown != 0 {
			t.Errorf("%s is %s with a lag of %d events, %f s; %d unknown events", s.Name, s.State, s.LagEvents, s.LagSeconds, s.SkippedUnknown)
		}
	}
}
