package webhook

import (
	"slices"
	"time"
)

// Status says whether a webhook is delivered to.
type Status string

// The statuses.
const (
	Active      Status = "active"
	StatusPause Status = "paused"    // by an administrator
	StatusStop  Status = "suspended" // by the portal: its receiver is gone
)

// State is all webhooks. It never changes: states share what did not change.
type State struct {
	Hooks []Hook // in the order in which they were added, without those that were removed
	Ended []string
}

// Hook is a webhook.
type Hook struct {
	ID      string
	Name    string
	URL     string // empty: its key was destroyed
	Types   []string
	History bool
	Status  Status
	Reason  string // why it is suspended: a code
	AddedAt time.Time
	Changes int // how often anything about it changed: a delivery that began before one is over

	Generation int       // of its secret
	RenewedAt  time.Time // when it got that; zero: it is the first
}

// FormerSecret tells whether the secret before the present one is used, too, at a moment.
func (h Hook) FormerSecret(at time.Time) bool {
	return h.Generation > 0 && at.Before(h.RenewedAt.Add(SecretOverlap))
}

// Find finds a webhook by its id.
func (s State) Find(id string) (Hook, bool) {
	i := slices.IndexFunc(s.Hooks, func(h Hook) bool { return h.ID == id })
	if i < 0 {
		return Hook{}, false
	}
	return s.Hooks[i], true
}

// Evolve gives the state after one more event. It is total.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case Added:
		s.Hooks = append(slices.Clip(s.Hooks), Hook{
			ID: e.Webhook, Name: e.Name, URL: e.URL, Types: e.Types, History: e.History, Status: Active, AddedAt: e.At,
		})
	case Changed:
		return s.change(e.Webhook, func(h *Hook) { h.URL, h.Types = e.URL, e.Types })
	case SecretRenewed:
		return s.change(e.Webhook, func(h *Hook) { h.Generation, h.RenewedAt = e.Generation, e.At })
	case Paused:
		return s.change(e.Webhook, func(h *Hook) { h.Status, h.Reason = StatusPause, "" })
	case Suspended:
		return s.change(e.Webhook, func(h *Hook) { h.Status, h.Reason = StatusStop, e.Reason })
	case Resumed:
		return s.change(e.Webhook, func(h *Hook) { h.Status, h.Reason = Active, "" })
	case Removed:
		s.Hooks = slices.DeleteFunc(slices.Clone(s.Hooks), func(h Hook) bool { return h.ID == e.Webhook })
		s.Ended = append(slices.Clip(s.Ended), e.Webhook)
	}
	return s
}

// change replaces one webhook by what becomes of a copy of it.
func (s State) change(id string, to func(*Hook)) State {
	i := slices.IndexFunc(s.Hooks, func(h Hook) bool { return h.ID == id })
	if i < 0 {
		return s
	}
	s.Hooks = slices.Clone(s.Hooks)
	to(&s.Hooks[i])
	s.Hooks[i].Changes++
	return s
}
