package webhook_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/webhook"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const (
	one     = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d01"
	another = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d02"
	address = "https://receiver.example/in?key=1"
)

func TestWhatACommandBringsAbout(t *testing.T) {
	type events = []webhook.Event
	added := webhook.Added{Webhook: one, Name: "statistics", URL: address, Types: []string{"application."}, At: noon}
	paused, resumed := webhook.Paused{Webhook: one, At: noon}, webhook.Resumed{Webhook: one, At: noon}
	suspended := webhook.Suspended{Webhook: one, Reason: "timeout", At: noon}
	removed := webhook.Removed{Webhook: one, At: noon}
	add := webhook.Add{ID: one, Name: "statistics", URL: address, Types: []string{"application."}, At: noon}
	full := events{}
	for n := range webhook.MaxHooks {
		full = append(full, webhook.Added{Webhook: strconv.Itoa(n), Name: "hook-" + strconv.Itoa(n)})
	}
	for _, test := range []struct {
		name    string
		history events
		command webhook.Command
		want    events
		problem string
	}{
		{"added", nil, add, events{added}, ""},
		{"added twice", events{added}, add, nil, ""},
		{"added again after its end", events{added, removed}, add, nil, ""},
		{"all types", nil, webhook.Add{ID: one, Name: "all", URL: address, History: true, At: noon}, events{
			webhook.Added{Webhook: one, Name: "all", URL: address, Types: []string{}, History: true, At: noon},
		}, ""},
		{"the name of another", events{added}, webhook.Add{ID: another, Name: "statistics", URL: address}, nil, "webhook-name-taken"},
		{"too many", full, add, nil, "too-many-webhooks"},
		{"a person's number as its name", nil, webhook.Add{ID: one, Name: "a-950101300123", URL: address}, nil, "invalid (name: webhook-name-wrong)"},
		{"two faults", nil, webhook.Add{ID: one, Name: "No Name"}, nil, "invalid (url: required, name: webhook-name-wrong)"},

		{"changed", events{added}, webhook.Change{ID: one, URL: address, At: noon}, events{
			webhook.Changed{Webhook: one, URL: address, Types: []string{}, At: noon},
		}, ""},
		{"changed to what it is", events{added}, webhook.Change{ID: one, URL: address, Types: []string{"application."}}, nil, ""},
		{"changed to a wrong address", events{added}, webhook.Change{ID: one, URL: "ftp://x"}, nil, "invalid (url: webhook-url-not-https)"},
		{"changed, though there is none", nil, webhook.Change{ID: one, URL: address}, nil, "webhook-not-found"},

		{"another secret", events{added}, webhook.RenewSecret{ID: one, Generation: 1, At: noon}, events{
			webhook.SecretRenewed{Webhook: one, Generation: 1, At: noon},
		}, ""},
		{"the secret that it has", events{added}, webhook.RenewSecret{ID: one}, nil, ""},

		{"paused", events{added}, webhook.Pause{ID: one, At: noon}, events{paused}, ""},
		{"paused twice", events{added, paused}, webhook.Pause{ID: one, At: noon}, nil, ""},
		{"paused while suspended", events{added, suspended}, webhook.Pause{ID: one, At: noon}, events{paused}, ""},
		{"resumed", events{added, suspended}, webhook.Resume{ID: one, At: noon}, events{resumed}, ""},
		{"resumed while active", events{added}, webhook.Resume{ID: one, At: noon}, nil, ""},
		{"suspended", events{added}, webhook.Suspend{ID: one, Reason: "timeout", At: noon}, events{suspended}, ""},
		{"suspended for an address that it had", events{added, paused, resumed}, webhook.Suspend{ID: one, Reason: "timeout"}, nil, ""},
		{"suspended while paused", events{added, paused}, webhook.Suspend{ID: one, Reason: "timeout", Changes: 1}, nil, ""},

		{"removed", events{added}, webhook.Remove{ID: one, At: noon}, events{removed}, ""},
		{"removed twice", events{added, removed}, webhook.Remove{ID: one, At: noon}, nil, ""},
		{"removed, though there is none", events{added}, webhook.Remove{ID: another}, nil, "webhook-not-found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s webhook.State
			for _, event := range test.history {
				s = webhook.Evolve(s, event)
			}
			got, err := webhook.Decide(s, test.command)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" || said != test.problem {
				t.Errorf("problem %q, want %q; events (-want +got):\n%s", said, test.problem, diff)
			}
		})
	}
}

func TestWhereAWebhookMayLead(t *testing.T) {
	for _, test := range []struct {
		url   string
		plain bool
		want  string
	}{
		{"https://receiver.example/in", false, ""},
		{"https://receiver.example:8443/in?a=b", false, ""},
		{"https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", false, ""},
		{"http://receiver.example/in", true, ""},
		{"http://receiver.example/in", false, "webhook-url-not-https"},
		{"file:///etc/passwd", true, "webhook-url-wrong"},
		{"gopher://receiver.example/", true, "webhook-url-not-https"},
		{"//receiver.example/", false, "webhook-url-not-https"},
		{"https:receiver.example", false, "webhook-url-wrong"},
		{"https://", false, "webhook-url-wrong"},
		{"https://user:word@receiver.example/", false, "webhook-url-wrong"},
		{"https://receiver.example/#part", false, "webhook-url-wrong"},
		{"https://receiver.example:0/", false, "webhook-url-wrong"},
		{"https://receiver.example:/", false, "webhook-url-wrong"},
		{"https://receiver.example:99999/", false, "webhook-url-wrong"},
		{"https://receiver.example/a b", false, "webhook-url-wrong"},
		{"https://receiver.example/\r\nX: y", false, "webhook-url-wrong"},
		{`https://receiver.example\@other.example/`, false, "webhook-url-wrong"},
		{"https://қазақ.example/", false, "webhook-url-wrong"},
		{"", false, "required"},
		{"https://receiver.example/" + strings.Repeat("a", webhook.MaxURL), false, "too-long"},
	} {
		_, err := webhook.Decide(webhook.State{}, webhook.Add{ID: one, Name: "a", URL: test.url, Plain: test.plain})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "invalid (url: "+test.want)) {
			t.Errorf("%s: %v, want %s", test.url, err, test.want)
		}
	}
}

func TestTheFormerSecretIsUsedForADay(t *testing.T) {
	s := webhook.Evolve(webhook.State{}, webhook.Added{Webhook: one})
	first, _ := s.Find(one)
	renewed, _ := webhook.Evolve(s, webhook.SecretRenewed{Webhook: one, Generation: 1, At: noon}).Find(one)
	got := []bool{first.FormerSecret(noon), renewed.FormerSecret(noon.Add(24*time.Hour - 1)), renewed.FormerSecret(noon.Add(24 * time.Hour))}
	if diff := cmp.Diff([]bool{false, true, false}, got); diff != "" {
		t.Errorf("former secret (-want +got):\n%s", diff)
	}
}

// TestACommandInEffectChangesNothing: whatever happened, the same command a second time brings about nothing, and states
// that somebody holds do not change.
func TestACommandInEffectChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s webhook.State
		for range rapid.IntRange(1, 20).Draw(r, "commands") {
			id := rapid.SampledFrom([]string{one, another}).Draw(r, "webhook")
			h, _ := s.Find(id)
			command := rapid.SampledFrom([]webhook.Command{
				webhook.Add{ID: id, Name: "hook-" + id[len(id)-1:], URL: address, At: noon},
				webhook.Change{ID: id, URL: address + rapid.StringMatching(`[a-z]`).Draw(r, "address"), At: noon},
				webhook.RenewSecret{ID: id, Generation: h.Generation + 1, At: noon},
				webhook.Pause{ID: id, At: noon},
				webhook.Resume{ID: id, At: noon},
				webhook.Remove{ID: id, At: noon},
				webhook.Suspend{ID: id, Reason: "timeout", Changes: h.Changes, At: noon},
			}).Draw(r, "command")
			before := fmt.Sprint(s)
			events, err := webhook.Decide(s, command)
			if err != nil {
				var p *problem.Problem
				if p = asProblem(err); p == nil {
					r.Fatalf("%T: %v", command, err)
				}
				continue
			}
			next := s
			for _, event := range events {
				next = webhook.Evolve(next, event)
			}
			if fmt.Sprint(s) != before {
				r.Fatalf("%T changed a state", command)
			}
			s = next
			if again, err := webhook.Decide(s, command); err != nil || len(again) > 0 {
				r.Fatalf("%T again: %v, %v", command, again, err)
			}
		}
	})
}

func asProblem(err error) *problem.Problem {
	p, _ := err.(*problem.Problem) //nolint:errorlint // it is never wrapped here
	return p
}
