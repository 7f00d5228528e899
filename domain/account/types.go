// Package account is one person's or organisation's place in the portal: registration, signing in, password, client
// card and contacts; and the accounts of staff. One IIN or BIN has one account.
package account

// Kind says whom an account stands for.
type Kind string

// The kinds of accounts.
const (
	Individual Kind = "individual" // known by IIN
	Legal      Kind = "legal"      // known by BIN
)

// Role is what an account may do.
type Role string

// The roles. An applicant has no other; staff may have several.
const (
	Applicant     Role = "applicant"
	Operator      Role = "operator"       // first line of a provider
	Executor      Role = "executor"       // the manager who works on applications
	ProviderAdmin Role = "provider-admin" // looks after a provider's services and people
	Admin         Role = "admin"          // looks after the portal
	Auditor       Role = "auditor"        // reads history
	Analyst       Role = "analyst"        // reads figures
)

// Staff tells whether the role is one of staff; false for what is no role.
func (r Role) Staff() bool {
	switch r {
	case Operator, Executor, ProviderAdmin, Admin, Auditor, Analyst:
		return true
	case Applicant:
		return false
	default:
		return false
	}
}

// OfProvider tells whether the role exists only within a provider.
func (r Role) OfProvider() bool { return r == Operator || r == Executor || r == ProviderAdmin }

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// FailureReason says what was wrong with a try to sign in.
type FailureReason string

// The reasons.
const (
	WrongPassword FailureReason = "password"
	WrongCode     FailureReason = "code"
)
