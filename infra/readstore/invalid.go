package readstore

// InvalidError says that a request can never succeed: an undeclared collection or index, a limit outside 1..MaxLimit,
// a value that no index can hold.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return "invalid request to the read store: " + e.Reason }
