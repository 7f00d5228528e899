package readstore

// Span narrows a part of an index, [start, end), to the range that a query asks for. Places in the index are texts or
// bytes in order: prefix is that of the query's exact values; extend appends to it a value of the next field, whose first
// byte is the kind; successor is the least place after all that begin with one. A range open on one side ends with the
// values of its bound's kind. Errors: those of extend.
func Span[P string | []byte](
	query Query, prefix, start, end P, extend func(value any, field int) (P, error), successor func(P) P,
) (from, to P, err error) {
	field, kindEnd := len(query.Prefix), len(prefix)+1
	var kind P
	if query.From != nil {
		low, err := extend(query.From, field)
		if err != nil {
			return start, end, err
		}
		kind = low[:kindEnd]
		start, end = low, successor(kind)
	}
	if query.To != nil {
		high, err := extend(query.To, field)
		if err != nil {
			return start, end, err
		}
		sameKind := high[:kindEnd]
		if query.From == nil {
			start = sameKind
		}
		end = successor(high)
		if query.From != nil && string(kind) != string(sameKind) {
			end = start // nothing is of two kinds
		}
	}
	return start, end, nil
}
