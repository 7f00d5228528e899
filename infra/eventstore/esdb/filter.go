package esdb

import (
	"slices"
	"strings"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

// sieve is a filter in two parts: what the server can do, and the whole of it.
type sieve struct {
	system         bool
	streams, types []string // prefixes; empty: all
}

func newSieve(filter eventstore.Filter) sieve {
	return sieve{system: filter.System, streams: prefixes(filter.Streams), types: prefixes(filter.Types)}
}

// prefixes is a copy, empty if one of them lets everything pass.
func prefixes(list []string) []string {
	if slices.Contains(list, "") {
		return nil
	}
	return slices.Clone(list)
}

// open tells whether everything passes.
func (s *sieve) open() bool { return s.system && len(s.streams) == 0 && len(s.types) == 0 }

// server is the part for the server, nil if there is none: it knows one list of prefixes. System events alone are not
// worth a filter, because a filtered subscription hears how far the log has come only now and then.
func (s *sieve) server() *client.SubscriptionFilter {
	switch {
	case len(s.streams) > 0:
		return &client.SubscriptionFilter{Type: client.StreamFilterType, Prefixes: s.streams}
	case len(s.types) > 0:
		return &client.SubscriptionFilter{Type: client.EventFilterType, Prefixes: s.types}
	}
	return nil
}

// passes tells whether the event is wanted. It is asked whatever the server has filtered.
func (s *sieve) passes(event *client.RecordedEvent) bool {
	if !s.system && strings.HasPrefix(event.StreamID, "$") {
		return false
	}
	return startsWithAny(s.streams, event.StreamID) && startsWithAny(s.types, event.EventType)
}

func startsWithAny(prefixes []string, name string) bool {
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}
