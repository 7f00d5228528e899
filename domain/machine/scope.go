// Package machine is the service accounts: programs that read with tokens of their own. A token has scopes and an end, and
// can be revoked.
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

// Personal tells whether a scope opens personal data. As with the accounts of auditors, only an operator on the portal's own
// machine gives it: an administrator could otherwise make themselves an auditor.
func (s Scope) Personal() bool { return s == AuditPersonal }

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
