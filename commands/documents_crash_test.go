package commands

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/infra/eds/dev"
)

// death is the end of a process directly before its nth append, counted from 0, or after it: the store has it, the
// process does not know.
type death struct {
	n     int
	after bool
}

func (d death) String() string {
	if d.after {
		return fmt.Sprintf("after append %d", d.n)
	}
	return fmt.Sprintf("before append %d", d.n)
}

// dies makes the process die. It returns whether it has.
func (o *signingOffice) dies(d death) (died func() bool) {
	var mu sync.Mutex
	count, dead, killed := 0, false, errors.New("killed")
	o.events.fail(
		func(string) error {
			mu.Lock()
			defer mu.Unlock()
			if dead = dead || !d.after && count == d.n; dead {
				return killed
			}
			return nil
		},
		func(string) error {
			mu.Lock()
			defer mu.Unlock()
			if dead = dead || d.after && count == d.n; dead {
				return killed
			}
			count++
			return nil
		})
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return dead
	}
}

// types names the events of streams, in order.
func (o *signingOffice) types(streams ...string) []string {
	o.t.Helper()
	var names []string
	for _, stream := range streams {
		for _, event := range o.history(stream) {
			names = append(names, fmt.Sprintf("%T", event))
		}
	}
	return names
}

// TestADeathBetweenAnyTwoStepsLosesAndDoublesNothing kills the process before and after every append of every command on a
// document, and lets either the caller repeat the command or the reactor finish what was begun.
func TestADeathBetweenAnyTwoStepsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		// set prepares an office and gives the command, and the streams that it writes to.
		set func(t *testing.T) (o *signingOffice, give func() error, streams []string)
	}{
		{"issue", func(t *testing.T) (*signingOffice, func() error, []string) {
			t.Helper()
			o, first := act(t)
			file := o.upload(o.dauren, o.application, "акт 2")
			req := keyed(o.dauren.id, "issue", "body")
			return o, func() error {
				_, _, err := o.Documents.IssueDocument(t.Context(), req, o.executor(), o.application, NewDocument{Kind: "act", FileID: file})
				return err
			}, []string{"application-" + o.application, "signature-" + first, "signature-" + req.derivedID("document")}
		}},
		{"sign last", func(t *testing.T) (*signingOffice, func() error, []string) {
			t.Helper()
			o, document := agreement(t)
			o.sign(o.nurai, document, o.cms(o.nuraiIs, "келісім")).is(t, http.StatusCreated, nil)
			cms, err := o.authority.Sign(o.daurenIs, documentBytes("келісім"), o.clock.Now(), dev.SignOptions{})
			done(t, err)
			req := keyed(o.dauren.id, "sign", "body")
			return o, func() error {
				_, err := o.Documents.SignDocument(t.Context(), req, o.executor(), document, cms)
				return err
			}, []string{"application-" + o.application, "signature-" + document}
		}},
		{"accept last", func(t *testing.T) (*signingOffice, func() error, []string) {
			t.Helper()
			o, document := act(t)
			o.accept(o.dauren, document).is(t, http.StatusCreated, nil)
			req := keyed(o.nurai.id, "accept", "body")
			return o, func() error {
				_, err := o.Documents.AcceptDocument(t.Context(), req, application.Staff{Account: o.nurai.id}, document)
				return err
			}, []string{"application-" + o.application, "signature-" + document}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			undisturbed, give, streams := tt.set(t)
			done(t, give())
			want := undisturbed.types(streams...)
			deaths := 0
			for n, more := 0, true; more; n++ {
				more = false
				for _, d := range []death{{n, false}, {n, true}} {
					for _, repeats := range []bool{true, false} {
						o, give, streams := tt.set(t)
						died := o.dies(d)
						err := give()
						if !died() {
							break
						}
						deaths, more = deaths+1, true
						if err == nil {
							t.Errorf("%s: the caller was told that all is well", d)
						}
						o.events.fail(nil, nil)
						o.restart()
						o.clock.pass(time.Minute)
						o.finish(repeats, give)
						if n == 0 && !d.after && !repeats {
							continue // nothing had begun
						}
						if diff := cmp.Diff(want, o.types(streams...)); diff != "" {
							t.Errorf("%s, repeated %t: events (-undisturbed +then):\n%s", d, repeats, diff)
						}
						at := o.end()
						o.finish(true, give)
						o.finish(false, give)
						o.happened(at)
					}
				}
			}
			if deaths < 6 {
				t.Errorf("the process died only %d times", deaths)
			}
		})
	}
}

// finish repeats the command, or does what the reactor does for every event that it follows.
func (o *signingOffice) finish(repeats bool, give func() error) {
	o.t.Helper()
	if repeats {
		done(o.t, give())
		return
	}
	done(o.t, o.Documents.Settle(o.t.Context(), NewRequest("system"), o.application))
	for _, document := range o.stateOf(o.application).Documents {
		done(o.t, o.Documents.SettleDocument(o.t.Context(), NewRequest("system"), document.ID))
	}
}

// executor is the executor who is on the application.
func (o *signingOffice) executor() application.Staff {
	return application.Staff{Account: o.dauren.id, Provider: providerID, Roles: []account.Role{account.Executor}}
}
