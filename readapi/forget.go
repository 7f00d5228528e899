package readapi

// Forget drops what this process remembers of a person who was erased.
func (q *Queries) Forget(person string) {
	q.names.mu.Lock()
	defer q.names.mu.Unlock()
	q.names.kept.Remove(person)
}
