package retention_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/retention"
)

var signed = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestEveryKindHasATerm(t *testing.T) {
	t.Parallel()
	var s retention.State
	for _, kind := range retention.Kinds() {
		want := time.Date(2031, 11, 23, 12, 0, 0, 0, time.UTC)
		if kind == retention.Registration {
			want = time.Date(2026, 12, 23, 12, 0, 0, 0, time.UTC)
		}
		if until := s.Until(kind, signed); !until.Equal(want) {
			t.Errorf("%s is kept until %s", kind, until)
		}
	}
	rules := retention.Default()
	rules[0].Months = 120
	s = retention.Evolve(s, retention.Scheduled{Rules: rules})
	if until := s.Until(retention.Act, signed); until.Year() != 2036 {
		t.Errorf("an act is kept until %s", until)
	}
	if until := s.Until("a kind without a rule", signed); until.Year() != 2036 {
		t.Errorf("what has no rule is kept until %s, not as long as what is kept longest", until)
	}
}

func TestAScheduleNamesEveryKindOnce(t *testing.T) {
	t.Parallel()
	faults := func(rules ...retention.Rule) []string {
		_, err := retention.Decide(retention.State{}, retention.Schedule{Rules: rules, At: signed})
		var p *problem.Problem
		if !errors.As(err, &p) {
			return nil
		}
		var list []string
		for _, f := range p.Fields {
			list = append(list, f.Location+" "+f.Code)
		}
		return list
	}
	all := retention.Default()
	if got := faults(all[5], all[3], all[1], all[4], all[0], all[2]); got != nil { // in any order
		t.Errorf("refused for %q", got)
	}
	twice := append(retention.Default(), all[0])
	short, long := retention.Default(), retention.Default()
	short[0].Months, long[0].Months = 0, 1201
	silent := retention.Default()
	silent[2].Basis = "\n"
	for name, c := range map[string]struct {
		given []retention.Rule
		want  []string
	}{
		"a kind is missing":  {all[1:], []string{"rules rule-missing"}},
		"a kind comes twice": {twice, []string{"rules[6].kind bad-kind"}},
		"no time at all":     {short, []string{"rules[0].months out-of-range"}},
		"more than a life":   {long, []string{"rules[0].months out-of-range"}},
		"no basis":           {silent, []string{"rules[2].basis text-required"}},
	} {
		if diff := cmp.Diff(c.want, faults(c.given...)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
