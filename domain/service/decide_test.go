package service_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

func TestDecide(t *testing.T) {
	first := consultation()
	second := consultation()
	second.Passport.Term.Days = 10
	respaced := consultation()
	respaced.Steps[1].Schema = []byte(`{ "type": "object", "additionalProperties": false }`)
	revised := func(version int, content service.Content) service.Event {
		return service.Revised{Version: version, Content: content, At: monday}
	}
	published := func(version int) service.Event { return service.Published{Version: version, At: monday} }
	withdrawn := service.Withdrawn{At: monday}

	type events = []service.Event
	for name, test := range map[string]struct {
		given events
		when  service.Command
		then  events
		fails error
	}{
		"the first content is version 1":                      {nil, service.Revise{Content: first, At: monday}, events{revised(1, first)}, nil},
		"the same content changes nothing":                    {events{revised(1, first)}, service.Revise{Content: first, At: monday}, nil, nil},
		"the same content differently spaced changes nothing": {events{revised(1, first)}, service.Revise{Content: respaced, At: monday}, nil, nil},
		"another content is the next version":                 {events{revised(1, first)}, service.Revise{Content: second, At: monday}, events{revised(2, second)}, nil},
		"an older content is a new version": {
			events{revised(1, first), revised(2, second)}, service.Revise{Content: first, At: monday}, events{revised(3, first)}, nil,
		},
		"a version is published": {events{revised(1, first)}, service.Publish{Version: 1, At: monday}, events{published(1)}, nil},
		"an older version may be published": {
			events{revised(1, first), revised(2, second), published(2)}, service.Publish{Version: 1, At: monday}, events{published(1)}, nil,
		},
		"what is published is not published again": {events{revised(1, first), published(1)}, service.Publish{Version: 1, At: monday}, nil, nil},
		"a new version is not published by itself": {
			events{revised(1, first), published(1), revised(2, second)}, service.Publish{Version: 2, At: monday}, events{published(2)}, nil,
		},
		"no version 2":                                    {events{revised(1, first)}, service.Publish{Version: 2, At: monday}, nil, problem.New(problem.NotFound, "unknown-version")},
		"no version 0":                                    {events{revised(1, first)}, service.Publish{At: monday}, nil, problem.New(problem.NotFound, "unknown-version")},
		"nothing to publish":                              {nil, service.Publish{Version: 1, At: monday}, nil, problem.New(problem.NotFound, "unknown-service")},
		"a published service is withdrawn":                {events{revised(1, first), published(1)}, service.Withdraw{At: monday}, events{withdrawn}, nil},
		"a withdrawn service is withdrawn already":        {events{revised(1, first), published(1), withdrawn}, service.Withdraw{At: monday}, nil, nil},
		"a service that nobody sees is withdrawn already": {events{revised(1, first)}, service.Withdraw{At: monday}, nil, nil},
		"a withdrawn service can come back": {
			events{revised(1, first), published(1), withdrawn}, service.Publish{Version: 1, At: monday}, events{published(1)}, nil,
		},
		"nothing to withdraw": {nil, service.Withdraw{At: monday}, nil, problem.New(problem.NotFound, "unknown-service")},
		"invalid content":     {nil, service.Revise{At: monday}, nil, problem.New(problem.Invalid, "invalid")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := service.Decide(fold(test.given), test.when)
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.fails, err, cmp.Comparer(sameProblem)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func fold(events []service.Event) service.State {
	var state service.State
	for _, event := range events {
		state = service.Evolve(state, event)
	}
	return state
}

// TestAnyCommands: whatever is asked, versions count up without a gap, what is published exists, a state that was kept is
// never changed behind its back, and the same command again gives nothing.
func TestAnyCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state service.State
		published := 0
		var contents []int // the term of each version stands for its content
		for range rapid.IntRange(1, 20).Draw(t, "commands") {
			command := anyCommand(t)
			before := state
			events, err := service.Decide(state, command)
			if err != nil && len(events) > 0 {
				t.Fatalf("%#v: both events and an error", command)
			}
			for _, event := range events {
				state = service.Evolve(state, event)
				switch e := event.(type) {
				case service.Revised:
					contents = append(contents, e.Content.Passport.Term.Days)
					if e.Version != len(contents) {
						t.Fatalf("version %d after %d versions", e.Version, len(contents)-1)
					}
				case service.Published:
					published = e.Version
				case service.Withdrawn:
					published = 0
				}
			}
			if len(before.Versions) > 0 && len(events) > 0 && before.Newest() > state.Newest() {
				t.Fatal("a version is gone")
			}
			got := make([]int, 0, state.Newest())
			for version := 1; version <= state.Newest(); version++ {
				content, _ := state.Content(version)
				got = append(got, content.Passport.Term.Days)
			}
			if diff := cmp.Diff(append([]int{}, contents...), got); diff != "" {
				t.Fatalf("contents (-want +got):\n%s", diff)
			}
			if state.Published != published || published > state.Newest() {
				t.Fatalf("published %d, want %d of %d", state.Published, published, state.Newest())
			}
			if err != nil {
				continue
			}
			if again, err := service.Decide(state, command); err != nil || len(again) > 0 {
				t.Fatalf("again: %v, %v", again, err)
			}
		}
	})
}

func anyCommand(t *rapid.T) service.Command {
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		content := consultation()
		content.Passport.Term.Days = rapid.IntRange(0, 3).Draw(t, "term") // 0 is invalid
		return service.Revise{Content: content, At: monday}
	case 1:
		return service.Publish{Version: rapid.IntRange(0, 4).Draw(t, "version"), At: monday}
	default:
		return service.Withdraw{At: monday}
	}
}

// TestEvolveTakesEventsInAnyOrder: a state can be folded from any events at all.
func TestEvolveTakesEventsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state service.State
		for range rapid.IntRange(0, 10).Draw(t, "events") {
			version := rapid.IntRange(-1, 5).Draw(t, "version")
			state = service.Evolve(state, rapid.SampledFrom([]service.Event{
				service.Revised{Version: version, Content: consultation()}, service.Published{Version: version}, service.Withdrawn{}, nil,
			}).Draw(t, "event"))
			state.Content(version)
		}
	})
}
