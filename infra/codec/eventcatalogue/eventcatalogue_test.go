package eventcatalogue

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec"
)

type (
	// Moved says where somebody lives now.
	Moved struct {
		Street string            `json:"street" personal:"true"` // with house | flat
		Past   []Address         `json:"past,omitempty"`
		Extra  json.RawMessage   `json:"extra"`
		Words  map[string]string `json:"words"`
		// Count goes up.
		Count int       `json:"count"`
		At    time.Time `json:"at"`
	}

	// Address is a place, and the ones before it.
	Address struct {
		City   Name      `json:"city"`
		Before []Address `json:"before"`
		Flat   *bool     `json:"flat"`
	}

	Name string

	uncommented struct{}
)

const wantSection = `
## person

Streams: ` + "`person-<id>`" + `

### person.moved.v2

Moved says where somebody lives now.

| member | type | | meaning |
| --- | --- | --- | --- |
| ` + "`street`" + ` | string | **encrypted** | with house \| flat |
| ` + "`past`" + ` | list of Address | optional |  |
| ` + "`extra`" + ` | any JSON |  |  |
| ` + "`words`" + ` | object of string |  |  |
| ` + "`count`" + ` | integer |  | Count goes up. |
| ` + "`at`" + ` | time |  |  |

Also read from the older version ` + "`person.moved.v1`" + `.

### Address (part of events)

Address is a place, and the ones before it.

| member | type | | meaning |
| --- | --- | --- | --- |
| ` + "`city`" + ` | string (Name) |  |  |
| ` + "`before`" + ` | list of Address |  |  |
| ` + "`flat`" + ` | boolean or null |  |  |
`

func TestCatalogueTellsWhatIsStored(t *testing.T) {
	person := codec.Events("person", map[string]any{"person.moved.v2": Moved{}},
		codec.Upcast{From: "person.moved.v1", To: "person.moved.v2"})
	var out strings.Builder

	if err := Write(&out, "../../..", "services.example/portal", person); err != nil {
		t.Fatal(err)
	}

	_, section, found := strings.Cut(out.String(), "\n## person")
	if diff := cmp.Diff(wantSection, "\n## person"+section); diff != "" || !found {
		t.Errorf("section (-want +got):\n%s", diff)
	}
}

func TestEventWithoutACommentIsRefused(t *testing.T) {
	person := codec.Events("person", map[string]any{"person.moved.v1": uncommented{}})

	err := Write(&strings.Builder{}, "../../..", "services.example/portal", person)

	want := "event catalogue, person: eventcatalogue.uncommented has no comment that says what happened"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
