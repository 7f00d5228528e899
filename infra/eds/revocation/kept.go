package revocation

import "iter"

// Kept gives what those of kept answers say that say anything about the certificate at the time of the query: first OCSP
// responses, then lists, of which a delta follows the list that it adds to. Answers that cannot be read or are not the
// authority's are passed by.
func Kept(q Query, ocsps, crls [][]byte) iter.Seq[Status] {
	return func(yield func(Status) bool) {
		for _, raw := range ocsps {
			response, err := ParseOCSP(raw)
			if err != nil {
				continue
			}
			if status, err := response.Status(q); err == nil && !yield(status) {
				return
			}
		}
		var whole *List
		for _, raw := range crls {
			list, err := ParseCRL(raw)
			if err != nil {
				continue
			}
			of, delta := list, (*List)(nil)
			if list.Base != nil {
				of, delta = whole, list
			} else {
				whole = list
			}
			if of == nil {
				continue
			}
			if status, err := of.Status(q, delta); err == nil && !yield(status) {
				return
			}
		}
	}
}
