package readapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/calendar"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/cases"
	"services.example/portal/projections/notifications"
	"services.example/portal/readapi/analytics"
)

type analyticsDeliveries struct {
	From       string              `json:"from"`
	To         string              `json:"to"`
	Smallest   int                 `json:"smallest" doc:"What fewer notices share is not told, and counts are rounded by chance to multiples of it"`
	Deliveries []analyticsDelivery `json:"deliveries" doc:"By month and channel"`
}

// analyticsDelivery tells what became of notices. Null: fewer than five.
type analyticsDelivery struct {
	Month    string                       `json:"month" doc:"In which the notice was asked for"`
	Channel  string                       `json:"channel"`
	Notices  *int64                       `json:"notices"`
	Repeated *int64                       `json:"repeated" doc:"It took more than one try"`
	States   []analytics.ProtectedCode    `json:"states" doc:"Where they stand"`
	Failures []analytics.ProtectedCode    `json:"failures" doc:"Why, of those that were given up"`
	Arrival  analytics.ProtectedDurations `json:"arrival" doc:"From asking for a notice to the report that it arrived; channels that do not report have none"`
}

func (q *Queries) registerAnalyticsDeliveries(api huma.API) {
	huma.Register(api, analyticsOperation("analytics-deliveries", "/deliveries",
		"Notices by month and channel: sent, arrived, failed and why"),
		func(ctx context.Context, in *struct {
			Consistent
			Period
		},
		) (*struct{ Body analyticsDeliveries }, error) {
			list, err := in.months(q.deps.Now())
			if err != nil {
				return nil, err
			}
			if err := q.await(ctx, in.Consistent, notifications.Name); err != nil {
				return nil, err
			}
			counted, err := q.deliveries(ctx, list[0], list[len(list)-1])
			if err != nil {
				return nil, err
			}
			body := analyticsDeliveries{
				From: list[0], To: list[len(list)-1], Smallest: analytics.Smallest, Deliveries: []analyticsDelivery{},
			}
			for _, d := range counted.Ordered() {
				body.Deliveries = append(body.Deliveries, deliveryTold(d))
			}
			return &struct{ Body analyticsDeliveries }{body}, nil
		})
}

func deliveryTold(d *analytics.Delivery) analyticsDelivery {
	shown := analyticsDelivery{
		Month: d.Month, Channel: d.Channel, States: []analytics.ProtectedCode{}, Failures: []analytics.ProtectedCode{},
	}
	if d.Told() {
		shown.Notices, shown.Repeated, shown.Arrival = d.Notices.Published(), d.Tries.Published(), d.Arrival.Published()
		shown.States, shown.Failures = analytics.Codes(d.States), analytics.Codes(d.Failures)
	}
	return shown
}

// deliveries counts the notices asked for in the months from one to another.
func (q *Queries) deliveries(ctx context.Context, from, to string) (analytics.Deliveries, error) {
	release, err := q.cubes.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	first, err := calendar.ParseDate(from + "-01")
	if err != nil {
		return nil, err
	}
	end, err := time.Parse(monthLayout, to)
	if err != nil {
		return nil, err
	}
	last := end.AddDate(0, 1, 0)
	counted, keys := analytics.Deliveries{}, analytics.NewKeys(q.deps.AnalyticsSecret)
	query := readstore.Query{
		Index: notifications.ByRequested, From: first.End().Add(-24 * time.Hour), To: last, Limit: readstore.MaxLimit,
	}
	for {
		page, next, err := list[notifications.Notice](ctx, q.deps, notifications.Name, query)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if month := cases.MonthOf(page[i].Doc.RequestedAt); month >= from && month <= to {
				counted.Add(month, &page[i].Doc, keys.Of(page[i].ID))
			}
		}
		if next == "" {
			return counted, nil
		}
		if err := (analytics.Source{Busy: q.deps.Busy}).Pause(ctx); err != nil {
			return nil, err
		}
		query.After = next
	}
}
