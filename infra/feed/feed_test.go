package feed_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
)

const (
	applicant   = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
	caseID      = "6a1c0e5e-2d4b-4c55-9d0a-0d3f5d8c7b11"
	secretBytes = "0123456789abcdef0123456789abcdef"
)

var moment = time.Date(2065, 11, 15, 9, 30, 0, 0, time.UTC)

func newFeed(tb testing.TB) (*feed.Feed, *codec.Codec) {
	tb.Helper()
	events, err := codec.New(codectest.NewKeys(), aggregates.All()...)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := feed.New(events, []byte(secretBytes), aggregates.All()...)
	if err != nil {
		tb.Fatal(err)
	}
	return f, events
}

// stored is an event as a store would return it.
func stored(tb testing.TB, events *codec.Codec, stream string, event any) eventstore.Recorded {
	tb.Helper()
	meta := codec.Metadata{
		CommandID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), CorrelationID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8058"),
		CausationID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), Actor: applicant, Subject: applicant, Role: "applicant", Client: "c2VjcmV0",
	}
	e, err := events.Encode(tb.Context(), stream, uuid.NewSHA1(uuid.Nil, []byte(stream)), meta, event)
	if err != nil {
		tb.Fatal(err)
	}
	return eventstore.Recorded{Event: e, Stream: stream, Revision: 7, Position: eventstore.Position{Commit: 42, Prepare: 42}, Created: moment}
}

// publish gives the published form of an event, and whether there is one.
func publish(tb testing.TB, r *feed.Reader, recorded eventstore.Recorded) (string, bool) {
	tb.Helper()
	out, published, err := r.Append(tb.Context(), nil, recorded)
	if err != nil {
		tb.Fatal(err)
	}
	return string(out), published
}

func TestAnEventIsPublishedWithPseudonymsAndWithoutWhatIdentifiesAPerson(t *testing.T) {
	f, events := newFeed(t)
	got, published := publish(t, f.For("statistics"), stored(t, events, "correspondence-"+caseID, correspondence.MessagePosted{
		MessageID: "m-1", Applicant: applicant, Author: applicant, Side: correspondence.Applicant, Text: "Менің ЖСН 950101300123", At: moment,
	}))
	want := `{"position":"42/42","id":"up5otljbmk5vel2zmr3ypaf2v4","type":"correspondence.message-posted.v1",` +
		`"stream":"correspondence-lhnkopabeizv7c54ijrn6stbhu","revision":7,"recordedAt":"2065-11-15T09:30:00Z",` +
		`"actor":"x7fy4nzprescaqt3p2hxdnfzzm","role":"applicant","subject":"x7fy4nzprescaqt3p2hxdnfzzm",` +
		`"command":"fugp5264rn4yw6m7ssjsq7sck4","causation":"fugp5264rn4yw6m7ssjsq7sck4",` +
		`"correlation":"mzmfkiy6yfizlgujldor2dlvci","data":{"messageId":"6p5lo374fjkvy47x2fql74w6uy",` +
		`"applicant":"x7fy4nzprescaqt3p2hxdnfzzm","author":"x7fy4nzprescaqt3p2hxdnfzzm",` +
		`"side":"applicant","notice":false,"at":"2065-11-15T09:30:00Z"}}`
	if diff := cmp.Diff(want, got); diff != "" || !published {
		t.Errorf("published %v (-want +got):\n%s", published, diff)
	}
}

func TestPseudonymsJoinWithinOneReaderAndNotBetweenTwo(t *testing.T) {
	f, events := newFeed(t)
	message := stored(t, events, "correspondence-"+caseID, correspondence.MessagePosted{Applicant: applicant, At: moment})
	taken := stored(t, events, "application-"+caseID, application.TakenIntoWork{Executor: applicant, At: moment})
	read := func(r *feed.Reader, recorded eventstore.Recorded) (stream, subject, id string) {
		line, _ := publish(t, r, recorded)
		var e struct{ Stream, Subject, ID string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(e.Stream, "-")
		return name, e.Subject, e.ID
	}
	one, other := f.For("one"), f.For("other")
	caseOfMessage, person, first := read(one, message)
	caseOfWork, same, second := read(one, taken)
	if caseOfMessage != caseOfWork || person != same || first == second || caseOfMessage == person {
		t.Errorf("one reader: %s %s, %s %s, %s %s", caseOfMessage, caseOfWork, person, same, first, second)
	}
	otherCase, otherPerson, otherID := read(other, message)
	if otherCase == caseOfMessage || otherPerson == person || otherID == first {
		t.Error("two readers can join what they have")
	}
}

// TestNothingThatSomebodyTypedIsPublished fills every member of every event with a text that names the member.
func TestNothingThatSomebodyTypedIsPublished(t *testing.T) {
	f, events := newFeed(t)
	r := f.For("statistics")
	for _, a := range aggregates.All() {
		for _, name := range slices.Sorted(maps.Keys(a.Types)) {
			event := codectest.Filled(a.Types[name])
			line, _ := publish(t, r, stored(t, events, streamOf(a), event))
			secrets := append(personalValues(event), applicant, "c2VjcmV0", "01890a5d")
			if !slices.Contains([]string{"calendar", "catalogue", "provider", "service"}, a.Name) {
				secrets = append(secrets, caseID)
			}
			for _, value := range secrets {
				if strings.Contains(line, value) {
					t.Errorf("%s gives away %q", name, value)
				}
			}
		}
	}
}

// personalValues are how the texts in the personal members of a filled event begin.
func personalValues(event any) []string {
	var values []string
	for field := range reflect.TypeOf(event).Fields() {
		if field.Tag.Get("personal") == "true" {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			values = append(values, `"`+name+` «`, `"`+name+`.`, `"`+name+`[`, `"raw":"`+name)
		}
	}
	return values
}

func streamOf(a codec.Aggregate) string {
	if strings.HasSuffix(a.Prefix, "-") {
		return a.Prefix + caseID
	}
	return a.Prefix
}

func TestWhatIsNobodysBusinessIsNotPublished(t *testing.T) {
	f, _ := newFeed(t)
	all, err := f.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	var hidden, shown []string
	for _, s := range all {
		aggregate, _, _ := strings.Cut(s.Type, ".")
		if s.Published {
			shown = append(shown, aggregate)
		} else {
			hidden = append(hidden, aggregate)
		}
	}
	want := []string{
		"account", "application", "calendar", "catalogue", "correspondence", "notification", "provider", "reading", "service", "signature",
	}
	if diff := cmp.Diff(want, slices.Compact(shown)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	for _, name := range []string{"access", "account", "application-number", "note", "webhook"} {
		if !slices.Contains(hidden, name) {
			t.Errorf("all of %s is published", name)
		}
	}
}

func TestEveryTextOfAPublishedEventIsChosenOrWithheldOnPurpose(t *testing.T) {
	f, _ := newFeed(t)
	if missing := f.NotChosen(); len(missing) > 0 {
		t.Errorf("say in choices what is given of %q", missing)
	}
}

// TestSchemasAreAsReadersKnowThem: a change of the golden file is a change of what other systems rely on.
func TestSchemasAreAsReadersKnowThem(t *testing.T) {
	f, _ := newFeed(t)
	all, err := f.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	published := map[string]json.RawMessage{}
	for _, s := range all {
		if s.Published {
			published[s.Type] = s.JSON
		}
	}
	encoded, err := json.MarshalIndent(published, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	encoded = append(encoded, '\n')
	path := filepath.Join("testdata", "schemas.json")
	if codectest.Update() {
		if err := os.WriteFile(path, encoded, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(encoded)); diff != "" {
		t.Errorf("go test ./infra/feed -run Schemas -update\n(-golden +now):\n%s", diff)
	}
}

// TestEveryEventFitsItsSchema checks filled and empty events of every type, against schemas that allow no other members.
func TestEveryEventFitsItsSchema(t *testing.T) {
	f, events := newFeed(t)
	r := f.For("statistics")
	schemas := compiled(t, f)
	for _, a := range aggregates.All() {
		for _, name := range slices.Sorted(maps.Keys(a.Types)) {
			for _, event := range []any{a.Types[name], codectest.Filled(a.Types[name])} {
				line, published := publish(t, r, stored(t, events, streamOf(a), event))
				if !published {
					continue
				}
				value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
				if err != nil {
					t.Fatalf("%s: %v\n%s", name, err, line)
				}
				if err := schemas[name].Validate(value); err != nil {
					t.Errorf("%s: %v\n%s", name, err, line)
				}
			}
		}
	}
}

// compiled are the schemas, closed: they refuse members that they do not name.
func compiled(t *testing.T, f *feed.Feed) map[string]*jsonschema.Schema {
	t.Helper()
	all, err := f.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	made := map[string]*jsonschema.Schema{}
	for _, s := range all {
		closed := bytes.ReplaceAll(s.JSON, []byte(`"properties":`), []byte(`"additionalProperties":false,"properties":`))
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(closed))
		if err != nil {
			t.Fatal(err)
		}
		id := "urn:portal:feed:" + s.Type
		if err := compiler.AddResource(id, value); err != nil {
			t.Fatal(err)
		}
		if made[s.Type], err = compiler.Compile(id); err != nil {
			t.Fatalf("%s: %v", s.Type, err)
		}
	}
	return made
}

func TestATypeIsNamedWithOrWithoutItsVersion(t *testing.T) {
	f, _ := newFeed(t)
	for _, test := range []struct {
		name  string
		types []string
		want  []string
		code  string
	}{
		{"an event", []string{"application.submitted"}, []string{"application.submitted."}, ""},
		{"its version", []string{"application.submitted.v2"}, []string{"application.submitted."}, ""},
		{"twice", []string{"application.submitted.v2", "application.submitted"}, []string{"application.submitted."}, ""},
		{"an aggregate", []string{"reading.", "calendar."}, []string{"calendar.defined.", "reading.marked."}, ""},
		{"an older version", []string{"application.submitted.v1"}, nil, "feed-type-unknown"},
		{"not published", []string{"note.written"}, nil, "feed-type-unknown"},
		{"a beginning", []string{"application.sub"}, nil, "feed-type-unknown"},
		{"nothing", []string{""}, nil, "feed-type-unknown"},
		{"too many", slices.Repeat([]string{"calendar."}, feed.MaxTypes+1), nil, "too-many"},
	} {
		t.Run(test.name, func(t *testing.T) {
			filter, err := f.Filter("types", test.types)
			if test.code != "" {
				want := &problem.Problem{Kind: problem.Invalid, Code: "invalid"}
				if err == nil || !strings.Contains(err.Error(), test.code) {
					t.Errorf("error %v, want %v with %s", err, want, test.code)
				}
				return
			}
			if diff := cmp.Diff(eventstore.Filter{Types: test.want}, filter); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestASecretOfAWebhookIsItsOwnInEveryGeneration(t *testing.T) {
	f, _ := newFeed(t)
	secrets := map[string]bool{}
	for _, hook := range []string{"a", "b", "a/1"} {
		for generation := range 3 {
			secret := f.HookSecret(hook, generation)
			if secrets[secret] || !strings.HasPrefix(secret, "whsec_") || secret != f.HookSecret(hook, generation) {
				t.Errorf("%s is used twice, or not the same twice", secret)
			}
			secrets[secret] = true
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	f, events := newFeed(b)
	r := f.For("statistics")
	recorded := stored(b, events, "application-"+caseID, codectest.Filled(application.Submitted{}))
	var buffer []byte
	for b.Loop() {
		var err error
		if buffer, _, err = r.Append(b.Context(), buffer[:0], recorded); err != nil {
			b.Fatal(err)
		}
	}
}
