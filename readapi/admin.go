package readapi

import (
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/calendars"
	"services.example/portal/projections/notifications"
)

// Status knows how the read models are doing.
type Status interface {
	Status(ctx context.Context) ([]projections.Status, error)
}

const adminTag = "Administration"

func (q *Queries) registerAdmin(api huma.API) {
	add := func(id, path, summary string) huma.Operation {
		return httpapi.Only(operation(id, "/admin"+path, summary, adminTag), string(account.Admin))
	}
	huma.Register(api, add("list-notifications", "/notifications",
		"Notices by what became of them, the latest first; neither their words nor their addresses"), q.adminNotifications)
	huma.Register(api, add("list-projections", "/projections", "The read models and how far they are"), q.adminProjections)
	huma.Register(api, add("read-calendar", "/calendars/{calendarId}", "A calendar by which terms are counted"), q.adminCalendar)
}

// anyNotice is a notice of any application. It says neither its words nor where it went.
type anyNotice struct {
	ID            string               `json:"id" format:"uuid"`
	ApplicationID string               `json:"applicationId,omitempty" doc:"Absent: of no application"`
	Recipient     string               `json:"recipient" doc:"Account id"`
	Channel       notification.Channel `json:"channel" enum:"sms,email"`
	Kind          string               `json:"kind" doc:"What it tells, such as status-in_work, message or notice"`
	Status        notification.Status  `json:"status" enum:"requested,postponed,sent,delivered,failed"`
	RequestedAt   time.Time            `json:"requestedAt"`
	SentAt        *time.Time           `json:"sentAt"`
	DeliveredAt   *time.Time           `json:"deliveredAt"`
	FailedAt      *time.Time           `json:"failedAt"`
	NextAt        *time.Time           `json:"nextAt" doc:"When a postponed one is tried again"`
	Attempts      int                  `json:"attempts"`
	Reason        string               `json:"reason,omitempty" doc:"A code: why the latest attempt did not work"`
}

type noticesPage struct {
	Items []anyNotice `json:"items"`
	Next  string      `json:"next,omitempty" doc:"Absent at the end"`
}

func (q *Queries) adminNotifications(ctx context.Context, in *struct {
	Consistent
	Paged
	Status notification.Status `query:"status" enum:"requested,postponed,sent,delivered,failed" default:"failed"`
},
) (*struct{ Body noticesPage }, error) {
	if err := q.await(ctx, in.Consistent, notifications.Name); err != nil {
		return nil, err
	}
	found, next, err := list[notifications.Notice](ctx, q.deps, notifications.Name, readstore.Query{
		Index: notifications.ByStatus, Prefix: []any{string(in.Status)}, Limit: in.Limit, After: in.After, Reverse: true,
	})
	if err != nil {
		return nil, err
	}
	body := noticesPage{Items: make([]anyNotice, len(found)), Next: next}
	for i := range found {
		n := &found[i].Doc
		body.Items[i] = anyNotice{
			ID: found[i].ID, ApplicationID: n.ApplicationID, Recipient: n.Recipient, Channel: n.Channel, Kind: n.Kind,
			Status: n.Status, RequestedAt: n.RequestedAt, SentAt: n.SentAt, DeliveredAt: n.DeliveredAt, FailedAt: n.FailedAt,
			Attempts: n.Attempts, Reason: n.Reason,
		}
		if n.Due != nil && n.Due.Tried {
			body.Items[i].NextAt = &n.Due.At
		}
	}
	return &struct{ Body noticesPage }{body}, nil
}

type projectionState struct {
	Name       string            `json:"name"`
	Version    int               `json:"version"`
	Collection string            `json:"collection" doc:"Empty: none serves yet"`
	State      projections.State `json:"state"`
	Serving    bool              `json:"serving" doc:"False while it is built beside the one that serves"`
	Position   string            `json:"position" doc:"Everything up to it is stored"`
	LagEvents  int               `json:"lagEvents" doc:"Events of the whole log after it"`
	LagSeconds float64           `json:"lagSeconds" doc:"Age of the oldest event that it has yet to take in"`
	Events     uint64            `json:"events" doc:"Taken in since this process began to project"`
	Documents  uint64            `json:"documents" doc:"Written since this process began to project"`
	Skipped    uint64            `json:"skipped" doc:"Events of unknown types since this process began to project"`
	Error      string            `json:"error,omitempty" doc:"Why it stopped"`
}

func (q *Queries) adminProjections(ctx context.Context, _ *struct{}) (*struct{ Body []projectionState }, error) {
	statuses, err := q.deps.Status.Status(ctx)
	if err != nil {
		return nil, err
	}
	body := make([]projectionState, len(statuses))
	for i := range statuses {
		s := &statuses[i]
		body[i] = projectionState{
			Name: s.Name, Version: s.Version, Collection: s.Collection, State: s.State, Serving: s.Serving,
			Position: s.Position.String(), LagEvents: s.LagEvents, LagSeconds: s.LagSeconds, Events: s.Events,
			Documents: s.Documents, Skipped: s.SkippedUnknown, Error: s.LastError,
		}
	}
	return &struct{ Body []projectionState }{body}, nil
}

type calendarPage struct {
	ID              string   `json:"id"`
	Version         int      `json:"version"`
	Holidays        []string `json:"holidays"`
	WorkingWeekends []string `json:"workingWeekends"`
}

type calendarAnswer struct {
	ETag string `header:"ETag" doc:"The revision, for If-Match"`
	Body calendarPage
}

func (q *Queries) adminCalendar(ctx context.Context, in *struct {
	Consistent
	CalendarID string `path:"calendarId"`
},
) (*calendarAnswer, error) {
	if err := q.await(ctx, in.Consistent, calendars.Name); err != nil {
		return nil, err
	}
	found, err := get[calendars.Calendar](ctx, q.deps, calendars.Name, in.CalendarID)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, problem.New(problem.NotFound, "calendar-not-found")
	}
	if err != nil {
		return nil, err
	}
	return &calendarAnswer{
		ETag: httpapi.ETag(int64(found.Version - 1)), // every event of a calendar's stream is a version of it
		Body: calendarPage{
			ID: in.CalendarID, Version: found.Version, Holidays: append([]string{}, found.Holidays...),
			WorkingWeekends: append([]string{}, found.WorkingWeekends...),
		},
	}, nil
}
