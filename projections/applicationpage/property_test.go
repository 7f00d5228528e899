package applicationpage_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/projectionstest"
)

var drawnEvent = rapid.Custom(func(t *rapid.T) application.Event {
	step := rapid.SampledFrom([]string{"company", "documents", "unheard-of"}).Draw(t, "step")
	file := rapid.SampledFrom([]string{"one", "two"}).Draw(t, "file")
	complete := rapid.Bool().Draw(t, "complete")
	at := at(rapid.IntRange(0, 59).Draw(t, "minute"))
	return rapid.SampledFrom([]application.Event{
		started,
		application.StepSaved{StepID: step, Data: json.RawMessage(`{"a": 1}`), Complete: complete, At: at},
		application.FileAttached{FileID: file, StepID: step, Name: file, Complete: complete, At: at},
		application.FileRemoved{FileID: file, StepID: step, Complete: complete, At: at},
		application.Submitted{ServiceID: offered, DueAt: at, At: at},
		application.Withdrawn{ServiceID: offered, At: at},
	}).Draw(t, "event")
})

// Whatever happens, in whatever order: the page and the row say what the rules know.
func TestThePageAndTheRowAgreeWithTheRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		events := append([]application.Event{started}, rapid.SliceOfN(drawnEvent, 0, 20).Draw(rt, "events")...)
		var state application.State
		var happened []any
		for _, event := range events {
			state = application.Evolve(state, event)
			happened = append(happened, event)
		}
		history := projectionstest.History{}.In(stream, applicant, "applicant", happened...)
		page := projectionstest.Documents(t, applicationpage.Model, history)[id]
		row := projectionstest.Documents(t, myapplications.Model, history)[id]

		if page.Status != string(state.Status) || row.Status != string(state.Status) {
			rt.Errorf("status of the page %q, of the row %q, want %q", page.Status, row.Status, state.Status)
		}
		if page.Revision != int64(len(events)-1) {
			rt.Errorf("revision %d, want %d", page.Revision, len(events)-1)
		}
		var want, got []string
		for _, step := range state.Steps {
			want = append(want, line(step.ID, step.Complete, string(step.Data), func(yield func(string) bool) {
				for _, file := range step.Files {
					yield(file.ID)
				}
			}))
		}
		for _, step := range page.Steps {
			got = append(got, line(step.ID, step.Complete, step.Data, func(yield func(string) bool) {
				for _, file := range step.Files {
					yield(file.ID)
				}
			}))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("steps (-want +got):\n%s", diff)
		}
	})
}

func line(id string, complete bool, data string, files func(func(string) bool)) string {
	text, err := json.Marshal([]any{id, complete, data, slices.Collect(files)})
	if err != nil {
		return err.Error()
	}
	return string(text)
}
