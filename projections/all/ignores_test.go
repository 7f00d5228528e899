package all_test

import (
	"maps"
	"slices"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/projections"
	"services.example/portal/projections/accesses"
	"services.example/portal/projections/accountprofile"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/cases"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/erasures"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/notes"
	"services.example/portal/projections/popularservices"
	"services.example/portal/projections/servicestatistics"
	"services.example/portal/projections/statisticsbycategory"
	"services.example/portal/projections/thread"
	"services.example/portal/projections/workqueue"
)

func TestWhatAReadModelIgnoresIsStoredAndChangesNothingInIt(t *testing.T) {
	t.Parallel()
	types := map[string]any{}
	for _, aggregate := range []map[string]any{asAny(account.EventTypes), asAny(application.EventTypes), asAny(application.NumberEventTypes)} {
		maps.Copy(types, aggregate)
	}
	check(t, types, accesses.Model)
	check(t, types, accountprofile.Model)
	check(t, types, applicationpage.Model)
	check(t, types, cases.Model)
	check(t, types, documents.Model)
	check(t, types, erasures.Model)
	check(t, types, myapplications.Model)
	check(t, types, popularservices.Model)
	check(t, types, statisticsbycategory.Model)
	check(t, types, thread.Model)
	check(t, types, workqueue.Model)
	check(t, types, notes.Model)
	check(t, types, servicestatistics.Model)
}

func asAny[E any](types map[string]E) map[string]any {
	all := map[string]any{}
	for name, event := range types {
		all[name] = codectest.Filled(event) // what a read model looks at is there
	}
	return all
}

func check[D any](t *testing.T, types map[string]any, model projections.ReadModel[D]) {
	t.Helper()
	if len(model.Ignores) == 0 {
		t.Errorf("%s ignores nothing", model.Name)
	}
	for _, name := range model.Ignores {
		event, known := types[name]
		if !known {
			t.Errorf("%s ignores %s, which is none of %q", model.Name, name, slices.Sorted(maps.Keys(types)))
			continue
		}
		envelope := codec.Envelope{Stream: "application-x", Type: name, Event: event}
		if keys := model.Keys(envelope); len(keys) > 0 {
			t.Errorf("%s ignores %s, which changes %q", model.Name, name, keys)
		}
		if model.Reach != nil && model.Reach(envelope) != nil {
			t.Errorf("%s ignores %s, which reaches documents", model.Name, name)
		}
	}
}
