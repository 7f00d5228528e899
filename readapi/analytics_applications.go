package readapi

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/region"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

// mostCells is how many cells one answer has at most.
const mostCells = 10_000

type analyticsApplicationsInput struct {
	Consistent
	Period
	AnalyticsFilter
	By []string `query:"by" enum:"month,service,provider,region,status" maxItems:"5" doc:"What figures are told apart by, such as service,region; if nothing, there is only the total"`
}

// AnalyticsFilter narrows down which applications count.
type AnalyticsFilter struct {
	Service  string `query:"service" format:"uuid" doc:"Only of this service"`
	Provider string `query:"provider" format:"uuid" doc:"Only of this provider"`
	Region   string `query:"region" pattern:"^(KZ-[0-9]{2}|unknown)$" doc:"Only of this region, by ISO 3166-2; unknown: of none"`
	Status   string `query:"status" pattern:"^[a-z_]{1,40}$" doc:"Only those that stand there"`
}

// unknownRegion is how the API names the region of what names none.
const unknownRegion = "unknown"

func (f AnalyticsFilter) pass(service, provider, of, status string) bool {
	return (f.Service == "" || f.Service == service) && (f.Provider == "" || f.Provider == provider) &&
		(f.Region == "" || f.Region == of || f.Region == unknownRegion && of == "") && (f.Status == "" || f.Status == status)
}

type analyticsApplications struct {
	From     string          `json:"from"`
	To       string          `json:"to"`
	By       []string        `json:"by"`
	Smallest int             `json:"smallest" doc:"What fewer applications share is not told, and counts are rounded by chance to multiples of it"`
	Total    shownFigures    `json:"total" doc:"Rounded for itself: it is not the sum of the cells"`
	Cells    []analyticsCell `json:"cells" doc:"Those with any application, in the order of what tells them apart"`
}

// shownFigures has the name that the API gives to figures.
type shownFigures = analytics.ProtectedFigures

type analyticsCell struct {
	Month      string         `json:"month,omitempty"`
	Service    *namedOffer    `json:"service,omitempty"`
	Provider   *namedProvider `json:"provider,omitempty"`
	Region     *namedRegion   `json:"region,omitempty"`
	Status     string         `json:"status,omitempty"`
	Suppressed bool           `json:"suppressed" doc:"There are fewer than five, or they are those of fewer than five people: nothing is told of them"`
	shownFigures
}

type namedProvider struct {
	ID   string     `json:"id" doc:"Empty: not known"`
	Name *text.Text `json:"name,omitempty"`
}

type namedRegion struct {
	Code string    `json:"code" doc:"ISO 3166-2, or unknown"`
	Name text.Text `json:"name"`
}

func (q *Queries) registerAnalyticsApplications(api huma.API) {
	huma.Register(api, analyticsOperation("analytics-applications", "/applications",
		"Applications sent in a period, as they stand now, by service, provider, region, status and month"), q.analyticsApplications)
}

func (q *Queries) analyticsApplications(ctx context.Context, in *analyticsApplicationsInput) (*struct{ Body analyticsApplications }, error) {
	list, err := in.months(q.deps.Now())
	if err != nil {
		return nil, err
	}
	s, err := q.countedFrom(ctx, in.Consistent, cases.Name)
	if err != nil {
		return nil, err
	}
	counted, err := q.cubes.sent(ctx, list, in.MinPosition != "")
	if err != nil {
		return nil, err
	}
	by := make([]analytics.Dimension, len(in.By))
	for i, name := range in.By {
		by[i] = analytics.Dimension(name)
	}
	pass := func(k analytics.Key) bool { return in.pass(k.Service, k.Provider, k.Region, k.Status) }
	l := httpapi.LanguageOf(ctx)
	body := analyticsApplications{
		From: list[0], To: list[len(list)-1], By: append([]string{}, in.By...), Smallest: analytics.Smallest, Cells: []analyticsCell{},
	}
	total := analytics.Sum(counted, nil, pass)[analytics.Key{}]
	if total == nil {
		total = &analytics.Cell{}
	}
	body.Total = figuresTold(total, l)
	if len(by) == 0 {
		return &struct{ Body analyticsApplications }{body}, nil
	}
	cells := analytics.Sum(counted, by, pass)
	if len(cells) > mostCells {
		return nil, problem.Input(problem.Field{Location: "by", Code: "out-of-range"})
	}
	for _, key := range cells.Ordered() {
		body.Cells = append(body.Cells, s.cell(key, by, cells[key], l))
	}
	return &struct{ Body analyticsApplications }{body}, nil
}

// cell shows a cell with the names of what tells it apart.
func (s *snapshot) cell(key analytics.Key, by []analytics.Dimension, of *analytics.Cell, l text.Language) analyticsCell {
	shown := analyticsCell{Month: key.Month, Status: key.Status, Suppressed: !of.Told(), shownFigures: figuresTold(of, l)}
	if slices.Contains(by, analytics.Service) {
		named := s.serviceNamed(key.Service)
		shown.Service = &named
	}
	if slices.Contains(by, analytics.Provider) {
		shown.Provider = &namedProvider{ID: key.Provider, Name: s.providerNamed(key.Provider)}
	}
	if slices.Contains(by, analytics.Region) {
		shown.Region = &namedRegion{Code: unknownRegion}
		if code := region.Code(key.Region); code != region.Unknown {
			shown.Region = &namedRegion{Code: key.Region, Name: code.Name()}
		}
	}
	return shown
}

// figuresTold gives the codes of figures their words.
func figuresTold(cell *analytics.Cell, l text.Language) shownFigures {
	told := cell.Published()
	for _, list := range [][]analytics.ProtectedCode{told.Refusals, told.Outcomes} {
		for i := range list {
			list[i].Text = details[list[i].Code].In(l)
		}
	}
	return told
}

// providerNamed is what a provider is called; nil, if it is not known.
func (s *snapshot) providerNamed(id string) *text.Text {
	provider, found := s.providers[id]
	if !found {
		return nil
	}
	return &provider.Name
}
