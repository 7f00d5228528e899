package codec

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestMetadataIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	t.Parallel()
	id := rapid.Custom(func(t *rapid.T) uuid.UUID { return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")) })
	words := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z0-9-]{1,40}`), rapid.String(), rapid.Just(`<&>"\`))
	rapid.Check(t, func(t *rapid.T) {
		m := Metadata{
			CommandID: id.Draw(t, "command"), CommandHash: words.Draw(t, "hash"), CorrelationID: id.Draw(t, "correlation"),
			CausationID: id.Draw(t, "causation"), Actor: words.Draw(t, "actor"), Role: words.Draw(t, "role"),
			Subject: words.Draw(t, "subject"), Client: words.Draw(t, "client"),
			RecordedAt: words.Draw(t, "recorded at"),
		}
		want, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendMetadata(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("written otherwise:\n%s", diff)
		}
	})
}
