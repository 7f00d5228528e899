package commands

// Work are the use cases of a provider's staff, from the assignment of an executor to the end of an application, and what
// an applicant answers to them.
type Work struct {
	deps    Deps
	streams *streams
}
