package erasures_test

import (
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/projections/erasures"
	"services.example/portal/projections/projectionstest"
)

const anna = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"

var (
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	later = noon.Add(time.Hour)
	act   = erasure.Held{DocumentID: "d1", ApplicationID: "a1", Kind: "act", Files: []string{"f1"}, Until: noon.AddDate(5, 0, 0)}
	other = erasure.Held{DocumentID: "d2", ApplicationID: "a1", Kind: "agreement", Files: []string{"f2"}, Until: noon.AddDate(3, 0, 0)}
)

func TestAnErasureFromTheRequestToTheLastTerm(t *testing.T) {
	t.Parallel()
	stream := "erasure-" + anna
	history := projectionstest.History{}.In(stream, anna, "applicant",
		erasure.Requested{RequestID: "r1", Origin: erasure.Self, By: anna, At: noon})
	want := erasures.Erasure{Account: anna, Stage: "requested", Origin: "self", RequestedBy: anna, RequestedAt: &noon}
	expect := func() {
		t.Helper()
		projectionstest.Expect(t, erasures.Model, history, map[string]erasures.Erasure{anna: want})
	}
	expect()

	history = history.In(stream, "", "admin",
		erasure.Refused{RequestID: "r1", Obstacles: []erasure.Obstacle{{Code: "application-open", ApplicationID: "a1"}}, At: noon})
	want.Stage, want.ClosedAt = "refused", &noon
	want.Obstacles = []erasures.Obstacle{{Code: "application-open", ApplicationID: "a1"}}
	expect()

	history = history.In(stream, "", "admin",
		erasure.LegalHoldPlaced{By: "aigul", Reason: "Сот", At: noon}, erasure.LegalHoldLifted{By: "aigul", At: noon},
		erasure.Requested{RequestID: "r2", Origin: erasure.Written, By: "aigul", At: noon},
		erasure.Approved{RequestID: "r2", By: "aigul", At: noon}, erasure.Approved{RequestID: "r2", By: "bolat", At: noon},
		erasure.Ordered{RequestID: "r2", Closes: true, NotBefore: later, At: noon})
	want = erasures.Erasure{
		Account: anna, Stage: "ordered", Origin: "written", RequestedBy: "aigul", RequestedAt: &noon,
		Approvers: []string{"aigul", "bolat"}, NotBefore: &later, Closes: true, Carried: &noon,
	}
	expect()

	history = history.In(stream, "", "system",
		erasure.Begun{RequestID: "r2", KeyCheck: "k", Held: []erasure.Held{act, other}, At: later},
		erasure.KeyDestroyed{RequestID: "r2", KeyCheck: "k", Unreadable: 7, At: later},
		erasure.Completed{RequestID: "r2", Files: 3, At: later})
	want.Stage, want.KeyCheck, want.Unreadable, want.Files = "completed", "k", 7, 3
	want.Carried, want.ClosedAt, want.NextHold = nil, &later, &other.Until
	want.Held = []erasures.Held{
		{DocumentID: "d1", ApplicationID: "a1", Kind: "act", Until: act.Until},
		{DocumentID: "d2", ApplicationID: "a1", Kind: "agreement", Until: other.Until},
	}
	expect()

	history = history.In(stream, "", "system", erasure.HoldEnded{DocumentID: "d2", Files: 1, At: other.Until})
	want.Held, want.NextHold = want.Held[:1], &act.Until
	expect()
}

func TestADeclinedRequestNamesWhoDeclinedIt(t *testing.T) {
	t.Parallel()
	history := projectionstest.History{}.In("erasure-"+anna, "", "admin",
		erasure.Requested{RequestID: "r1", Origin: erasure.Retention, At: noon},
		erasure.Declined{RequestID: "r1", By: "aigul", Reason: "Жоқ", At: later})
	projectionstest.Expect(t, erasures.Model, history, map[string]erasures.Erasure{anna: {
		Account: anna, Stage: "declined", Origin: "retention", RequestedAt: &noon, ClosedBy: "aigul", ClosedAt: &later,
	}})
}

// TestWhatAnOrderHasClosedIsCarriedUntilItIsOpen: also when whoever declined it died before the account was open again.
func TestWhatAnOrderHasClosedIsCarriedUntilItIsOpen(t *testing.T) {
	t.Parallel()
	history := projectionstest.History{}.
		In("account-"+anna, "", "admin", account.Unblocked{At: noon}). // of no erasure
		In("erasure-"+anna, "", "admin",
			erasure.Requested{RequestID: "r1", Origin: erasure.Self, By: anna, At: noon}, erasure.Approved{RequestID: "r1", By: "aigul", At: noon},
										erasure.Approved{RequestID: "r1", By: "bolat", At: noon}, erasure.Ordered{RequestID: "r1", Closes: true, NotBefore: later, At: noon}).
		In("account-"+anna, "", "admin", account.Unblocked{At: noon}). // by somebody who does not know: it is closed again
		In("erasure-"+anna, "", "admin", erasure.Declined{RequestID: "r1", By: "aigul", Reason: "Жоқ", At: later})
	want := erasures.Erasure{
		Account: anna, Stage: "declined", Origin: "self", RequestedBy: anna, RequestedAt: &noon, Approvers: []string{"aigul", "bolat"},
		NotBefore: &later, ClosedBy: "aigul", ClosedAt: &later, Closes: true, Carried: &noon,
	}
	projectionstest.Expect(t, erasures.Model, history, map[string]erasures.Erasure{anna: want})
	want.Carried = nil
	projectionstest.Expect(t, erasures.Model, history.In("account-"+anna, "", "system", account.Unblocked{At: later}),
		map[string]erasures.Erasure{anna: want})
}
