package auditlog_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/readapi/auditlog"
)

const (
	applicant   = "11111111-1111-4111-8111-111111111111"
	application = "22222222-2222-4222-8222-222222222222"
)

var (
	monday  = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	eventID = uuid.MustParse("33333333-3333-4333-8333-333333333333")
	command = uuid.MustParse("44444444-4444-4444-8444-444444444444")
)

type desk struct {
	t      testing.TB
	keys   *codectest.Keys
	codec  *codec.Codec
	viewer *auditlog.Viewer
}

func newDesk(tb testing.TB) *desk {
	tb.Helper()
	d := &desk{t: tb, keys: codectest.NewKeys()}
	var err error
	if d.codec, err = codec.New(d.keys, aggregates.All()...); err != nil {
		tb.Fatal(err)
	}
	d.viewer = auditlog.NewViewer(d.codec)
	return d
}

func (d *desk) recorded(stream string, event any) eventstore.Recorded {
	d.t.Helper()
	encoded, err := d.codec.Encode(d.t.Context(), stream, eventID, codec.Metadata{
		CommandID: command, CorrelationID: command, CausationID: command, Actor: applicant, Role: "applicant", Subject: applicant, Client: "c0ffee", CommandHash: "secret",
	}, event)
	if err != nil {
		d.t.Fatal(err)
	}
	return eventstore.Recorded{
		Event: encoded, Stream: stream, Revision: 3, Position: eventstore.Position{Commit: 7, Prepare: 7}, Created: monday,
	}
}

func (d *desk) shows(recorded eventstore.Recorded, personal bool) string {
	d.t.Helper()
	line, err := d.viewer.Line(d.t.Context(), recorded, personal)
	if err != nil {
		d.t.Fatal(err)
	}
	written, err := json.Marshal(line)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(written)
}

const about = `{"position":"7/7","stream":"correspondence-22222222-2222-4222-8222-222222222222","revision":3,` +
	`"id":"33333333-3333-4333-8333-333333333333","type":"correspondence.message-posted.v1","created":"2026-11-23T05:00:00Z",` +
	`"command":"44444444-4444-4444-8444-444444444444","correlation":"44444444-4444-4444-8444-444444444444",` +
	`"causation":"44444444-4444-4444-8444-444444444444","actor":"11111111-1111-4111-8111-111111111111","role":"applicant",` +
	`"subject":"11111111-1111-4111-8111-111111111111","client":"c0ffee","sentence":{"kk":"Өтініш беруші: хабар жазылды (өтініш беруші)`

func TestLines(t *testing.T) {
	t.Parallel()
	message := correspondence.MessagePosted{MessageID: "m", Applicant: applicant, Author: applicant, Side: correspondence.Applicant, Text: "Сәлем", At: monday}
	const (
		hidden = `","ru":"Заявитель: написано сообщение (заявитель)","en":"Applicant: a message was written (applicant)"},` +
			`"data":{"messageId":"m","applicant":"11111111-1111-4111-8111-111111111111","author":"11111111-1111-4111-8111-111111111111",` +
			`"side":"applicant","notice":false,"at":"2026-11-23T05:00:00Z"}`
		full = `: Сәлем","ru":"Заявитель: написано сообщение (заявитель): Сәлем","en":"Applicant: a message was written (applicant): Сәлем"},` +
			`"data":{"messageId":"m","applicant":"11111111-1111-4111-8111-111111111111","author":"11111111-1111-4111-8111-111111111111",` +
			`"side":"applicant","notice":false,"text":"Сәлем","at":"2026-11-23T05:00:00Z"}`
		unread = `{"position":"7/7","stream":"correspondence-22222222-2222-4222-8222-222222222222","revision":3,` +
			`"id":"33333333-3333-4333-8333-333333333333","type":"correspondence.message-posted.v1","created":"2026-11-23T05:00:00Z",`
	)
	for name, test := range map[string]struct {
		change   func(*desk, *eventstore.Recorded)
		personal bool
		want     string
	}{
		"with personal data":     {personal: true, want: about + full + `}`},
		"without it":             {want: about + hidden + `,"withheld":true}`},
		"after the erasure":      {personal: true, change: func(d *desk, _ *eventstore.Recorded) { _ = d.keys.Destroy(d.t.Context(), applicant) }, want: about + hidden + `,"erased":true}`},
		"moved to another event": {personal: true, change: func(_ *desk, r *eventstore.Recorded) { r.ID = command }, want: strings.Replace(about, eventID.String(), command.String(), 1) + hidden + `,"unreadable":"tampered"}`},
		"damaged": {personal: true, change: func(_ *desk, r *eventstore.Recorded) { r.Data = []byte(`{"at":7}`) }, want: strings.Replace(about, "Өтініш беруші: хабар жазылды (өтініш беруші)", "Бұл оқиғаны порталдың осы нұсқасы оқи алмайды", 1) +
			`","ru":"Это событие не может быть прочитано этой версией портала","en":"This event cannot be read by this version of the portal"},"unreadable":"damaged"}`},
		"of a newer portal, without metadata": {personal: true, change: func(_ *desk, r *eventstore.Recorded) { r.Type, r.Metadata = "pigeon.sent.v1", []byte(`[`) }, want: strings.Replace(unread, "correspondence.message-posted.v1", "pigeon.sent.v1", 1) +
			`"sentence":{"kk":"Бұл оқиғаны порталдың осы нұсқасы оқи алмайды","ru":"Это событие не может быть прочитано этой версией портала","en":"This event cannot be read by this version of the portal"},"unreadable":"unknown-type"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			recorded := d.recorded("correspondence-"+application, message)
			if test.change != nil {
				test.change(d, &recorded)
			}
			if diff := cmp.Diff(test.want, d.shows(recorded, test.personal)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSecretsAreNobodys: what lets somebody in is shown to no auditor, whatever the event.
func TestSecretsAreNobodys(t *testing.T) {
	t.Parallel()
	looksSecret := regexp.MustCompile(`(?i)(password|secret|hash|otp|url)`)
	d := newDesk(t)
	registered, ok := codectest.Filled(account.StaffAccountCreated{}).(account.StaffAccountCreated)
	if !ok {
		t.Fatal("not filled")
	}
	shown := d.shows(d.recorded("account-"+applicant, registered), true)
	for _, word := range []string{"passwordHash", "totpSecret"} {
		if strings.Contains(shown, word) {
			t.Errorf("%s is in %s", word, shown)
		}
	}
	if !strings.Contains(shown, `"lastName":"lastName`) {
		t.Errorf("the name is not in %s", shown)
	}
	for _, aggregate := range aggregates.All() {
		for _, name := range slices.Sorted(maps.Keys(aggregate.Types)) {
			event := codectest.Filled(aggregate.Types[name])
			var members struct{ Data map[string]json.RawMessage }
			if err := json.Unmarshal([]byte(d.shows(d.recorded("x-1", event), true)), &members); err != nil {
				t.Fatal(err)
			}
			for member := range members.Data {
				if looksSecret.MatchString(member) {
					t.Errorf("%s shows %s", name, member)
				}
			}
			if len(members.Data) == 0 && reflect.TypeOf(event).NumField() > 1 {
				t.Errorf("%s shows nothing", name)
			}
		}
	}
}

// TestWithheldIsNotThere: without the right to personal data no personal member of any event is shown, not even its name.
func TestWithheldIsNotThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, aggregate := range aggregates.All() {
		for _, name := range slices.Sorted(maps.Keys(aggregate.Types)) {
			event := codectest.Filled(aggregate.Types[name])
			shown := d.shows(d.recorded("x-1", event), false)
			var members struct{ Data map[string]json.RawMessage }
			if err := json.Unmarshal([]byte(shown), &members); err != nil {
				t.Fatal(err)
			}
			for _, f := range reflect.VisibleFields(reflect.TypeOf(event)) {
				member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if _, there := members.Data[member]; there && f.Tag.Get("personal") == "true" {
					t.Errorf("%s shows %s", name, member)
				}
			}
		}
	}
}

func TestParseLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want auditlog.Read
		fail bool
	}{
		"an event": {
			line: `{"position":"1/1","stream":"s","type":"t","data":{"after":"x"}}`,
			want: auditlog.Read{Line: auditlog.Line{Position: "1/1", Stream: "s", Type: "t"}, Data: json.RawMessage(`{"after":"x"}`)},
		},
		"a mark":  {line: `{"after":"1/1","complete":true}`, want: auditlog.Read{Mark: auditlog.Mark{After: "1/1", Complete: true}}},
		"nothing": {line: `{}`, fail: true},
		"half":    {line: `{"position":"1/`, fail: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := auditlog.ParseLine([]byte(test.line))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if test.fail != (err != nil) {
				t.Error(err)
			}
		})
	}
}

func BenchmarkLine(b *testing.B) {
	d := newDesk(b)
	recorded := d.recorded("correspondence-"+application, correspondence.MessagePosted{MessageID: "m", Applicant: applicant, Author: applicant, Text: strings.Repeat("Сәлем ", 20), At: monday})
	b.ReportAllocs()
	for b.Loop() {
		line, err := d.viewer.Line(b.Context(), recorded, true)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(line); err != nil {
			b.Fatal(err)
		}
	}
}
