package accounts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/infra/codec"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
)

type thing struct{ owner string }

func TestAnErasureReachesWhatThePersonHas(t *testing.T) {
	t.Parallel()
	erased := codec.Envelope{Stream: "account-aidana", Event: account.Erased{}}
	want := &projections.Selection{Index: "by_owner", Prefix: []any{"aidana"}}
	if diff := cmp.Diff(want, accounts.Erased("by_owner")(erased)); diff != "" {
		t.Errorf("selected (-want +got):\n%s", diff)
	}
	if got := accounts.Erased("by_owner")(codec.Envelope{Stream: "account-aidana", Event: account.Blocked{}}); got != nil {
		t.Errorf("somebody who is blocked is reached: %+v", got)
	}
	matches := accounts.Owned(func(t *thing) string { return t.owner })
	for owner, want := range map[string]bool{"aidana": true, "dauren": false, "": false} {
		if got := matches(&thing{owner}, erased); got != want {
			t.Errorf("what belongs to %q matches: %t, want %t", owner, got, want)
		}
	}
}

func TestOthersAreIgnoredFirst(t *testing.T) {
	t.Parallel()
	list := accounts.Ignored("application-number.assigned.v1")
	if len(list) < 2 || list[0] != "application-number.assigned.v1" || list[1] != "account.signed-in.v1" {
		t.Errorf("ignored %v", list)
	}
}
