// Package machine is a service account: a program that reads with a token of its own. A token has scopes, an end, and can
// be revoked; who has none of these roles cannot make one.
package machine

import (
	"slices"

	"services.example/portal/domain/account"
)

// Scope is what a token lets a program read. Scopes only ever read.
type Scope string

// The scopes.
const (
	AuditRead     Scope = "audit:read"     // history without personal data, cases as they stood, proofs
	AuditPersonal Scope = "audit:personal" // personal data of the history too, for a reason that is kept
	AnalyticsRead Scope = "analytics:read" // statistics and exports
	FeedRead      Scope = "feed:read"      // pseudonymised events for other systems
)

// Scopes are all scopes.
func Scopes() []Scope { return []Scope{AuditRead, AuditPersonal, AnalyticsRead, FeedRead} }

// Known tells whether there is such a scope.
func (s Scope) Known() bool { return slices.Contains(Scopes(), s) }

// Role is that of the people who may read the same; empty for an unknown scope.
func (s Scope) Role() account.Role {
	switch s {
	case AuditRead, AuditPersonal:
		return account.Auditor
	case AnalyticsRead, FeedRead:
		return account.Analyst
	default:
		return ""
	}
}
