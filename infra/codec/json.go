package codec

import (
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// written is how events are written: as encoding/json does, for the log was begun with it, but without escaping what only
// HTML would need escaped: analysts read the log too.
var written = jsonv2.JoinOptions(
	jsonv1.OmitEmptyWithLegacySemantics(true), jsonv2.FormatNilSliceAsNull(true), jsonv2.FormatNilMapAsNull(true),
	jsonv2.Deterministic(true), jsontext.PreserveRawStrings(true), jsontext.EscapeForJS(true), lenient,
)

// lenient takes what encoding/json takes: what a person typed may hold half of a surrogate pair.
var lenient = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

func marshal(v any) ([]byte, error) {
	encoded, err := jsonv2.Marshal(v, written)
	if err != nil {
		return nil, withoutData(err)
	}
	return encoded, nil
}

func marshalTo(w io.Writer, v any) error {
	if err := jsonv2.MarshalWrite(w, v, written); err != nil {
		return withoutData(err)
	}
	return nil
}

func unmarshal(data []byte, into any) error { return jsonv2.Unmarshal(data, into, lenient) }
