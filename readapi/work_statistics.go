package readapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/servicestatistics"
)

// Months of statistics: the first is so many before the last if none is named, and no more than so many are read at once.
const (
	usualMonths = 12
	mostMonths  = 120
)

type workStatisticsInput struct {
	Consistent
	Service string `query:"service" doc:"Only of this service, by its id"`
	From    string `query:"from" pattern:"^20[0-9]{2}-(0[1-9]|1[0-2])$" doc:"First month, such as 2026-01; if none, eleven months before the last"`
	To      string `query:"to" pattern:"^20[0-9]{2}-(0[1-9]|1[0-2])$" doc:"Last month; if none, the current one in Almaty"`
}

type workStatistics struct {
	From     string           `json:"from" doc:"First month"`
	To       string           `json:"to" doc:"Last month"`
	Total    Figures          `json:"total"`
	Months   []monthFigures   `json:"months" doc:"Those in which something happened, earliest first"`
	Services []serviceFigures `json:"services" doc:"Those with which something happened, by name in the reader's language"`
}

type monthFigures struct {
	Month string `json:"month"`
	Figures
}

type serviceFigures struct {
	Service namedOffer `json:"service"`
	Figures
}

func (q *Queries) registerWorkStatistics(api huma.API) {
	huma.Register(api, httpapi.Private(operation("work-statistics", "/work/statistics",
		"How services are performed: counts, times, refusals, outcomes and questionnaires. What happened counts in the month in which it did", workTag)),
		q.workStatistics)
}

// scope is of which services a caller sees the figures: of all, or of those of their provider.
type scope struct {
	all      bool
	provider string
}

// statisticsScope tells which figures are the caller's to see. They are exact, so analysts, who know of everybody and are
// to know of nobody, have others (/analytics). Error: not-found, for callers who see none.
func statisticsScope(ctx context.Context) (scope, error) {
	caller, err := httpapi.Signed(ctx)
	switch {
	case err != nil:
		return scope{}, err
	case caller.Has(string(account.Admin)):
		return scope{all: true}, nil
	case ofProvider(&caller):
		return scope{provider: caller.Provider}, nil
	default:
		return scope{}, problem.New(problem.NotFound, "not-found")
	}
}

// holds tells whether a service is within the scope. Whose it is, is what the catalogue says now.
func (s *snapshot) holds(of scope, serviceID string) bool {
	if of.all {
		return true
	}
	o, found := s.services[serviceID]
	return found && o.ProviderID == of.provider
}

func (q *Queries) workStatistics(ctx context.Context, in *workStatisticsInput) (*struct{ Body workStatistics }, error) {
	of, err := statisticsScope(ctx)
	if err != nil {
		return nil, err
	}
	from, to, err := months(in.From, in.To, q.deps.Now())
	if err != nil {
		return nil, err
	}
	if err := q.await(ctx, in.Consistent, servicestatistics.Name); err != nil {
		return nil, err
	}
	s, err := q.catalogue.now(ctx)
	if err != nil {
		return nil, err
	}
	if _, found := s.services[in.Service]; in.Service != "" && (!found || !s.holds(of, in.Service)) {
		return nil, problem.New(problem.NotFound, "service-not-found")
	}
	query := readstore.Query{Index: servicestatistics.ByMonth, From: from, To: to, Limit: readstore.MaxLimit}
	if in.Service != "" {
		query.Index, query.Prefix = servicestatistics.ByService, []any{in.Service}
	}
	sums, err := q.sums(ctx, query, func(serviceID string) bool { return s.holds(of, serviceID) })
	if err != nil {
		return nil, err
	}
	body := workStatistics{From: from, To: to}
	sums.show(&body, s, httpapi.LanguageOf(ctx))
	return &struct{ Body workStatistics }{body}, nil
}

// sums are figures summed up in three ways.
type sums struct {
	total              servicestatistics.Figures
	byMonth, byService map[string]*servicestatistics.Figures
}

// sums reads the figures that a query finds, of the services that count.
func (q *Queries) sums(ctx context.Context, query readstore.Query, counts func(serviceID string) bool) (*sums, error) {
	all := &sums{byMonth: map[string]*servicestatistics.Figures{}, byService: map[string]*servicestatistics.Figures{}}
	for {
		found, next, err := list[servicestatistics.Figures](ctx, q.deps, servicestatistics.Name, query)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if f := &found[i].Doc; counts(f.ServiceID) {
				all.total.Add(f)
				figuresOf(all.byMonth, f.Month).Add(f)
				figuresOf(all.byService, f.ServiceID).Add(f)
			}
		}
		if next == "" {
			return all, nil
		}
		query.After = next
	}
}

func (t *sums) show(body *workStatistics, s *snapshot, l text.Language) {
	body.Total, body.Months, body.Services = figuresIn(l, &t.total), []monthFigures{}, []serviceFigures{}
	for month, f := range t.byMonth {
		body.Months = append(body.Months, monthFigures{month, figuresIn(l, f)})
	}
	slices.SortFunc(body.Months, func(a, b monthFigures) int { return strings.Compare(a.Month, b.Month) })
	for id, f := range t.byService {
		named := namedOffer{ID: id}
		if o, found := s.services[id]; found {
			named.Name = o.Name
		}
		body.Services = append(body.Services, serviceFigures{named, figuresIn(l, f)})
	}
	slices.SortFunc(body.Services, func(a, b serviceFigures) int {
		return cmp.Or(strings.Compare(a.Service.Name.In(l), b.Service.Name.In(l)), strings.Compare(a.Service.ID, b.Service.ID))
	})
}

func figuresOf(all map[string]*servicestatistics.Figures, key string) *servicestatistics.Figures {
	if all[key] == nil {
		all[key] = &servicestatistics.Figures{}
	}
	return all[key]
}

const monthLayout = "2006-01"

// months completes a span of months. Error: out-of-range, if it is empty or too long.
func months(from, to string, now time.Time) (first, last string, err error) {
	if to == "" {
		to = servicestatistics.MonthOf(now)
	}
	end, err := time.Parse(monthLayout, to)
	if err != nil {
		return "", "", problem.Input(problem.Field{Location: "to", Code: "wrong-format"})
	}
	if from == "" {
		from = end.AddDate(0, 1-usualMonths, 0).Format(monthLayout)
	}
	begin, err := time.Parse(monthLayout, from)
	if err != nil {
		return "", "", problem.Input(problem.Field{Location: "from", Code: "wrong-format"})
	}
	if begin.After(end) || !begin.AddDate(0, mostMonths, 0).After(end) {
		return "", "", problem.Input(problem.Field{Location: "from", Code: "out-of-range"})
	}
	return from, to, nil
}
