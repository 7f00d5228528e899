package reactors

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

const (
	firstAct  = "1f6d1c1e-8a0b-4c55-9a35-5a5a3c1d2e01"
	secondAct = "1f6d1c1e-8a0b-4c55-9a35-5a5a3c1d2e02"
)

// answered gives somebody an application that was answered, with an act that the applicant is to sign.
func (w *world) answered(applicant string) codec.Envelope {
	w.t.Helper()
	w.applied(applicant)
	return w.happened("application-"+applicationID, applicant,
		application.Submitted{ServiceID: serviceID}, application.ResponseIssued{ServiceID: serviceID}, act(firstAct, 1, ""))
}

func act(id string, version int, supersedes string) application.DocumentIssued {
	return application.DocumentIssued{
		DocumentID: id, Applicant: nurai, Kind: "act", Version: version, SHA256: "of " + id, Signers: []string{"applicant"},
		By: "acceptance", Supersedes: supersedes, At: noon,
	}
}

// follow lets the reactor of signatures see an event, twice.
func (w *world) follow(event codec.Envelope) {
	w.t.Helper()
	c, err := commands.New(w.deps)
	done(w.t, err)
	for range 2 {
		done(w.t, Signatures(c.Documents).React(w.t.Context(), event))
	}
}

// holds expects these events, by type, in a stream.
func (w *world) holds(stream string, want ...any) {
	w.t.Helper()
	var got, wanted []string
	for recorded, err := range w.log.ReadStream(w.t.Context(), stream, eventstore.StreamRead{}) {
		done(w.t, err)
		envelope, err := w.codec.Decode(w.t.Context(), recorded)
		done(w.t, err)
		got = append(got, fmt.Sprintf("%T", envelope.Event))
	}
	for _, event := range want {
		wanted = append(wanted, fmt.Sprintf("%T", event))
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		w.t.Errorf("%s holds (-want +got):\n%s", stream, diff)
	}
}

func TestWhatWasIssuedBeforeACrashIsOpenedForSigning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.follow(w.answered(nurai))
	w.holds("signature-"+firstAct, signature.Prepared{})

	w.follow(w.happened("application-"+applicationID, nurai, act(secondAct, 2, firstAct)))
	w.holds("signature-"+firstAct, signature.Prepared{}, signature.Withdrawn{})
	w.holds("signature-"+secondAct, signature.Prepared{})
}

func TestWhatEverybodySignedBeforeACrashIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.follow(w.answered(nurai))
	w.follow(w.happened("signature-"+firstAct, nurai,
		signature.Accepted{Signer: signature.Applicant, Account: nurai, Method: signature.Acceptance, At: noon}, signature.FullySigned{At: noon}))
	w.holds("application-"+applicationID, application.DraftStarted{}, application.Submitted{}, application.ResponseIssued{},
		application.DocumentIssued{}, application.DocumentSigned{}, application.ApplicationCompleted{})
	meta := w.last("application-" + applicationID).Meta
	if meta.Actor != nurai || meta.Subject != nurai {
		t.Errorf("told by %+v", meta)
	}
}

func TestSignaturesReactToNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answered(nurai)
	w.follow(w.happened("application-"+applicationID, nurai, application.Overdue{ServiceID: serviceID, At: noon}))
	w.follow(w.happened("signature-"+secondAct, nurai, signature.FullySigned{At: noon})) // of a document that nobody issued
	if streams := w.streams("signature-" + firstAct); len(streams) > 0 {
		t.Errorf("wrote %v", streams)
	}
}

// last is the last event of a stream.
func (w *world) last(stream string) codec.Envelope {
	w.t.Helper()
	for recorded, err := range w.log.ReadStream(w.t.Context(), stream, eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}) {
		done(w.t, err)
		envelope, err := w.codec.Decode(w.t.Context(), recorded)
		done(w.t, err)
		return envelope
	}
	w.t.Fatalf("%s is empty", stream)
	return codec.Envelope{}
}

// streams are those that exist and begin so.
func (w *world) streams(prefix string) []string {
	w.t.Helper()
	var names []string
	for recorded, err := range w.log.Store.ReadAll(w.t.Context(), eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{prefix}}}) {
		done(w.t, err)
		if !slices.Contains(names, recorded.Stream) {
			names = append(names, recorded.Stream)
		}
	}
	return names
}
