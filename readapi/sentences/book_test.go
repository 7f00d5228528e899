package sentences

import (
	"testing"

	"services.example/portal/infra/codec/aggregates"
)

// TestSentencesThatDoNotFit: a sentence with a gap that its event does not have is found when the book is read.
func TestSentencesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"of no event":         "events: {pigeon.sent.v1: {kk: x, ru: x, en: x}}",
		"a member too many":   "events: {application.withdrawn.v1: {kk: '{pigeon}', ru: x, en: x}}",
		"into a text":         "events: {application.withdrawn.v1: {kk: '{serviceId.name}', ru: x, en: x}}",
		"an open gap":         "events: {application.withdrawn.v1: {kk: '{serviceId', ru: x, en: x}}",
		"an open bracket":     "events: {application.withdrawn.v1: {kk: '[x', ru: x, en: x}}",
		"a bracket too many":  "events: {application.withdrawn.v1: {kk: 'x]', ru: x, en: x}}",
		"brackets in another": "events: {application.withdrawn.v1: {kk: '[a[b]c]', ru: x, en: x}}",
		"an unknown part":     "pigeons: {}",
		"not YAML":            "{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := read([]byte(file), aggregates.All()); err == nil {
				t.Error("it was read")
			}
		})
	}
}
