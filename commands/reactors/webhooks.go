package reactors

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/commands"
	"services.example/portal/domain/webhook"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/readstore"
)

// Poster sends requests to other systems. Its errors are codes and name no address.
type Poster interface {
	Post(ctx context.Context, address string, header map[string]string, body []byte) (status int, err error)
}

// Hooks is what webhooks are delivered with.
type Hooks struct {
	Use    *commands.Webhooks
	Events eventstore.Store
	Feed   *feed.Feed
	Post   Poster
	Now    func() time.Time
	Meter  metric.Meter // nil: no metrics

	// Look is how often the webhooks themselves are looked at, and what waits for its next try; 0: a second.
	Look time.Duration
	// Waits are the pauses between tries, the last one again and again; nil: from 5 seconds to 3 hours.
	Waits []time.Duration
	// GiveUp is for how long a receiver may be out of order before its webhook is suspended; 0: five days.
	GiveUp time.Duration

	metrics *hookMetrics
}

var usualWaits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour,
}

const (
	usualGiveUp = 5 * 24 * time.Hour
	usualLook   = time.Second
	hookBatch   = 100     // events of one request
	hookBytes   = 1 << 20 // bytes of events of one request, but for the last
)

// Webhooks delivers what is in the feed to other systems, to each in order and on its own: one that is slow or gone holds up
// nobody else. A request that is not answered with 2xx is made again, the same, until the receiver is given up; then the
// webhook is suspended where it is. Error: an instrument that cannot be made.
func Webhooks(with Hooks) (Task, error) {
	if with.Look == 0 {
		with.Look = usualLook
	}
	if with.Waits == nil {
		with.Waits = usualWaits
	}
	if with.GiveUp == 0 {
		with.GiveUp = usualGiveUp
	}
	var err error
	with.metrics, err = newHookMetrics(with.Meter, with.Now)
	return Task{Name: "webhooks", Run: with.run}, err
}

// run keeps one delivery going for every webhook that is active, as it is now.
func (h Hooks) run(ctx context.Context, may func() bool) error {
	defer h.metrics.delivers(nil) // when nothing is on its way any more
	running := map[string]*hookRun{}
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	again := time.NewTicker(h.Look)
	defer again.Stop()
	for {
		hooks, err := h.Use.List(ctx)
		if err != nil {
			return fmt.Errorf("listing webhooks: %w", err)
		}
		h.metrics.delivers(append([]webhook.Hook{}, hooks...))
		wanted := map[string]webhook.Hook{}
		for _, hook := range hooks {
			if hook.Status == webhook.Active && hook.URL != "" {
				wanted[hook.ID] = hook
			}
		}
		for id, run := range running {
			if hook, found := wanted[id]; !found || hook.Changes != run.hook.Changes || run.over() {
				run.stop()
				delete(running, id)
			}
		}
		for id, hook := range wanted {
			if running[id] == nil {
				running[id] = h.start(ctx, &all, hook, may)
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hookRun is a delivery that goes on in the background.
type hookRun struct {
	hook   webhook.Hook
	cancel context.CancelFunc
	ended  chan struct{}
}

func (r *hookRun) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// stop ends the delivery and waits for that, so that no two of one webhook run at once.
func (r *hookRun) stop() {
	r.cancel()
	<-r.ended
}

func (h Hooks) start(ctx context.Context, all *sync.WaitGroup, hook webhook.Hook, may func() bool) *hookRun {
	ctx, cancel := context.WithCancel(ctx)
	r := &hookRun{hook: hook, cancel: cancel, ended: make(chan struct{})}
	all.Go(func() {
		defer close(r.ended)
		d := &delivering{Hooks: h, hook: hook, may: may, reader: h.Feed.For("webhook " + hook.ID)}
		err := safely(ctx, d.run)
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, readstore.ErrChanged): // an administrator wants it tried at once
			slog.InfoContext(ctx, "a webhook's delivery starts again", "webhook", hook.ID)
		default:
			slog.ErrorContext(ctx, "a webhook's delivery ended and starts again", "webhook", hook.ID, "error", err)
		}
	})
	return r
}

// delivering is one webhook's way along the log.
type delivering struct {
	Hooks
	hook    webhook.Hook
	may     func() bool
	reader  *feed.Reader
	cursor  *feed.Cursor
	at      commands.Delivery
	through eventstore.Position
	saved   time.Time // when that was kept
}

// run delivers until the context ends or something but the receiver fails.
func (d *delivering) run(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer func() { _ = d.cursor.Close() }() // it only reads
	if d.at.Pending != "" {
		if err := d.again(ctx); err != nil {
			return err
		}
	}
	for {
		if err := d.next(ctx); err != nil {
			return err
		}
	}
}

// begin finds the place to go on from.
func (d *delivering) begin(ctx context.Context) error {
	at, found, err := d.Use.Deliveries().Read(ctx, d.hook.ID)
	if err != nil {
		return err
	}
	d.at = at
	if found {
		d.through, err = eventstore.ParsePosition(at.Through)
	} else {
		d.through, err = d.Use.Start(ctx, d.hook)
	}
	if err != nil {
		return fmt.Errorf("finding where webhook %s goes on: %w", d.hook.ID, err)
	}
	return d.open(ctx)
}

func (d *delivering) open(ctx context.Context) error {
	filter, err := d.Feed.Filter("types", d.hook.Types)
	if err != nil {
		return fmt.Errorf("webhook %s: %w", d.hook.ID, err)
	}
	cursor, err := feed.Open(ctx, d.Events, d.through, filter)
	if errors.Is(err, feed.ErrAhead) { // the log was moved or restored: what it has now is delivered from the beginning
		slog.WarnContext(ctx, "the log ends before a webhook's place in it: it begins anew", "webhook", d.hook.ID)
		if d.through, err = d.Use.Start(ctx, d.hook); err != nil {
			return err
		}
		d.at.Pending = ""
		cursor, err = feed.Open(ctx, d.Events, d.through, filter)
	}
	if err != nil {
		return err
	}
	d.cursor = cursor
	return nil
}

// again makes the request once more that was under way when the delivery ended.
func (d *delivering) again(ctx context.Context) error {
	end, err := eventstore.ParsePosition(d.at.Pending)
	if err != nil {
		return err
	}
	b := batch{}
	for d.cursor.Through().Before(end) {
		events, err := d.cursor.Next(ctx, 1)
		if err != nil {
			return err
		}
		for i := range events {
			if end.Before(events[i].Position) {
				break
			}
			if err := b.add(ctx, d.reader, events[i]); err != nil {
				return err
			}
		}
	}
	b.through = end
	if err := d.deliver(ctx, &b); err != nil {
		return err
	}
	if err := d.cursor.Close(); err != nil { // it may have read further
		return err
	}
	return d.open(ctx)
}

// next delivers what is new.
func (d *delivering) next(ctx context.Context) error {
	events, err := d.cursor.Next(ctx, hookBatch)
	if err != nil {
		return err
	}
	b := batch{}
	for i := range events {
		if len(b.events) >= hookBytes {
			if err := d.deliver(ctx, &b); err != nil {
				return err
			}
			b = batch{}
		}
		if err := b.add(ctx, d.reader, events[i]); err != nil {
			return err
		}
		b.through = events[i].Position
	}
	b.through = d.cursor.Through()
	return d.deliver(ctx, &b)
}

// batch is what one request delivers.
type batch struct {
	events  []byte // JSON, with commas between them
	count   int
	first   eventstore.Position
	since   time.Time // when that was recorded
	through eventstore.Position
}

func (b *batch) add(ctx context.Context, r *feed.Reader, recorded eventstore.Recorded) error {
	before := len(b.events)
	if before > 0 {
		b.events = append(b.events, ',')
	}
	out, published, err := r.Append(ctx, b.events, recorded)
	if err != nil {
		return err
	}
	if !published {
		b.events = b.events[:before]
		return nil
	}
	if b.events = out; b.count == 0 {
		b.first, b.since = recorded.Position, recorded.Created
	}
	b.count++
	return nil
}

func (b *batch) body() []byte {
	body := append([]byte(`{"type":"feed.events.v1","through":"`), b.through.String()...)
	return append(append(append(body, `","events":[`...), b.events...), `]}`...)
}

// deliver makes the request until it is answered well, and keeps that.
func (d *delivering) deliver(ctx context.Context, b *batch) error {
	if b.count == 0 {
		return d.passBy(ctx, b.through)
	}
	if end := b.through.String(); d.at.Pending != end { // kept before it is sent: a try after a crash is the same request
		d.at.Through, d.at.Pending = d.through.String(), end
		if err := d.keep(ctx); err != nil {
			return err
		}
	}
	d.metrics.behind(d.hook, b.since)
	body, id := b.body(), d.messageID(b)
	for {
		if err := d.wait(ctx); err != nil {
			return err
		}
		if !d.may() {
			return errFrozen
		}
		status, err := d.Post.Post(ctx, d.hook.URL, d.headers(id, body), body)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && status >= 200 && status < 300 {
			break
		}
		d.metrics.requested(ctx, d.hook, "failed")
		if err := d.failed(ctx, status, err); err != nil {
			return err
		}
	}
	d.metrics.taken(ctx, d.hook, b.count)
	d.through = b.through
	d.at.Through, d.at.Pending, d.at.At, d.at.Delivered = b.through.String(), "", d.Now(), d.at.Delivered+int64(b.count)
	d.at.Attempts, d.at.Since, d.at.NextAt, d.at.Fault = 0, time.Time{}, time.Time{}, ""
	return d.keep(ctx)
}

// passBy keeps now and then that there was nothing to deliver.
func (d *delivering) passBy(ctx context.Context, through eventstore.Position) error {
	d.through = through
	if d.at.Pending == "" && d.Now().Sub(d.saved).Abs() < quietSave {
		return nil
	}
	d.at.Through, d.at.Pending = through.String(), ""
	return d.keep(ctx)
}

// keep writes down how far the webhook has got. Error: readstore.ErrChanged, when somebody else has: another process
// delivers, or an administrator wants it tried at once.
func (d *delivering) keep(ctx context.Context) (err error) {
	d.at, err = d.Use.Deliveries().Write(ctx, d.hook.ID, d.at)
	d.saved = d.Now()
	return err
}

// wait waits for the time of the next try, and looks up now and then whether somebody wants it at once.
func (d *delivering) wait(ctx context.Context) error {
	look := time.NewTicker(d.Look)
	defer look.Stop()
	for d.at.NextAt.After(d.Now()) {
		select {
		case <-look.C:
			now, _, err := d.Use.Deliveries().Read(ctx, d.hook.ID)
			if err != nil {
				return err
			}
			if !now.Same(d.at) {
				return fmt.Errorf("waiting for the next try: %w", readstore.ErrChanged)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// failed keeps that a try did not work. Error: errSuspended, when that was the last.
func (d *delivering) failed(ctx context.Context, status int, cause error) error {
	d.at.Fault = "status-" + strconv.Itoa(status)
	if cause != nil {
		d.at.Fault = cause.Error()
	}
	now := d.Now()
	if d.at.Attempts == 0 {
		d.at.Since = now
	}
	d.at.Attempts++
	d.at.NextAt = now.Add(d.Waits[min(d.at.Attempts, len(d.Waits))-1])
	slog.WarnContext(ctx, "a webhook was not delivered", "webhook", d.hook.ID, "fault", d.at.Fault, "attempts", d.at.Attempts)
	if err := d.keep(ctx); err != nil {
		return err
	}
	if status != http.StatusGone && (d.at.Attempts < fewestTries || now.Sub(d.at.Since) < d.GiveUp) {
		return nil
	}
	if err := d.Use.Suspend(ctx, d.hook, d.at.Fault); err != nil {
		return fmt.Errorf("suspending webhook %s: %w", d.hook.ID, err)
	}
	<-ctx.Done() // until it is seen that the webhook is not active any more
	return ctx.Err()
}

// fewestTries are made before a receiver is given up, however long nobody tried.
const fewestTries = 5

// messageID names a request. It is the same in every try, also by another process.
func (d *delivering) messageID(b *batch) string {
	sum := sha256.Sum256([]byte(d.hook.ID + " " + b.first.String() + " " + b.through.String()))
	return "msg_" + base64.RawURLEncoding.EncodeToString(sum[:18])
}

// headers sign a request as https://www.standardwebhooks.com has it: with the present secret, and for a day with the former
// one, too.
func (d *delivering) headers(id string, body []byte) map[string]string {
	now := d.Now()
	stamp := strconv.FormatInt(now.Unix(), 10)
	signatures := []string{sign(d.Feed.HookSecret(d.hook.ID, d.hook.Generation), id, stamp, body)}
	if d.hook.FormerSecret(now) {
		signatures = append(signatures, sign(d.Feed.HookSecret(d.hook.ID, d.hook.Generation-1), id, stamp, body))
	}
	return map[string]string{
		"Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": stamp,
		"webhook-signature": strings.Join(signatures, " "),
	}
}

func sign(secret, id, stamp string, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		key = []byte(secret) // not one of ours
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
