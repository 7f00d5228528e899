package analytics

import (
	"cmp"
	"slices"
	"strings"

	"services.example/portal/domain/notification"
	"services.example/portal/projections/notifications"
)

// Delivery counts the notices of a month that travelled by a channel.
type Delivery struct {
	Month, Channel string
	Notices        Tally
	States         []Coded // by status: requested, postponed, sent, delivered or failed
	Failures       []Coded // by reason, of those that failed
	Arrival        Spread  // from asking for it to the gateway's report that it arrived
	Tries          Tally   // those that needed more than one

	recipients crowd
}

// Told tells whether there are enough notices, to enough people, for anything to be told of them.
func (d *Delivery) Told() bool { return d.Notices.Told() && d.recipients.enough() }

// Deliveries are counts by month and channel.
type Deliveries map[DeliveryKey]*Delivery

// DeliveryKey is what deliveries are told apart by.
type DeliveryKey struct{ Month, Channel string }

// Add counts a notice by its key.
func (d Deliveries) Add(month string, n *notifications.Notice, key uint64) {
	of := DeliveryKey{month, string(n.Channel)}
	one := d[of]
	if one == nil {
		one = &Delivery{Month: of.Month, Channel: of.Channel}
		d[of] = one
	}
	one.Notices.add(key)
	one.recipients.add(n.Recipient, key)
	one.States = coded(one.States, string(n.Status), Tally{1, key})
	if n.Status == notification.StatusFailed {
		one.Failures = coded(one.Failures, n.Reason, Tally{1, key})
	}
	if n.DeliveredAt != nil {
		one.Arrival.add(key, n.DeliveredAt.Sub(n.RequestedAt))
	}
	if n.Attempts > 1 {
		one.Tries.add(key)
	}
}

// Ordered lists them by month and channel.
func (d Deliveries) Ordered() []*Delivery {
	list := make([]*Delivery, 0, len(d))
	for _, one := range d {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b *Delivery) int {
		return cmp.Or(strings.Compare(a.Month, b.Month), strings.Compare(a.Channel, b.Channel))
	})
	return list
}

// Codes tells how many have each code.
func Codes(list []Coded) []ProtectedCode { return codes(list) }
