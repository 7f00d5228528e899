// Package readapi is the query side: one file a screen, over the read models alone.
package readapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.opentelemetry.io/otel/metric"

	"services.example/portal/domain/access"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Deps is what queries need from outside.
type Deps struct {
	Reads    readstore.Store
	Progress Progress
	Files    Files
	Now      func() time.Time
	Events   eventstore.Store // of which open pages hear
	Status   Status           // of the read models, for administrators

	History History // of the event log, verifiable

	// Codec reads events, for those who look at history.
	Codec *codec.Codec

	// Access records a reading of history that is not the caller's own, before anything of it is given out. Who reads is
	// the caller of ctx. Errors: invalid, with what is wrong with the reason; store-unavailable: nothing may be given out.
	Access func(ctx context.Context, reading access.Reading) error
	// Feed publishes events under pseudonyms.
	Feed *feed.Feed

	// Busy tells whether commands are being given, to which long readings of history make way; nil: never.
	Busy func() bool

	Meter metric.Meter // nil: no metrics

	// AnalyticsSecret makes pseudonyms and the chance by which figures are rounded. It stays the same for the life of the
	// installation.
	AnalyticsSecret []byte
}

// Progress knows which collection serves a read model and how far it is.
type Progress interface {
	Await(ctx context.Context, name string, position eventstore.Position) error
	Directory() *projections.Directory
}

// Files gives the bytes of attachments.
type Files interface {
	// Open reads a file of a subject by the hash of its content. Errors: problem.Gone once the subject was erased.
	Open(ctx context.Context, subject, sha256 string) (io.ReadCloser, error)
}

// Queries answers everything that can be asked of the portal.
type Queries struct {
	deps      Deps
	catalogue *catalogue
	versions  *versions
	rendered  *rendered
	threads   *keptThreads
	names     *names
	former    *formerNames
	listeners *listeners
	replays   *replays
	feeds     *feeds
	cubes     *cubes
	exports   chan struct{} // those that run
	bundles   gate
	copies    gate // for people's own data
}

// New makes the query side.
func New(deps Deps) *Queries {
	q := &Queries{deps: deps, catalogue: &catalogue{deps: deps}, versions: newVersions(deps), rendered: newRendered(), names: newNames(deps)}
	q.threads, q.former = newKeptThreads(), newFormerNames(deps)
	q.listeners = newListeners(q)
	q.replays, q.feeds = newReplays(deps), newFeeds(deps.Meter)
	q.cubes, q.exports = newCubes(deps), make(chan struct{}, mostExports)
	q.bundles = make(gate, mostBundles)
	q.copies = make(gate, mostCopies)
	return q
}

// Register adds every query to the API.
func (q *Queries) Register(api huma.API) {
	q.registerCategories(api)
	q.registerServices(api)
	q.registerPassport(api)
	q.registerPopular(api)
	q.registerStatistics(api)
	q.registerMe(api)
	q.registerMyApplications(api)
	q.registerApplication(api)
	q.registerTimeline(api)
	q.registerThread(api)
	q.registerUnread(api)
	q.registerWork(api)
	q.registerNotes(api)
	q.registerNotifications(api)
	q.registerWorkStatistics(api)
	q.registerMyEvents(api)
	q.registerFile(api)
	q.registerDocuments(api)
	q.registerAdmin(api)
	q.registerErasures(api)
	q.registerMyData(api)
	q.registerAnalytics(api)
	q.registerAsOf(api)
	q.registerAuditBundle(api)
	q.registerAuditEvents(api)
	q.registerAuditStream(api)
	q.registerAuditAccesses(api)
	q.registerAuditLog(api)
	q.registerFeed(api)
}

// longestWait is how long a query waits for its read model to reach Min-Position.
const longestWait = 2 * time.Second

// Consistent lets a query ask for an answer that shows what a command did.
type Consistent struct {
	MinPosition string `header:"Min-Position" required:"false" doc:"The Position of a command whose effect the answer must show"`
}

// Paged asks for one page of a list.
type Paged struct {
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	After string `query:"after" doc:"The next of the page before"`
}

// await waits until every named read model has reached the query's Min-Position. Errors: bad-position,
// read-model-behind.
func (q *Queries) await(ctx context.Context, in Consistent, models ...string) error {
	position, err := httpapi.MinPosition(in.MinPosition)
	if err != nil || position.IsZero() {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	for _, model := range models {
		if err := q.deps.Progress.Await(waiting, model, position); err != nil {
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, projections.ErrNotServing) {
				return behind()
			}
			return err
		}
	}
	return nil
}

func behind() error {
	return &problem.Problem{Kind: problem.Unavailable, Code: "read-model-behind", RetryAfter: time.Second}
}

// get reads one document of a read model. Errors: readstore.ErrNotFound.
func get[D any](ctx context.Context, deps Deps, model, id string) (*D, error) {
	collection, err := serving(ctx, deps, model)
	if err != nil {
		return nil, err
	}
	document, err := deps.Reads.Get(ctx, collection, id)
	if err != nil {
		return nil, fmt.Errorf("reading a document of %s: %w", model, err)
	}
	into := new(D)
	return into, document.Decode(into)
}

// getMany reads documents by their ids; those that do not exist are left out.
func getMany[D any](ctx context.Context, deps Deps, model string, ids []string) (map[string]*D, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	collection, err := serving(ctx, deps, model)
	if err != nil {
		return nil, err
	}
	found, err := deps.Reads.GetMany(ctx, collection, ids)
	if err != nil {
		return nil, fmt.Errorf("reading %d documents of %s: %w", len(ids), model, err)
	}
	read := make(map[string]*D, len(found))
	for id, document := range found {
		into := new(D)
		if err := document.Decode(into); err != nil {
			return nil, err
		}
		read[id] = into
	}
	return read, nil
}

// list reads one page of a read model.
func list[D any](ctx context.Context, deps Deps, model string, query readstore.Query) ([]item[D], string, error) {
	collection, err := serving(ctx, deps, model)
	if err != nil {
		return nil, "", err
	}
	page, err := deps.Reads.List(ctx, collection, query)
	if err != nil {
		return nil, "", fmt.Errorf("listing %s: %w", model, err)
	}
	items := make([]item[D], len(page.Documents))
	for i, document := range page.Documents {
		items[i].ID = document.ID
		if err := document.Decode(&items[i].Doc); err != nil {
			return nil, "", err
		}
	}
	return items, page.Next, nil
}

// item is a document with its id.
type item[D any] struct {
	ID  string
	Doc D
}

// all reads a whole read model. It is for small ones only.
func all[D any](ctx context.Context, deps Deps, model, index string) ([]item[D], error) {
	var items []item[D]
	query := readstore.Query{Index: index, Limit: readstore.MaxLimit}
	for {
		page, next, err := list[D](ctx, deps, model, query)
		if err != nil {
			return nil, err
		}
		items = append(items, page...)
		if next == "" {
			return items, nil
		}
		query.After = next
	}
}

func serving(ctx context.Context, deps Deps, model string) (string, error) {
	collection, err := deps.Progress.Directory().Serving(ctx, model)
	if errors.Is(err, projections.ErrNotServing) {
		return "", behind()
	}
	return collection, err
}

// operation describes a query for the OpenAPI document.
func operation(id, path, summary, tag string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: httpapi.Base + path, Summary: summary, Tags: []string{tag},
		DefaultStatus: http.StatusOK,
		Errors:        []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}
