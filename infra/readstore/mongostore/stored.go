package mongostore

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// Fields of stored documents beside their own.
const (
	fieldID      = "_id"
	fieldSeen    = "_seen"
	fieldGone    = "_gone"
	fieldVersion = "_version"
	fieldExpires = "_expires"
	fieldIndex   = "_index"
	fieldSeveral = "_several"
	fieldBody    = "_body"

	fieldCommit  = "commit"
	fieldPrepare = "prepare"
)

const (
	maxBody  = 15 << 20 // bytes of a document's own fields: MongoDB takes 16 MiB with all that stands beside them
	maxDepth = 80       // of documents at the top level; deeper ones are kept as binary
)

// record is a stored document or entry, or the mark of a document that was removed.
type record struct {
	id      string
	seen    eventstore.Position // of documents
	gone    time.Time           // when the document was removed; zero: it is there
	version int64               // of entries
	expires time.Time           // of entries
	body    bson.Raw
	places  map[string]string // by field of _index
	several []string
}

func (r *record) document() readstore.Document {
	return readstore.Document{ID: r.id, Seen: r.seen, Body: r.body}
}

func (r *record) entry() readstore.Entry {
	return readstore.Entry{ID: r.id, Version: r.version, Expires: r.expires, Body: r.body}
}

// locate computes the places of the record in indexes. One without a single place has an empty text, so that a field
// that is missing means a place not computed yet.
func (r *record) locate(indexes []*index) error {
	r.places = make(map[string]string, len(indexes))
	for _, ix := range indexes {
		places, err := ix.places(r.id, r.body)
		if err != nil {
			return err
		}
		r.places[ix.field] = ""
		switch len(places) {
		case 0:
		case 1:
			r.places[ix.field] = places[0]
		default:
			for _, place := range places {
				r.several = append(r.several, ix.severalMark()+place)
			}
		}
	}
	return nil
}

// encode makes the BSON that is stored; of an entry if it expires.
func (r *record) encode(indexes []*index) (bson.Raw, error) {
	plain, err := checkBody(r.body)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(r.id) {
		return nil, &readstore.InvalidError{Reason: "an id is not valid UTF-8"}
	}
	if err := r.locate(indexes); err != nil {
		return nil, err
	}
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, len(r.body)+256))
	dst = bsoncore.AppendStringElement(dst, fieldID, r.id)
	if r.expires.IsZero() {
		if dst, err = appendSeen(dst, r.seen); err != nil {
			return nil, err
		}
		if !r.gone.IsZero() {
			dst = readstore.AppendTime(dst, fieldGone, r.gone)
		}
	} else {
		dst = bsoncore.AppendInt64Element(dst, fieldVersion, r.version)
		dst = bsoncore.AppendDateTimeElement(dst, fieldExpires, r.expires.UnixMilli())
	}
	at, dst := bsoncore.AppendDocumentElementStart(dst, fieldIndex)
	for _, ix := range indexes {
		dst = bsoncore.AppendStringElement(dst, ix.field, r.places[ix.field])
	}
	if dst, err = bsoncore.AppendDocumentEnd(dst, at); err != nil {
		return nil, fmt.Errorf("encoding a document: %w", err)
	}
	if len(r.several) > 0 {
		dst = readstore.AppendStrings(dst, fieldSeveral, r.several)
	}
	if plain {
		dst = append(dst, r.body[4:len(r.body)-1]...)
	} else {
		dst = bsoncore.AppendBinaryElement(dst, fieldBody, 0, r.body)
	}
	dst, err = bsoncore.AppendDocumentEnd(dst, start)
	if err != nil {
		return nil, fmt.Errorf("encoding a document: %w", err)
	}
	return bson.Raw(dst), nil
}

func appendSeen(dst []byte, seen eventstore.Position) ([]byte, error) {
	if err := checkPosition(seen); err != nil {
		return nil, err
	}
	at, dst := bsoncore.AppendDocumentElementStart(dst, fieldSeen)
	dst = bsoncore.AppendInt64Element(dst, fieldCommit, int64(seen.Commit))
	dst = bsoncore.AppendInt64Element(dst, fieldPrepare, int64(seen.Prepare))
	return bsoncore.AppendDocumentEnd(dst, at)
}

func checkPosition(at eventstore.Position) error {
	if at.Commit > math.MaxInt64 || at.Prepare > math.MaxInt64 {
		return &readstore.InvalidError{Reason: "a position does not fit into 63 bits"}
	}
	return nil
}

// parseRecord reads what is stored. It copies the own fields, so that the rest of the memory can go.
func parseRecord(stored bson.Raw) (*record, error) {
	r := &record{}
	start, body := bsoncore.AppendDocumentStart(make([]byte, 0, len(stored)))
	var whole []byte
	elements, err := bsoncore.Document(stored).Elements()
	if err != nil {
		return nil, errStored
	}
	for _, element := range elements {
		key, value := element.Key(), element.Value()
		switch key {
		case fieldID:
			r.id, _ = value.StringValueOK()
		case fieldSeen:
			r.seen = positionOf(value)
		case fieldGone:
			r.gone = readstore.TimeOf(value)
		case fieldVersion:
			r.version, _ = value.AsInt64OK()
		case fieldExpires:
			r.expires = readstore.TimeOf(value)
		case fieldIndex:
			if r.places, err = placesOf(value); err != nil {
				return nil, err
			}
		case fieldSeveral:
			r.several = readstore.Strings(value)
		case fieldBody:
			_, whole, _ = value.BinaryOK()
		default:
			body = append(body, element...)
		}
	}
	if whole != nil {
		r.body = bson.Raw(append([]byte{}, whole...))
		return r, nil
	}
	if body, err = bsoncore.AppendDocumentEnd(body, start); err != nil {
		return nil, errStored
	}
	r.body = bson.Raw(body)
	return r, nil
}

var errStored = fmt.Errorf("a stored document cannot be read: %w", readstore.ErrUnavailable)

func positionOf(value bsoncore.Value) eventstore.Position {
	document, ok := value.DocumentOK()
	if !ok {
		return eventstore.Position{}
	}
	commit, _ := document.Lookup(fieldCommit).AsInt64OK()
	prepare, _ := document.Lookup(fieldPrepare).AsInt64OK()
	return eventstore.Position{Commit: uint64(commit), Prepare: uint64(prepare)}
}

func placesOf(value bsoncore.Value) (map[string]string, error) {
	document, ok := value.DocumentOK()
	if !ok {
		return nil, errStored
	}
	places := map[string]string{}
	err := readstore.Fields(bson.Raw(document), func(key []byte, place bsoncore.Value) {
		places[string(key)], _ = place.StringValueOK()
	})
	if err != nil {
		return nil, errStored
	}
	return places, nil
}

// checkBody tells whether a body can stand at the top level: its names and values are such that every server takes them
// and gives them back as they were. Errors: InvalidError if it is no document, or too large a one.
func checkBody(body bson.Raw) (plain bool, err error) {
	if err := body.Validate(); err != nil || len(body) < 5 {
		return false, errBody
	}
	if length, _, _ := bsoncore.ReadLength(body); int(length) != len(body) {
		return false, errBody
	}
	if len(body) > maxBody {
		return false, &readstore.InvalidError{Reason: fmt.Sprintf("a document of %d bytes is larger than MongoDB takes", len(body))}
	}
	return isPlain(bsoncore.Document(body), 0), nil
}

func isPlain(document bsoncore.Document, depth int) bool {
	elements, err := document.Elements()
	if err != nil || depth > maxDepth {
		return false
	}
	seen := make(map[string]bool, len(elements))
	for _, element := range elements {
		key := element.Key()
		if depth == 0 && strings.HasPrefix(key, "_") || !isPlainName(key) || seen[key] || !isPlainValue(element.Value(), depth, false) {
			return false
		}
		seen[key] = true
	}
	return true
}

func isPlainName(name string) bool {
	return name != "" && name[0] != '$' && !strings.Contains(name, ".") && utf8.ValidString(name)
}

func isPlainValue(value bsoncore.Value, depth int, inArray bool) bool {
	switch value.Type { // what a body holds deep inside may be damaged: then it is kept as it is
	case bsoncore.TypeEmbeddedDocument:
		document, ok := value.DocumentOK()
		return ok && isPlain(document, depth+1)
	case bsoncore.TypeArray:
		array, ok := value.ArrayOK()
		if !ok || inArray {
			return false
		}
		items, err := array.Values()
		if err != nil {
			return false
		}
		for _, item := range items {
			if !isPlainValue(item, depth+1, true) {
				return false
			}
		}
		return true
	case bsoncore.TypeString:
		text, ok := value.StringValueOK()
		return ok && utf8.ValidString(text)
	case bsoncore.TypeDouble:
		n, ok := value.DoubleOK()
		return ok && !math.IsNaN(n) && !math.IsInf(n, 0) && (n != 0 || !math.Signbit(n))
	case bsoncore.TypeBinary, bsoncore.TypeObjectID, bsoncore.TypeBoolean, bsoncore.TypeDateTime, bsoncore.TypeNull,
		bsoncore.TypeInt32, bsoncore.TypeInt64, bsoncore.TypeTimestamp, bsoncore.TypeDecimal128:
		return true
	default:
		return false
	}
}
