package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/webhook"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/readstore"
)

// Webhooks are the use cases of those who let other systems be told what happens.
type Webhooks struct {
	deps    Deps
	streams *streams
}

// theWebhook says that a webhook's address lies under a key of its own.
func theWebhook(_ string, _ webhook.State, command webhook.Command) string {
	switch c := command.(type) {
	case webhook.Add:
		return c.ID
	case webhook.Change:
		return c.ID
	default:
		return ""
	}
}

// NewWebhook is what a webhook is added with.
type NewWebhook struct {
	Name    string
	URL     string
	Types   []string // of events; none: all
	History bool     // from the log's beginning
}

// WebhookSecret is a secret as its receiver is given it, once.
type WebhookSecret struct {
	ID     string
	Secret string // whsec_ and base64
	Outcome[webhook.State]
}

// Add adds a webhook. Repeated, it gives the same secret. Errors: invalid with every fault, webhook-name-taken,
// too-many-webhooks.
func (w *Webhooks) Add(ctx context.Context, req Request, of NewWebhook) (WebhookSecret, error) {
	if _, err := w.feed().Filter("types", of.Types); err != nil {
		return WebhookSecret{}, err
	}
	id := req.derivedID("webhook")
	outcome, err := w.do(ctx, req, func(webhook.State) webhook.Command {
		return webhook.Add{
			ID: id, Name: of.Name, URL: of.URL, Types: of.Types, History: of.History, Plain: w.deps.PlainWebhooks, At: w.deps.Now(),
		}
	})
	if err != nil {
		return WebhookSecret{}, err
	}
	return w.secret(outcome, id)
}

// Change gives a webhook another address or other events, and tries at once what waits: the reason may be gone. Errors: invalid with every fault, webhook-not-found.
func (w *Webhooks) Change(ctx context.Context, req Request, id, url string, types []string) (Outcome[webhook.State], error) {
	if _, err := w.feed().Filter("types", types); err != nil {
		return Outcome[webhook.State]{}, err
	}
	return w.afresh(ctx, req, id, webhook.Change{ID: id, URL: url, Types: types, Plain: w.deps.PlainWebhooks, At: w.deps.Now()})
}

// RenewSecret gives a webhook another secret; the one before is used beside it for webhook.SecretOverlap. Error:
// webhook-not-found.
func (w *Webhooks) RenewSecret(ctx context.Context, req Request, id string) (WebhookSecret, error) {
	outcome, err := w.do(ctx, req, func(s webhook.State) webhook.Command {
		h, _ := s.Find(id)
		return webhook.RenewSecret{ID: id, Generation: h.Generation + 1, At: w.deps.Now()}
	})
	if err != nil {
		return WebhookSecret{}, err
	}
	return w.secret(outcome, id)
}

func (w *Webhooks) secret(outcome Outcome[webhook.State], id string) (WebhookSecret, error) {
	h, found := outcome.State.Find(id)
	if !found { // removed since
		return WebhookSecret{}, problem.New(problem.NotFound, "webhook-not-found")
	}
	return WebhookSecret{ID: id, Secret: w.feed().HookSecret(id, h.Generation), Outcome: outcome}, nil
}

// Pause stops deliveries until they are resumed. Error: webhook-not-found.
func (w *Webhooks) Pause(ctx context.Context, req Request, id string) (Outcome[webhook.State], error) {
	return w.do(ctx, req, func(webhook.State) webhook.Command { return webhook.Pause{ID: id, At: w.deps.Now()} })
}

// Resume lets deliveries go on where they were. Error: webhook-not-found.
func (w *Webhooks) Resume(ctx context.Context, req Request, id string) (Outcome[webhook.State], error) {
	return w.afresh(ctx, req, id, webhook.Resume{ID: id, At: w.deps.Now()})
}

// afresh lets a webhook that waits for its next try make it at once, and be given up no sooner than a new one.
func (w *Webhooks) afresh(ctx context.Context, req Request, id string, command webhook.Command) (Outcome[webhook.State], error) {
	outcome, err := w.do(ctx, req, func(webhook.State) webhook.Command { return command })
	if err != nil {
		return outcome, err
	}
	return outcome, w.Deliveries().retryNow(ctx, id)
}

// Remove ends a webhook. Error: webhook-not-found.
func (w *Webhooks) Remove(ctx context.Context, req Request, id string) (Outcome[webhook.State], error) {
	return w.do(ctx, req, func(webhook.State) webhook.Command { return webhook.Remove{ID: id, At: w.deps.Now()} })
}

// Suspend stops a webhook whose receiver is gone, unless somebody has changed it since it was looked at.
func (w *Webhooks) Suspend(ctx context.Context, h webhook.Hook, reason string) error {
	id := uuid.NewSHA1(uuid.MustParse(h.ID), fmt.Appendf(nil, "suspend %d", h.Changes))
	req := Request{CommandID: id, CorrelationID: id, CausationID: id}
	_, err := w.do(ctx, req, func(webhook.State) webhook.Command {
		return webhook.Suspend{ID: h.ID, Reason: reason, Changes: h.Changes, At: w.deps.Now()}
	})
	return err
}

func (w *Webhooks) do(ctx context.Context, req Request, command func(webhook.State) webhook.Command) (Outcome[webhook.State], error) {
	return w.streams.webhooks.execute(ctx, req, webhook.Stream, func(s webhook.State) (webhook.Command, error) {
		return command(s), nil
	})
}

func (w *Webhooks) feed() *feed.Feed { return w.deps.Feed }

// List gives all webhooks.
func (w *Webhooks) List(ctx context.Context) ([]webhook.Hook, error) {
	s, err := w.streams.webhooks.state(ctx, webhook.Stream)
	return s.Hooks, err
}

// Start is the position after which a webhook begins. It is looked up in the log, for positions are other ones in another
// store.
func (w *Webhooks) Start(ctx context.Context, h webhook.Hook) (eventstore.Position, error) {
	if h.History {
		return eventstore.Position{}, nil
	}
	for recorded, err := range w.deps.Events.ReadStream(ctx, webhook.Stream, eventstore.StreamRead{}) {
		if err != nil {
			return eventstore.Position{}, fmt.Errorf("finding where webhook %s begins: %w", h.ID, err)
		}
		envelope, err := w.deps.Codec.Decode(ctx, recorded)
		if err != nil {
			return eventstore.Position{}, fmt.Errorf("finding where webhook %s begins: %w", h.ID, leftToNewer(err))
		}
		if added, ok := envelope.Event.(webhook.Added); ok && added.Webhook == h.ID {
			return recorded.Position, nil
		}
	}
	return eventstore.Position{}, problem.New(problem.NotFound, "webhook-not-found")
}

// Deliveries is where webhooks have got to.
func (w *Webhooks) Deliveries() Deliveries { return Deliveries{w.deps.Entries, w.deps.Now} }

// DeliveryCollection declares where it is kept how far webhooks have got.
var DeliveryCollection = readstore.Collection{Name: "webhook-deliveries", Expires: true}

// Deliveries keeps how far webhooks have got.
type Deliveries struct {
	entries readstore.Entries
	now     func() time.Time
}

// Delivery is how far one webhook has got.
type Delivery struct {
	Through   string    `bson:"through"`   // position: everything up to it was delivered, or was none of what is delivered
	Pending   string    `bson:"pending"`   // position: the end of what is being delivered, so that it is the same in every try
	Delivered int64     `bson:"delivered"` // events
	At        time.Time `bson:"at"`        // of the last delivery; zero: there was none

	Attempts int       `bson:"attempts"` // since the last delivery
	Since    time.Time `bson:"since"`    // of the first of them
	NextAt   time.Time `bson:"nextAt"`   // of the next
	Fault    string    `bson:"fault"`    // of the last: a code, such as timeout or status-500

	version int64
}

// Same tells whether nobody has written anything between two readings.
func (d Delivery) Same(other Delivery) bool { return d.version == other.version }

// keepDelivery is for how long a webhook that nothing happens to is remembered.
const keepDelivery = 10 * 365 * 24 * time.Hour

// Read reads how far a webhook has got; false: not yet anywhere.
func (d Deliveries) Read(ctx context.Context, id string) (Delivery, bool, error) {
	entry, err := d.entries.Entry(ctx, DeliveryCollection.Name, id)
	if errors.Is(err, readstore.ErrNotFound) {
		return Delivery{}, false, nil
	}
	if err != nil {
		return Delivery{}, false, fmt.Errorf("reading how far webhook %s has got: %w", id, err)
	}
	read := Delivery{version: entry.Version}
	if err := entry.Decode(&read); err != nil {
		return Delivery{}, false, err
	}
	return read, true, nil
}

// Write keeps how far a webhook has got, if nobody has since it was read. Error: readstore.ErrChanged.
func (d Deliveries) Write(ctx context.Context, id string, to Delivery) (Delivery, error) {
	body, err := readstore.Encode(to)
	if err != nil {
		return to, fmt.Errorf("encoding how far webhook %s has got: %w", id, err)
	}
	entry := readstore.Entry{ID: id, Version: to.version, Expires: d.now().Add(keepDelivery), Body: body}
	if to.version, err = d.entries.PutEntry(ctx, DeliveryCollection.Name, entry); err != nil {
		return to, fmt.Errorf("keeping how far webhook %s has got: %w", id, err)
	}
	return to, nil
}

// retryNow lets a webhook that waits for its next try make it at once, as if it were the first.
func (d Deliveries) retryNow(ctx context.Context, id string) error {
	for range maxAttempts {
		at, found, err := d.Read(ctx, id)
		if err != nil || !found || at.Attempts == 0 {
			return err
		}
		at.Attempts, at.Since, at.NextAt, at.Fault = 0, time.Time{}, time.Time{}, ""
		if _, err = d.Write(ctx, id, at); !errors.Is(err, readstore.ErrChanged) {
			return err
		}
	}
	return &problem.Problem{Kind: problem.Unavailable, Code: "too-busy", RetryAfter: time.Second}
}
