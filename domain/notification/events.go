// Package notification decides about one notice to one person by one channel: asked for, tried, sent, delivered, or given
// up.
package notification

import "time"

// Event is something that happened to a notice: stream notification-<id>, where the id follows from what caused it, the
// recipient and the channel, so that one cause never makes two.
type Event interface{ isNotificationEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"notification.requested.v1": Requested{},
	"notification.postponed.v1": Postponed{},
	"notification.sent.v1":      Sent{},
	"notification.delivered.v1": Delivered{},
	"notification.failed.v1":    Failed{},
	"notification.resumed.v1":   Resumed{},
}

// Channel is how a notice travels.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// Requested asks for a notice. What it says is fixed here; where it goes is looked up when it is sent.
type Requested struct {
	Recipient     string    `json:"recipient"` // account id
	Channel       Channel   `json:"channel"`
	Kind          string    `json:"kind"`          // what it tells, such as status-in_work, message or notice
	ApplicationID string    `json:"applicationId"` // empty: of no application
	Language      string    `json:"language"`
	Subject       string    `json:"subject,omitempty" personal:"true"` // of an e-mail
	Text          string    `json:"text" personal:"true"`
	At            time.Time `json:"at"`
}

// Postponed is a try that did not work; there will be another.
type Postponed struct {
	Attempt int       `json:"attempt"` // counts from 1
	Reason  string    `json:"reason"`  // a code: what the gateway said, without its words
	NextAt  time.Time `json:"nextAt"`
	At      time.Time `json:"at"`
}

// Sent says that the gateway took the notice over.
type Sent struct {
	Attempt int       `json:"attempt"`
	Ref     string    `json:"ref,omitempty"` // by which the gateway reports on it
	At      time.Time `json:"at"`
}

// Delivered says that the gateway reported the arrival.
type Delivered struct {
	At time.Time `json:"at"`
}

// Failed gives the notice up.
type Failed struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Resumed takes a notice up again that was given up or postponed: it is due at once, with as many tries as a new one.
type Resumed struct {
	At time.Time `json:"at"`
}

func (Requested) isNotificationEvent() {}
func (Postponed) isNotificationEvent() {}
func (Sent) isNotificationEvent()      {}
func (Delivered) isNotificationEvent() {}
func (Failed) isNotificationEvent()    {}
func (Resumed) isNotificationEvent()   {}
