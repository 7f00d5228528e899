// Package webhook decides about webhooks: addresses of other systems to which the portal sends what is in its feed.
package webhook

import "time"

// Stream is the one stream of all webhooks: they are few.
const Stream = "webhooks"

// Event is something that happened to a webhook. Deliveries are no events: where a webhook has got to is kept beside the
// read models, and lost with them; then it begins anew where it was added, and its receiver knows what it has.
type Event interface{ isWebhookEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"webhook.added.v1":          Added{},
	"webhook.changed.v1":        Changed{},
	"webhook.secret-renewed.v1": SecretRenewed{},
	"webhook.paused.v1":         Paused{},
	"webhook.suspended.v1":      Suspended{},
	"webhook.resumed.v1":        Resumed{},
	"webhook.removed.v1":        Removed{},
}

// Added is a new webhook. Its address is sealed with its own key: people put secrets into addresses.
type Added struct {
	Webhook string    `json:"webhook"` // UUID
	Name    string    `json:"name"`
	URL     string    `json:"url" personal:"true"`
	Types   []string  `json:"types"`   // of events, as the feed takes them; none: all
	History bool      `json:"history"` // begins at the log's beginning; else with what happens after this event
	At      time.Time `json:"at"`
}

// Changed gives a webhook another address or other events. It goes on where it is.
type Changed struct {
	Webhook string    `json:"webhook"`
	URL     string    `json:"url" personal:"true"`
	Types   []string  `json:"types"`
	At      time.Time `json:"at"`
}

// SecretRenewed gives a webhook another secret. The secret follows from the generation and a key of the portal: it is nowhere
// in the log. The one before is used, too, for a day.
type SecretRenewed struct {
	Webhook    string    `json:"webhook"`
	Generation int       `json:"generation"` // the first secret has 0
	At         time.Time `json:"at"`
}

// Paused stops a webhook by an administrator's wish. It goes on where it is once it is resumed.
type Paused struct {
	Webhook string    `json:"webhook"`
	At      time.Time `json:"at"`
}

// Suspended stops a webhook because its receiver is gone, or was out of order for days. It goes on where it is once it is
// resumed.
type Suspended struct {
	Webhook string    `json:"webhook"`
	Reason  string    `json:"reason"` // a code, such as timeout or status-500
	At      time.Time `json:"at"`
}

// Resumed lets a webhook go on.
type Resumed struct {
	Webhook string    `json:"webhook"`
	At      time.Time `json:"at"`
}

// Removed ends a webhook for ever.
type Removed struct {
	Webhook string    `json:"webhook"`
	At      time.Time `json:"at"`
}

func (Added) isWebhookEvent()         {}
func (Changed) isWebhookEvent()       {}
func (SecretRenewed) isWebhookEvent() {}
func (Paused) isWebhookEvent()        {}
func (Suspended) isWebhookEvent()     {}
func (Resumed) isWebhookEvent()       {}
func (Removed) isWebhookEvent()       {}
