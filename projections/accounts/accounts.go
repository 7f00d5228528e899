// Package accounts is what read models of things that belong to people do alike with the events of accounts: of all that
// happens there, the erasure of a person changes them.
package accounts

import (
	"strings"

	"services.example/portal/domain/account"
	"services.example/portal/infra/codec"
	"services.example/portal/projections"
)

// Streams is how the streams of accounts begin.
const Streams = "account-"

// Ignored lists types of events of accounts that change nothing, the most frequent ones at least, behind others.
func Ignored(others ...string) []string {
	return append(others,
		"account.signed-in.v1", "account.sign-in-failed.v1", "account.signed-out.v1",
		"account.password-changed.v1", "account.password-reset-requested.v1", "account.password-reset.v1",
		"account.contact-change-requested.v1",
	)
}

// Erased is a Reach: all that an erased person has in a read model, by an index of account ids.
func Erased(index string) func(event codec.Envelope) *projections.Selection {
	return func(event codec.Envelope) *projections.Selection {
		if _, ok := event.Event.(account.Erased); !ok {
			return nil
		}
		return &projections.Selection{Index: index, Prefix: []any{strings.TrimPrefix(event.Stream, Streams)}}
	}
}

// Owned is the Matches beside it: owner tells whose a document is, nobody's if empty.
func Owned[D any](owner func(doc *D) string) func(doc *D, event codec.Envelope) bool {
	return func(doc *D, event codec.Envelope) bool {
		whose := owner(doc)
		return whose != "" && whose == strings.TrimPrefix(event.Stream, Streams)
	}
}
