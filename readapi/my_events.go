package readapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/live"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/thread"
	"services.example/portal/projections/workqueue"
)

const (
	// heartbeat is how often an open stream is written to though nothing happened, so that nobody in between closes it.
	heartbeat = 20 * time.Second
	// writeTime is how long a reader may take for what is written at once.
	writeTime = 30 * time.Second
	// awaitTime is how long a stream waits for the read models before it shows that it is alive.
	awaitTime = 5 * time.Second
	// mostMissed is how many events are looked through for what a reader missed; who missed more reads everything anew.
	mostMissed = 5_000
	// knownProviders is how many applications' providers are remembered.
	knownProviders = 10_000
)

// liveEvents are the events of which open pages hear. What changes a draft is not among them: its applicant made it.
var liveEvents = eventstore.Filter{
	Streams: envelope.Streams(),
	Types: []string{
		"application.submitted.", "application.withdrawn.", "application.draft-deleted.", "application.executor-",
		"application.taken-", "application.returned.", "application.resubmitted.", "application.answered.",
		"application.approved.", "application.refused.", "application.document-", "application.questionnaire-",
		"application.completed.", "application.due-", "application.overdue.", "application.reminded.",
		"correspondence.message-posted.", "reading.marked.",
	},
}

// liveModels are the read models from which an open page is told what it now shows.
var liveModels = []string{myapplications.Name, applicationpage.Name, thread.Name, workqueue.Name}

// listeners hears of events, for those who have a page open.
type listeners struct {
	hub       *live.Hub
	queries   *Queries
	providers *lru.Cache[string, string] // by application
}

func newListeners(q *Queries) *listeners {
	providers, err := lru.New[string, string](knownProviders)
	if err != nil {
		panic(err) // only for a size below 1
	}
	l := &listeners{queries: q, providers: providers}
	l.hub = live.New(live.Config{Events: q.deps.Events, Filter: liveEvents, Topics: l.topics})
	return l
}

// Listen tells open streams what happens, until the context ends; then they end.
func (q *Queries) Listen(ctx context.Context) { q.listeners.hub.Run(ctx) }

// Listening tells how many pages are open.
func (q *Queries) Listening() int { return q.listeners.hub.Listening() }

func ofAccount(id string) string { return "account " + id }
func staffOf(id string) string   { return "provider " + id }

// anyStaff is a topic of every stream of staff.
const anyStaff = "staff"

// topics names the applicant whom an event concerns, and the provider if any of its staff listen.
func (l *listeners) topics(ctx context.Context, event eventstore.Recorded) []string {
	meta, err := codec.MetadataOf(event)
	if err != nil {
		return nil // not an event of ours
	}
	topics := []string{ofAccount(meta.Subject)}
	if l.hub.Hears(anyStaff) {
		if provider := l.provider(ctx, event); provider != "" {
			topics = append(topics, staffOf(provider))
		}
	}
	return topics
}

// provider finds whose staff works on the application of an event.
func (l *listeners) provider(ctx context.Context, event eventstore.Recorded) string {
	id := envelope.ApplicationOf(event.Stream)
	if provider, known := l.providers.Get(id); known {
		return provider
	}
	var named struct {
		ProviderID string `json:"providerId"`
	}
	if err := json.Unmarshal(event.Data, &named); err != nil || named.ProviderID == "" {
		page, err := get[applicationpage.Page](ctx, l.queries.deps, applicationpage.Name, id)
		if err != nil {
			return ""
		}
		if named.ProviderID, err = l.queries.providerOf(ctx, page.ProviderID, page.ServiceID); err != nil || named.ProviderID == "" {
			return ""
		}
	}
	l.providers.Add(id, named.ProviderID)
	return named.ProviderID
}

func (q *Queries) registerMyEvents(api huma.API) {
	op := httpapi.Private(operation("my-events", "/my/events", "What happens, as server-sent events", applicationsTag))
	op.Description = "Events: `application` when one changed, `message` for a new message, `unread` with what the bell says, " +
		"`reload` when too much was missed to tell. Resumes after Last-Event-ID."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Events without end", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	huma.Register(api, op, q.myEvents)
}

func (q *Queries) myEvents(ctx context.Context, in *struct {
	LastEventID string `header:"Last-Event-ID" required:"false" doc:"Where to go on; browsers send it by themselves"`
},
) (*huma.StreamResponse, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	last, err := httpapi.MinPosition(in.LastEventID)
	if err != nil {
		return nil, err
	}
	topics := []string{ofAccount(caller.AccountID)}
	if ofProvider(&caller) {
		topics = []string{staffOf(caller.Provider), anyStaff}
	}
	stream, err := q.listeners.hub.Open(ctx, caller.AccountID, topics...)
	if errors.Is(err, live.ErrTooMany) {
		return nil, &problem.Problem{Kind: problem.TooMany, Code: "too-many-streams", RetryAfter: time.Minute}
	}
	if errors.Is(err, live.ErrClosed) {
		return nil, &problem.Problem{Kind: problem.Unavailable, Code: "too-busy", RetryAfter: time.Second}
	}
	if err != nil {
		return nil, fmt.Errorf("opening a live stream: %w", err)
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
		defer stream.Close()
		r, w := humachi.Unwrap(hctx)
		page := &openPage{
			queries: q, stream: stream, topics: topics, w: w, control: http.NewResponseController(w),
		}
		page.run(r.Context(), last)
	}}, nil
}

// openPage is one stream of server-sent events.
type openPage struct {
	queries *Queries
	stream  *live.Stream
	topics  []string
	w       http.ResponseWriter
	control *http.ResponseController
}

// run writes until the reader goes, or the portal ends.
func (p *openPage) run(ctx context.Context, last eventstore.Position) {
	p.w.Header().Set("Content-Type", "text/event-stream")
	p.w.Header().Set("Cache-Control", "no-store")
	p.w.Header().Set("X-Accel-Buffering", "no") // a proxy that gathers would make it late
	if !p.write([]byte("retry: 2000\n\n")) || !p.tell(ctx, p.missed(ctx, last)) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if !p.write([]byte(":\n\n")) {
				return
			}
		case <-p.stream.News():
			notices, lost, err := p.stream.Take()
			if err != nil || !p.tell(ctx, news{notices: notices, lost: lost}) {
				return
			}
		}
	}
}

// news is what a page is to be told.
type news struct {
	notices []live.Notice
	through eventstore.Position // where that ends, if it is known without notices
	lost    bool
}

func (n news) end() eventstore.Position {
	if len(n.notices) == 0 {
		return n.through
	}
	return n.notices[len(n.notices)-1].Position
}

// missed finds what happened between the last event that a reader got and where the stream begins.
func (p *openPage) missed(ctx context.Context, last eventstore.Position) news {
	found := news{through: p.stream.From()}
	if last.IsZero() || !last.Before(found.through) {
		found.lost = found.through.Before(last) // that was another log
		return found
	}
	looked := 0
	for event, err := range p.queries.deps.Events.ReadAll(ctx, eventstore.AllRead{From: last, Limit: mostMissed, Filter: liveEvents}) {
		if err != nil {
			return news{through: found.through, lost: true}
		}
		looked++
		if !last.Before(event.Position) || found.through.Before(event.Position) {
			continue
		}
		for _, topic := range p.queries.listeners.topics(ctx, event) {
			if slices.Contains(p.topics, topic) {
				found.notices = append(found.notices, live.Notice{
					Stream: event.Stream, Type: event.Type, Revision: event.Revision, Position: event.Position,
				})
			}
		}
	}
	if looked >= mostMissed {
		return news{through: found.through, lost: true}
	}
	return found
}

// tell writes what happened, once the read models show it. It tells whether the reader is still there.
func (p *openPage) tell(ctx context.Context, n news) bool {
	for !p.shown(ctx, n.end()) {
		if ctx.Err() != nil || !p.write([]byte(":\n\n")) {
			return false
		}
	}
	frames, err := p.frames(ctx, n)
	if err != nil { // it may do better with everything read anew
		frames = []frame{{name: "reload", data: struct{}{}}}
	}
	var out []byte
	for i, f := range frames {
		id := ""
		if i == len(frames)-1 {
			id = n.end().String()
		}
		if out, err = f.append(out, id); err != nil {
			return false
		}
	}
	return p.write(out)
}

// shown waits until the read models show what happened up to a position.
func (p *openPage) shown(ctx context.Context, position eventstore.Position) bool {
	if position.IsZero() {
		return true
	}
	waiting, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	for _, model := range liveModels {
		if p.queries.deps.Progress.Await(waiting, model, position) != nil {
			return false
		}
	}
	return true
}

func (p *openPage) write(b []byte) bool {
	if err := p.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	if _, err := p.w.Write(b); err != nil {
		return false
	}
	return p.control.Flush() == nil
}

// frame is one server-sent event.
type frame struct {
	name string
	data any
}

func (f frame) append(out []byte, id string) ([]byte, error) {
	data, err := json.Marshal(f.data)
	if err != nil {
		return out, fmt.Errorf("encoding a live event: %w", err)
	}
	if id != "" {
		out = append(append(append(out, "id: "...), id...), '\n')
	}
	out = append(append(append(out, "event: "...), f.name...), "\ndata: "...)
	return append(append(out, data...), "\n\n"...), nil // JSON has no line breaks of its own
}

// changedApplication is what a list shows of an application that changed.
type changedApplication struct {
	ID       string     `json:"id"`
	Number   string     `json:"number"`
	Status   string     `json:"status"` // deleted: it is no more
	DueAt    *time.Time `json:"dueAt"`
	Revision int64      `json:"revision"`
}

// newMessage is an item of an application's thread.
type newMessage struct {
	Application string `json:"application"`
	threadItem
}

// frames reads what the reader may see of what happened: each application that changed once, each new message, and last
// what the bell says.
func (p *openPage) frames(ctx context.Context, n news) ([]frame, error) {
	var frames []frame
	if n.lost {
		frames = append(frames, frame{"reload", struct{}{}})
	}
	told := map[string]bool{}
	for _, notice := range n.notices {
		id := envelope.ApplicationOf(notice.Stream)
		switch {
		case strings.HasPrefix(notice.Stream, envelope.Applications) && !told[id]:
			told[id] = true
			changed, err := p.application(ctx, id)
			if err != nil {
				return nil, err
			}
			frames = append(frames, frame{"application", changed})
		case strings.HasPrefix(notice.Stream, envelope.Correspondence):
			item, err := p.queries.message(ctx, id, notice.Revision)
			if err != nil {
				return nil, err
			}
			frames = append(frames, frame{"message", newMessage{Application: id, threadItem: *item}})
		}
	}
	bell, err := p.queries.unread(ctx, &Consistent{})
	if err != nil {
		return nil, err
	}
	return append(frames, frame{"unread", bell.Body}), nil
}

// application reads what a list shows of an application.
func (p *openPage) application(ctx context.Context, id string) (changedApplication, error) {
	page, _, err := p.queries.page(ctx, ApplicationInput{ID: id})
	if problem.Has(err, "application-not-found") {
		return changedApplication{ID: id, Status: string(application.Deleted)}, nil
	}
	if err != nil {
		return changedApplication{}, err
	}
	return changedApplication{ID: id, Number: page.Number, Status: page.Status, DueAt: page.DueAt, Revision: page.Revision}, nil
}

// message reads one message of an application's thread as the caller sees it.
func (q *Queries) message(ctx context.Context, id string, revision int64) (*threadItem, error) {
	head, who, err := q.threadHead(ctx, ApplicationInput{ID: id})
	if err != nil {
		return nil, err
	}
	if head == nil {
		return nil, applicationNotFound()
	}
	for item := range head.envelope.Thread() {
		if !item.Message || item.Revision != revision {
			continue
		}
		shown := []envelope.Item{item}
		messages, err := q.threadMessages(ctx, id, shown)
		if err != nil {
			return nil, err
		}
		page, err := q.renderThread(ctx, &threadView{
			application: id, head: head.Head, messages: messages, who: who, mark: head.envelope.MarkOf(who.accountID),
			language: httpapi.LanguageOf(ctx),
		}, shown)
		if err != nil {
			return nil, err
		}
		if len(page.Items) == 1 {
			return &page.Items[0], nil
		}
	}
	return nil, behind()
}
