// Package notifications is the read model of what people were told outside the portal, and of what they are still to be
// told. It holds no words and no addresses.
//
// Document: the notice's id. Streams: notification-.
package notifications

import (
	"strings"
	"time"

	"services.example/portal/domain/notification"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "notifications"

// Indexes. Oldest first.
const (
	ByApplication             = "by_application"
	ByApplicationAndRecipient = "by_application_and_recipient"
	ByStatus                  = "by_status"
	ByDue                     = "by_due" // of those that are still to be handed to a gateway
	ByRequested               = "by_requested"
	ByRef                     = "by_ref" // of those that a gateway reports on; the latest first, as gateways use names again
)

// Notice is one notice to one person by one channel.
type Notice struct {
	ApplicationID string               `bson:"applicationId"` // empty: of no application
	Recipient     string               `bson:"recipient"`     // account id
	Channel       notification.Channel `bson:"channel"`
	Kind          string               `bson:"kind"`
	Status        notification.Status  `bson:"status"`
	RequestedAt   time.Time            `bson:"requestedAt"`
	SentAt        *time.Time           `bson:"sentAt"`
	DeliveredAt   *time.Time           `bson:"deliveredAt"`
	FailedAt      *time.Time           `bson:"failedAt"`
	Attempts      int                  `bson:"attempts"`
	Reason        string               `bson:"reason,omitempty"` // a code: why the latest attempt did not work
	Ref           string               `bson:"ref,omitempty"`    // by which its gateway reports on it
	Due           *Due                 `bson:"due,omitempty"`    // nil: nothing is to be done
}

// Due is when a notice is to be tried, in the order of its index.
type Due struct {
	Channel notification.Channel `bson:"channel"`
	Tried   bool                 `bson:"tried"` // what was never tried is due whatever the clock says
	At      time.Time            `bson:"at"`
}

// Model is the projection.
var Model = projections.ReadModel[Notice]{
	Name:    Name,
	Version: 2,
	Streams: []string{streams},
	Indexes: []readstore.Index{
		{Name: ByApplication, Fields: []readstore.Field{{Path: "applicationId"}, {Path: "requestedAt"}}},
		{Name: ByApplicationAndRecipient, Fields: []readstore.Field{
			{Path: "applicationId"}, {Path: "recipient"}, {Path: "requestedAt"},
		}},
		{Name: ByStatus, Fields: []readstore.Field{{Path: "status"}, {Path: "requestedAt"}}},
		{Name: ByDue, Fields: []readstore.Field{{Path: "due.channel"}, {Path: "due.tried"}, {Path: "due.at"}}},
		{Name: ByRequested, Fields: []readstore.Field{{Path: "requestedAt"}}},
		{Name: ByRef, Fields: []readstore.Field{{Path: "ref"}, {Path: "sentAt", Desc: true}}},
	},
	Keys: keys,
	Fold: fold,
}

const streams = "notification-"

func keys(event codec.Envelope) []string {
	if _, ok := event.Event.(notification.Event); ok {
		return []string{strings.TrimPrefix(event.Stream, streams)}
	}
	return nil
}

func fold(n *Notice, _ string, event codec.Envelope) *Notice {
	if e, ok := event.Event.(notification.Requested); ok {
		return &Notice{
			ApplicationID: e.ApplicationID, Recipient: e.Recipient, Channel: e.Channel, Kind: e.Kind,
			Status: notification.StatusRequested, RequestedAt: e.At, Due: &Due{Channel: e.Channel, At: e.At},
		}
	}
	if n == nil {
		return nil
	}
	switch e := event.Event.(type) {
	case notification.Postponed:
		n.Status, n.Attempts, n.Reason = notification.StatusPostponed, e.Attempt, e.Reason
		n.Due = &Due{Channel: n.Channel, Tried: true, At: e.NextAt}
	case notification.Sent:
		n.Status, n.Attempts, n.SentAt, n.Ref, n.Reason, n.Due = notification.StatusSent, e.Attempt, &e.At, e.Ref, "", nil
	case notification.Delivered:
		n.Status, n.DeliveredAt = notification.StatusDelivered, &e.At
	case notification.Failed:
		if n.Due != nil { // the last attempt; otherwise a report
			n.Attempts++
		}
		n.Status, n.FailedAt, n.Reason, n.Due = notification.StatusFailed, &e.At, e.Reason, nil
	case notification.Resumed:
		n.Status, n.SentAt, n.FailedAt = notification.StatusRequested, nil, nil
		n.Due = &Due{Channel: n.Channel, At: e.At}
	}
	return n
}

// DueQueries ask for what is due by a channel: what was never tried, what was to be tried before now, and what would have to
// wait for longer than anything does, because the clock was set back.
func DueQueries(channel notification.Channel, now time.Time, limit int) []readstore.Query {
	of := func(tried bool) readstore.Query {
		return readstore.Query{Index: ByDue, Prefix: []any{string(channel), tried}, Limit: limit, SeenOnly: true}
	}
	fresh, waiting, ahead := of(false), of(true), of(true)
	waiting.To = now
	ahead.From = now.Add(notification.LongestWait + time.Second)
	return []readstore.Query{fresh, waiting, ahead}
}
