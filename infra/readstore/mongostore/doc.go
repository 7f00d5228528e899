// Package mongostore keeps read models in MongoDB: the adapter of readstore for several machines.
//
// A document lies in the MongoDB collection of its name, its own fields at the top level, readable as they are. Beside
// them stand fields that begin with an underscore:
//
//	_id       the document's id
//	_seen     {commit, prepare}: position of the last event folded into it
//	_index    for each declared index, the document's place in it: a text whose bytewise order is the order of the index
//	_several  the places of a document that has several in an index, because a field holds an array
//	_body     instead of own fields: the document as binary BSON, if it has names or values that servers refuse or change
//	_gone     when the document was removed: what is left is a mark with the position of the removal, for a day
//	_version, _expires   of entries: the version for compare-and-set, and when they end
//
// The places make every list an exact walk through one MongoDB index, with cursors that MongoDB's own comparison (by
// brackets of types, by the least element of an array) cannot express. Collections whose names begin with an underscore
// are the store's own: _catalog holds what is declared, _checkpoints the positions of the projections. Indexes that the
// store did not create are left alone.
//
// There are no transactions. Documents are written first, each only if it has seen less, then the checkpoint moves by
// compare-and-set; a batch whose outcome is unknown is repeated by the caller and changes nothing twice. A checkpoint
// that stands elsewhere is noticed before anything is written. Whoever is frozen just after that and wakes late finds the
// position of every document that others have brought further, also of those that they removed.
package mongostore
