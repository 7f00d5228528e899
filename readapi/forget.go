package readapi

// Forget drops what this process remembers of a person who was erased.
func (q *Queries) Forget(person string) {
	q.names.forget(person)
	q.former.forget(person)
	q.threads.forget()
}
