package readapi

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/notification"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/notifications"
)

// sentNotice is what became of a notice. It says neither its words nor where it went.
type sentNotice struct {
	ID          string               `json:"id" format:"uuid"`
	Channel     notification.Channel `json:"channel" enum:"sms,email"`
	Kind        string               `json:"kind" doc:"What it tells, such as status-in_work, message or notice"`
	To          string               `json:"to" enum:"applicant,staff"`
	Status      notification.Status  `json:"status" enum:"requested,postponed,sent,delivered,failed"`
	RequestedAt time.Time            `json:"requestedAt"`
	SentAt      *time.Time           `json:"sentAt"`
	DeliveredAt *time.Time           `json:"deliveredAt"`
	FailedAt    *time.Time           `json:"failedAt"`
	NextAt      *time.Time           `json:"nextAt" doc:"When a postponed one is tried again"`
	Attempts    int                  `json:"attempts"`
	Reason      string               `json:"reason,omitempty" doc:"A code: why the latest attempt did not work"`
}

func (q *Queries) registerNotifications(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-notifications", "/applications/{id}/notifications",
		"What people were told by SMS and e-mail, oldest first, at most the last thousand", applicationsTag)), q.notifications)
}

// notifications answers the applicant with their own notices, the provider's staff and auditors with all of the
// application.
func (q *Queries) notifications(ctx context.Context, in *ApplicationInput) (*struct{ Body []sentNotice }, error) {
	page, own, err := q.noticedPage(ctx, *in)
	if err != nil {
		return nil, err
	}
	query := readstore.Query{
		Index: notifications.ByApplication, Prefix: []any{in.ID}, Limit: readstore.MaxLimit, Reverse: true,
	}
	if own {
		query.Index, query.Prefix = notifications.ByApplicationAndRecipient, []any{in.ID, page.Applicant}
	}
	found, _, err := list[notifications.Notice](ctx, q.deps, notifications.Name, query)
	if err != nil {
		return nil, err
	}
	body := make([]sentNotice, 0, len(found))
	for i := range slices.Backward(found) {
		body = append(body, sentNoticeOf(found[i].ID, &found[i].Doc, page.Applicant))
	}
	return &struct{ Body []sentNotice }{body}, nil
}

func sentNoticeOf(id string, n *notifications.Notice, applicant string) sentNotice {
	shown := sentNotice{
		ID: id, Channel: n.Channel, Kind: n.Kind, To: "staff", Status: n.Status, RequestedAt: n.RequestedAt, SentAt: n.SentAt,
		DeliveredAt: n.DeliveredAt, FailedAt: n.FailedAt, Attempts: n.Attempts, Reason: n.Reason,
	}
	if n.Recipient == applicant {
		shown.To = "applicant"
	}
	if n.Due != nil && n.Due.Tried {
		shown.NextAt = &n.Due.At
	}
	return shown
}

// noticedPage reads the page of an application whose notices somebody may see, and tells whether they may see only their
// own. Error: application-not-found, for everybody who may not.
func (q *Queries) noticedPage(ctx context.Context, in ApplicationInput) (_ *applicationpage.Page, own bool, err error) {
	if err := q.await(ctx, in.Consistent, notifications.Name, applicationpage.Name); err != nil {
		return nil, false, err
	}
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, false, err
	}
	if !caller.Has(string(account.Auditor)) {
		page, who, err := q.page(ctx, in)
		return page, !who.staff(), err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, false, applicationNotFound()
	}
	page, err := get[applicationpage.Page](ctx, q.deps, applicationpage.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, false, applicationNotFound()
	}
	return page, err == nil && page.Applicant == caller.AccountID, err
}
