package readapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
)

const analyticsTag = "Analytics"

// Period is the months that figures are asked for.
type Period struct {
	From string `query:"from" pattern:"^20[0-9]{2}-(0[1-9]|1[0-2])$" doc:"First month in Almaty, such as 2026-01; if none, eleven months before the last"`
	To   string `query:"to" pattern:"^20[0-9]{2}-(0[1-9]|1[0-2])$" doc:"Last month; if none, the current one"`
}

// months lists the months of the period. Error: out-of-range.
func (p Period) months(now time.Time) (list []string, err error) {
	from, to, err := months(p.From, p.To, now)
	if err != nil {
		return nil, err
	}
	first, err := time.Parse(monthLayout, from)
	if err != nil {
		return nil, problem.Input(problem.Field{Location: "from", Code: "wrong-format"})
	}
	for month := from; month <= to; {
		list = append(list, month)
		first = first.AddDate(0, 1, 0)
		month = first.Format(monthLayout)
	}
	return list, nil
}

func (q *Queries) registerAnalytics(api huma.API) {
	q.registerAnalyticsApplications(api)
	q.registerAnalyticsSteps(api)
	q.registerAnalyticsDeliveries(api)
	q.registerAnalyticsExport(api)
}

// analyticsOperation describes a query for analysts and the machines that read for them. To anybody else there is no such
// page.
func analyticsOperation(id, path, summary string) huma.Operation {
	op := operation(id, "/analytics"+path, summary, analyticsTag)
	op.Errors = append(op.Errors, http.StatusUnprocessableEntity)
	return httpapi.Scoped(op, machine.AnalyticsRead)
}

// countedFrom waits for the read models and gives the catalogue, by which services are named.
func (q *Queries) countedFrom(ctx context.Context, in Consistent, models ...string) (*snapshot, error) {
	if err := q.await(ctx, in, models...); err != nil {
		return nil, err
	}
	return q.catalogue.now(ctx)
}

// serviceNamed gives a service of figures its name, as far as it has one.
func (s *snapshot) serviceNamed(serviceID string) namedOffer {
	named := namedOffer{ID: serviceID}
	if o, found := s.services[serviceID]; found {
		named.Name = o.Name
	}
	return named
}
