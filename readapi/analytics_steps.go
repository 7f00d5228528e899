package readapi

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

type analyticsSteps struct {
	From     string            `json:"from"`
	To       string            `json:"to"`
	Smallest int               `json:"smallest" doc:"What fewer applications share is not told, and counts are rounded by chance to multiples of it"`
	Forms    []analyticsFunnel `json:"forms" doc:"One for each version of a service with which an application was started"`
}

// analyticsFunnel tells how far people came with a form. Null: fewer than five.
type analyticsFunnel struct {
	Service namedOffer      `json:"service"`
	Version int             `json:"version"`
	Started *int64          `json:"started"`
	Sent    *int64          `json:"sent"`
	Deleted *int64          `json:"deleted" doc:"Drafts that were deleted"`
	Steps   []analyticsStep `json:"steps" doc:"In the order of the form; none, if fewer than five were started"`
}

type analyticsStep struct {
	ID       string     `json:"id"`
	Title    *text.Text `json:"title,omitempty"`
	Touched  *int64     `json:"touched" doc:"Saved, or a file was attached"`
	Complete *int64     `json:"complete" doc:"It sufficed for sending"`
	Last     *int64     `json:"last" doc:"The last step that was touched, of applications that were not sent"`
}

func (q *Queries) registerAnalyticsSteps(api huma.API) {
	huma.Register(api, analyticsOperation("analytics-steps", "/steps",
		"Where people give up: how far the applications started in a period came with each step of the form"),
		func(ctx context.Context, in *struct {
			Consistent
			Period
			Service string `query:"service" format:"uuid" doc:"Only of this service"`
		},
		) (*struct{ Body analyticsSteps }, error) {
			list, err := in.months(q.deps.Now())
			if err != nil {
				return nil, err
			}
			s, err := q.countedFrom(ctx, in.Consistent, cases.Name)
			if err != nil {
				return nil, err
			}
			counted, err := q.cubes.started(ctx, list, in.MinPosition != "")
			if err != nil {
				return nil, err
			}
			sum := analytics.Funnels{}
			for _, month := range counted {
				sum.Merge(month)
			}
			body := analyticsSteps{From: list[0], To: list[len(list)-1], Smallest: analytics.Smallest, Forms: []analyticsFunnel{}}
			for _, funnel := range sum.Ordered() {
				if in.Service != "" && in.Service != funnel.Service {
					continue
				}
				shown, err := q.funnel(ctx, s, funnel)
				if err != nil {
					return nil, err
				}
				body.Forms = append(body.Forms, shown)
			}
			return &struct{ Body analyticsSteps }{body}, nil
		})
}

// funnel shows what may be told of a funnel.
func (q *Queries) funnel(ctx context.Context, s *snapshot, f *analytics.Funnel) (analyticsFunnel, error) {
	shown := analyticsFunnel{
		Service: s.serviceNamed(f.Service), Version: f.Version, Steps: []analyticsStep{},
	}
	if !f.Told() {
		return shown, nil
	}
	shown.Started, shown.Sent, shown.Deleted = f.Started.Published(), f.Sent.Published(), f.Deleted.Published()
	titles := map[string]text.Text{}
	version, err := q.versions.content(ctx, f.Service, f.Version)
	var gone *problem.Problem
	switch {
	case err == nil:
		for _, step := range version.steps {
			titles[step.ID] = step.Title
		}
	case !errors.As(err, &gone) || gone.Kind != problem.NotFound:
		return shown, err
	}
	for _, step := range f.Steps {
		one := analyticsStep{
			ID: step.ID, Touched: step.Touched.Published(), Complete: step.Complete.Published(), Last: step.Last.Published(),
		}
		if title, found := titles[step.ID]; found {
			one.Title = &title
		}
		shown.Steps = append(shown.Steps, one)
	}
	return shown, nil
}
