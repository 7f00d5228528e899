package revocation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/revocation"
)

// source answers always the same.
type source struct {
	status revocation.Status
	err    error
	asked  int
}

func (s *source) Status(context.Context, revocation.Query) (revocation.Status, error) {
	s.asked++
	return s.status, s.err
}

// deaf never answers.
type deaf struct{}

func (deaf) Status(ctx context.Context, _ revocation.Query) (revocation.Status, error) {
	<-ctx.Done()
	return revocation.Status{}, ctx.Err()
}

func TestSourcesAreAskedInOrder(t *testing.T) {
	t.Parallel()
	failing := func() *source { return &source{err: errors.New("down")} }
	says := func(s revocation.State) *source { return &source{status: revocation.Status{State: s}} }
	for name, test := range map[string]struct {
		first, second *source
		want          revocation.State
		asked         int
	}{
		"the first says good":    {says(revocation.Good), says(revocation.Revoked), revocation.Good, 0},
		"the first says revoked": {says(revocation.Revoked), says(revocation.Good), revocation.Revoked, 0},
		"the first knows it not": {says(revocation.Unknown), says(revocation.Good), revocation.Unknown, 0},
		"the first is down":      {failing(), says(revocation.Good), revocation.Good, 1},
		"both are down":          {failing(), failing(), 0, 1},
	} {
		checker := revocation.Checker{Sources: []revocation.Source{test.first, test.second}}
		got, err := checker.Check(t.Context(), revocation.Query{})
		if got.State != test.want || (err == nil) != (test.want != 0) || test.first.asked != 1 || test.second.asked != test.asked {
			t.Errorf("%s: %s, error %v, asked %d and %d", name, got.State, err, test.first.asked, test.second.asked)
		}
	}
}

func TestNobodyToAskIsAnErrorThatPasses(t *testing.T) {
	t.Parallel()
	cause := &pki.Error{Code: pki.CodeMalformed, Detail: "an answer"}
	for words, checker := range map[string]revocation.Checker{
		"revocation-unavailable: there is nobody to ask":             {},
		"revocation-unavailable: malformed: an answer":               {Sources: []revocation.Source{&source{err: cause}}},
		"revocation-unavailable: malformed: an answer\nout of order": {Sources: []revocation.Source{&source{err: cause}, &source{err: errors.New("out of order")}}},
	} {
		_, err := checker.Check(t.Context(), revocation.Query{})
		var fault *pki.Error
		if err == nil || err.Error() != words || !errors.As(err, &fault) || fault.Code != pki.CodeRevocationUnavailable || !remote.Temporary(err) {
			t.Errorf("error %v, code %v; want %q", err, fault, words)
		}
		if len(checker.Sources) > 0 && !errors.Is(err, cause) {
			t.Error("the cause is lost")
		}
	}
}

func TestADeafSourceIsLeftForTheNext(t *testing.T) {
	t.Parallel()
	next := &source{status: revocation.Status{State: revocation.Good}}
	checker := revocation.Checker{Sources: []revocation.Source{deaf{}, next}, Timeout: time.Millisecond}
	if got, err := checker.Check(t.Context(), revocation.Query{}); err != nil || got.State != revocation.Good {
		t.Errorf("%s, error %v", got.State, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checker.Check(ctx, revocation.Query{}); !errors.Is(err, context.Canceled) || next.asked != 1 {
		t.Errorf("asked %d times though the context ended, error %v", next.asked, err)
	}
}
