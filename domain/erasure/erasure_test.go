package erasure_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
)

const (
	anna  = "anna" // who would be erased
	aigul = "aigul"
	bolat = "bolat"
)

var (
	noon      = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	requested = erasure.Requested{RequestID: "r1", Origin: erasure.Self, By: anna, At: noon}
	approved  = erasure.Approved{RequestID: "r1", By: aigul, At: noon}
	second    = erasure.Approved{RequestID: "r1", By: bolat, At: noon}
	ordered   = erasure.Ordered{RequestID: "r1", Closes: true, NotBefore: noon.Add(time.Hour), At: noon}
	held      = erasure.Held{DocumentID: "d1", ApplicationID: "a1", Kind: "act", Files: []string{"f1"}, Until: noon.AddDate(5, 0, 0)}
	begun     = erasure.Begun{RequestID: "r1", KeyCheck: "k", Held: []erasure.Held{held}, At: noon}
	destroyed = erasure.KeyDestroyed{RequestID: "r1", KeyCheck: "k", Unreadable: 7, At: noon}
	completed = erasure.Completed{RequestID: "r1", Files: 3, At: noon}
	onHold    = erasure.LegalHoldPlaced{By: aigul, Reason: "Сот", At: noon}
	open      = []erasure.Obstacle{{Code: "application-open", ApplicationID: "a1"}}
	byLaw     = erasure.Obstacle{Code: "legal-hold"}
)

func TestDecide(t *testing.T) {
	t.Parallel()
	ask := erasure.Request{ID: "r2", Origin: erasure.Self, By: anna, At: noon}
	agree := func(by string, obstacles ...erasure.Obstacle) erasure.Approve {
		return erasure.Approve{Person: anna, By: by, Obstacles: obstacles, Closes: true, Pause: time.Hour, At: noon}
	}
	late := erasure.Begin{KeyCheck: "k", Held: []erasure.Held{held}, At: noon.Add(time.Hour)}
	lapsed := []erasure.Event{
		erasure.Requested{RequestID: "r2", Origin: erasure.Unconfirmed, At: noon}, erasure.Ordered{RequestID: "r2", NotBefore: noon, At: noon},
	}
	all := []erasure.Event{requested, approved, second, ordered, begun, destroyed, completed}
	for name, c := range map[string]struct {
		given   []erasure.Event
		when    erasure.Command
		then    []erasure.Event
		refused string
	}{
		"a request": {
			when: ask, then: []erasure.Event{erasure.Requested{RequestID: "r2", Origin: erasure.Self, By: anna, At: noon}},
		},
		"the same request again": {given: []erasure.Event{requested}, when: erasure.Request{ID: "r1", At: noon}},
		"another beside it":      {given: []erasure.Event{requested}, when: ask, refused: "erasure-under-way"},
		"of who was erased":      {given: all, when: ask, refused: "account-erased"},
		"a written one without a reference": {
			when: erasure.Request{ID: "r2", Origin: erasure.Written, By: aigul, Reference: " ", At: noon}, refused: "invalid",
		},
		"with something against it": {
			given: []erasure.Event{onHold},
			when:  erasure.Request{ID: "r2", Origin: erasure.Self, By: anna, Obstacles: open, At: noon},
			then: []erasure.Event{
				erasure.Requested{RequestID: "r2", Origin: erasure.Self, By: anna, At: noon},
				erasure.Refused{RequestID: "r2", Obstacles: []erasure.Obstacle{byLaw, open[0]}, At: noon},
			},
		},
		"again, once that has ended": {
			given: []erasure.Event{requested, erasure.Refused{RequestID: "r1", Obstacles: open, At: noon}}, when: ask,
			then: []erasure.Event{erasure.Requested{RequestID: "r2", Origin: erasure.Self, By: anna, At: noon}},
		},

		"a registration lapses":         {when: erasure.Lapse{ID: "r2", At: noon}, then: lapsed},
		"it lapses, again":              {given: lapsed, when: erasure.Lapse{ID: "r3", At: noon}},
		"it lapses while somebody asks": {given: []erasure.Event{requested}, when: erasure.Lapse{ID: "r2", At: noon}},
		"it lapses under a legal hold":  {given: []erasure.Event{onHold}, when: erasure.Lapse{ID: "r2", At: noon}},
		"it lapsed before":              {given: all, when: erasure.Lapse{ID: "r2", At: noon}},
		"who declines what has lapsed":  {given: lapsed, when: erasure.Decline{Person: anna, By: bolat, Reason: "Жоқ", At: noon}, refused: "erasure-decided"},
		"it begins":                     {given: lapsed, when: erasure.Begin{KeyCheck: "k", At: noon}, then: []erasure.Event{erasure.Begun{RequestID: "r2", KeyCheck: "k", At: noon}}},

		"the first consent":            {given: []erasure.Event{requested}, when: agree(aigul), then: []erasure.Event{approved}},
		"the same consent again":       {given: []erasure.Event{requested, approved}, when: agree(aigul)},
		"the second":                   {given: []erasure.Event{requested, approved}, when: agree(bolat), then: []erasure.Event{second, ordered}},
		"the second again":             {given: []erasure.Event{requested, approved, second, ordered}, when: agree(bolat)},
		"a third":                      {given: []erasure.Event{requested, approved, second, ordered}, when: agree("third"), refused: "erasure-decided"},
		"about oneself":                {given: []erasure.Event{requested}, when: agree(anna), refused: "own-account"},
		"to what nobody asked":         {when: agree(aigul), refused: "erasure-not-found"},
		"when something came between":  {given: []erasure.Event{requested, approved}, when: agree(bolat, open...), then: []erasure.Event{erasure.Refused{RequestID: "r1", Obstacles: open, At: noon}}},
		"under a legal hold since":     {given: []erasure.Event{requested, onHold}, when: agree(aigul), then: []erasure.Event{erasure.Refused{RequestID: "r1", Obstacles: []erasure.Obstacle{byLaw}, At: noon}}},
		"declined":                     {given: []erasure.Event{requested, approved}, when: erasure.Decline{Person: anna, By: bolat, Reason: "Жоқ", At: noon}, then: []erasure.Event{erasure.Declined{RequestID: "r1", By: bolat, Reason: "Жоқ", At: noon}}},
		"declined by themselves":       {given: []erasure.Event{requested}, when: erasure.Decline{Person: anna, By: anna, Reason: "Жоқ", At: noon}, refused: "own-account"},
		"stopped after the order":      {given: []erasure.Event{requested, approved, second, ordered}, when: erasure.Decline{Person: anna, By: bolat, Reason: "Жоқ", At: noon}, then: []erasure.Event{erasure.Declined{RequestID: "r1", By: bolat, Reason: "Жоқ", At: noon}}},
		"stopped too late":             {given: []erasure.Event{requested, approved, second, ordered, begun}, when: erasure.Decline{Person: anna, By: bolat, Reason: "Жоқ", At: noon}, refused: "erasure-decided"},
		"withdrawn":                    {given: []erasure.Event{requested, approved}, when: erasure.Withdraw{At: noon}, then: []erasure.Event{erasure.Withdrawn{RequestID: "r1", At: noon}}},
		"withdrawn after the order":    {given: []erasure.Event{requested, approved, second, ordered}, when: erasure.Withdraw{At: noon}, refused: "erasure-decided"},
		"withdrawn, and nobody asked":  {when: erasure.Withdraw{At: noon}, refused: "erasure-not-found"},
		"begun":                        {given: []erasure.Event{requested, approved, second, ordered}, when: late, then: []erasure.Event{erasure.Begun{RequestID: "r1", KeyCheck: "k", Held: []erasure.Held{held}, At: late.At}}},
		"begun before its time":        {given: []erasure.Event{requested, approved, second, ordered}, when: erasure.Begin{KeyCheck: "k", At: noon}},
		"begun without an order":       {given: []erasure.Event{requested, approved}, when: late},
		"something came after all":     {given: []erasure.Event{requested, approved, second, ordered}, when: erasure.Begin{Obstacles: open, At: noon}, then: []erasure.Event{erasure.Refused{RequestID: "r1", Obstacles: open, At: noon}}},
		"the key is destroyed":         {given: all[:5], when: erasure.RecordKeyDestroyed{Unreadable: 7, At: noon}, then: []erasure.Event{destroyed}},
		"the key is destroyed, again":  {given: all[:6], when: erasure.RecordKeyDestroyed{Unreadable: 9, At: noon}},
		"everything is clean":          {given: all[:6], when: erasure.Complete{Files: 3, At: noon}, then: []erasure.Event{completed}},
		"everything is clean, again":   {given: all, when: erasure.Complete{Files: 0, At: noon}},
		"a term has passed":            {given: all, when: erasure.EndHold{DocumentID: "d1", Files: 1, At: held.Until}, then: []erasure.Event{erasure.HoldEnded{DocumentID: "d1", Files: 1, At: held.Until}}},
		"a term has not passed":        {given: all, when: erasure.EndHold{DocumentID: "d1", At: held.Until.Add(-1)}},
		"the term of something else":   {given: all, when: erasure.EndHold{DocumentID: "d2", At: held.Until}},
		"a legal hold":                 {when: erasure.PlaceLegalHold{By: aigul, Reason: "Сот", At: noon}, then: []erasure.Event{onHold}},
		"a legal hold without a word":  {when: erasure.PlaceLegalHold{By: aigul, At: noon}, refused: "invalid"},
		"a legal hold that there is":   {given: []erasure.Event{onHold}, when: erasure.PlaceLegalHold{By: aigul, Reason: "Сот", At: noon}},
		"a legal hold on nothing":      {given: all, when: erasure.PlaceLegalHold{By: aigul, Reason: "Сот", At: noon}, refused: "account-erased"},
		"a legal hold lifted":          {given: []erasure.Event{onHold}, when: erasure.LiftLegalHold{By: bolat, At: noon}, then: []erasure.Event{erasure.LegalHoldLifted{By: bolat, At: noon}}},
		"a legal hold lifted, or none": {when: erasure.LiftLegalHold{By: bolat, At: noon}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, err := erasure.Decide(erasure.Fold(c.given...), c.when)
			if c.refused != "" {
				if !problem.Has(err, c.refused) {
					t.Errorf("answered %v, want %s", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.then, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingIsDestroyedWithoutTwoAdministrators gives random commands by random people: no order without the consent of
// two people who are not the one to be erased, but for a registration that has lapsed; no beginning before its time, and a command once more gives nothing.
func TestNothingIsDestroyedWithoutTwoAdministrators(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s erasure.State
		var approvers []string
		now, notBefore := noon, time.Time{}
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
			by := rapid.SampledFrom([]string{anna, aigul, bolat, "gulnar"}).Draw(t, "by")
			command := rapid.SampledFrom([]erasure.Command{
				erasure.Request{ID: now.String(), Origin: erasure.Self, By: by, At: now},
				erasure.Lapse{ID: "lapse " + now.String(), At: now},
				erasure.Approve{Person: anna, By: by, Pause: time.Hour, At: now},
				erasure.Approve{Person: anna, By: by, Pause: time.Hour, At: now},
				erasure.Decline{Person: anna, By: by, Reason: "Жоқ", At: now},
				erasure.Withdraw{At: now},
				erasure.Begin{KeyCheck: "k", At: now},
				erasure.RecordKeyDestroyed{At: now},
				erasure.Complete{At: now},
				erasure.PlaceLegalHold{By: by, Reason: "Сот", At: now},
				erasure.LiftLegalHold{By: by, At: now},
			}).Draw(t, "command")
			events, err := erasure.Decide(s, command)
			if err != nil {
				continue
			}
			for _, event := range events {
				switch e := event.(type) {
				case erasure.Requested:
					approvers = nil
				case erasure.Approved:
					approvers = append(approvers, e.By)
				case erasure.Ordered:
					slices.Sort(approvers)
					if s.Origin == erasure.Unconfirmed && len(approvers) == 0 {
						notBefore = e.NotBefore
						break
					}
					if len(slices.Compact(approvers)) != 2 || slices.Contains(approvers, anna) {
						t.Fatalf("ordered by %q", approvers)
					}
					notBefore = e.NotBefore
				case erasure.Begun:
					if s.LegalHold || e.At.Before(notBefore) || s.Stage != erasure.StageOrdered {
						t.Fatalf("begun at %s from %s", e.At, s.Stage)
					}
				}
				s = erasure.Evolve(s, event)
			}
			if again, err := erasure.Decide(s, command); err == nil && len(again) > 0 {
				t.Fatalf("%#v again gave %#v", command, again)
			}
		}
	})
}
