package readapi

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	domaincatalogue "services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// TestWhatWasJustWrittenIsRead: with the Position of a command, its effect is in the next answer, every time.
func TestWhatWasJustWrittenIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	stream := "application-" + id("application", 1)
	w.write(stream, dana, started(dana, 1, 1))
	for n := range 50 {
		w.write(stream, dana, application.FileAttached{FileID: id("file", n), StepID: "papers", Name: "a.pdf", At: noon})
		var page struct{ Revision int64 }
		w.get(dana, "/applications/"+id("application", 1)).into(t, &page)
		if page.Revision != int64(n+1) {
			t.Fatalf("read revision %d, want %d", page.Revision, n+1)
		}
	}
}

// queriesOf lists a path of every query that can wait.
func queriesOf() []string {
	application := "/applications/" + id("application", 1)
	return []string{
		"/categories", "/services", "/services/" + id("service", 1), "/services/popular", "/statistics/services", "/me",
		"/my/applications", "/my/unread", application, application + "/messages", application + "/timeline", application + "/files/" + id("file", 1),
	}
}

func TestAReadModelThatIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	for name, err := range map[string]error{"slow": context.DeadlineExceeded, "not built yet": projections.ErrNotServing} {
		deps := w.queries.deps
		deps.Progress = stuck{Progress: w.engine, err: err}
		w.server = serve(t, New(deps))
		for _, path := range queriesOf() {
			got := w.get(dana, path)
			if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "1" {
				t.Errorf("%s, %s: %d, Retry-After %q", name, path, got.status, got.header.Get("Retry-After"))
			}
			got.refuses(t, http.StatusServiceUnavailable, "read-model-behind")
		}
	}
}

func TestABadPosition(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	for _, path := range queriesOf() {
		w.getAt(dana, path, "nowhere").refuses(t, http.StatusBadRequest, "bad-position")
	}
}

// TestTheCopyOfTheCatalogueIsFresh: a change is seen at once by who waits for it, and within a quarter of a second by
// everybody else.
func TestTheCopyOfTheCatalogueIsFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	names := func(position string) []string {
		var page servicesPage
		w.getAt("", "/services", position).into(t, &page)
		list := []string{}
		for _, item := range page.Items {
			list = append(list, item.Name["en"]+" by "+item.Provider.Name["en"])
		}
		return list
	}
	before := []string{"Legal advice by Sample Chamber", "Tax advice by Sample Chamber"}
	expect := func(want []string, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	expect(before, names(w.at.String()))

	renamed := contentOf(text.Text{KK: "Заң кеңесі", RU: "Юрист", EN: "A lawyer"}, words("x"), 2)
	w.write("service-"+id("service", 1), "", service.Revised{Version: 2, Content: renamed, At: noon})
	expect(before, names(w.at.String())) // a version that is not published is nobody's business
	w.write("service-"+id("service", 1), "", service.Published{Version: 2, At: noon})
	w.awaitAll()
	expect(before, names(""))
	w.clock.set(noon.Add(freshness))
	after := []string{"A lawyer by Sample Chamber", "Tax advice by Sample Chamber"}
	expect(after, names(""))

	w.write("provider-"+id("provider", 1), "", domaincatalogue.ProviderDescribed{
		Name: text.Text{KK: "Палата", RU: "Палата", EN: "Chamber"}, ShortName: words("x"), CalendarID: id("calendar", 1), At: noon,
	})
	expect([]string{"A lawyer by Chamber", "Tax advice by Chamber"}, names(w.at.String()))
	w.write("service-"+id("service", 2), "", service.Withdrawn{At: noon})
	expect([]string{"A lawyer by Chamber"}, names(w.at.String()))
	w.write("catalogue", "", domaincatalogue.CategoriesDefined{Tree: tree[1:], At: noon})
	w.get("", "/services?category="+id("category", 2)).refuses(t, http.StatusNotFound, "category-not-found")
}

// awaitAll waits until every read model has seen what was written.
func (w *world) awaitAll() {
	w.t.Helper()
	statuses, err := w.engine.Status(w.t.Context())
	done(w.t, err)
	for _, s := range statuses {
		done(w.t, w.engine.Await(w.t.Context(), s.Name, w.at))
	}
}

// TestAServiceThatIsNewerThanTheCopy: an application for a service that was published a moment ago has its name.
func TestAServiceThatIsNewerThanTheCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	var page servicesPage
	w.get("", "/services").into(t, &page) // takes the copy
	w.write("service-"+id("service", 7), "", service.Revised{Version: 1, Content: contentOf(words("new"), words("x"), 2), At: noon},
		service.Published{Version: 1, At: noon})
	w.awaitAll()
	w.write("application-"+id("application", 1), dana, started(dana, 1, 7))
	var rows rowsPage
	w.get(dana, "/my/applications").into(t, &rows)
	if len(rows.Items) != 1 || rows.Items[0].Service.Name["en"] != "new (en)" {
		t.Errorf("rows %+v", rows.Items)
	}
}

// countedReads counts how often the read store is asked for a list.
type countedReads struct {
	readstore.Store
	lists atomic.Int64
}

func (c *countedReads) List(ctx context.Context, collection string, q readstore.Query) (readstore.Page, error) {
	c.lists.Add(1)
	return c.Store.List(ctx, collection, q)
}

// TestManyAskOnce: of a hundred who find the copy too old at once, one asks whether it changed.
func TestManyAskOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	w.awaitAll()
	deps := w.queries.deps
	counted := &countedReads{Store: deps.Reads}
	deps.Reads = counted
	c := &catalogue{deps: deps}
	_, err := c.now(t.Context())
	done(t, err)
	w.clock.set(noon.Add(time.Hour))
	before := counted.lists.Load()
	var asking sync.WaitGroup
	for range 100 {
		asking.Go(func() {
			if _, err := c.now(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if asked := counted.lists.Load() - before; asked != 4 {
		t.Errorf("the read store was asked for %d lists, want 4: one of each read model of the catalogue", asked)
	}
}

func TestPopularServicesAndStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withApplications()
	w.write("application-"+id("application", 7), aibek, started(aibek, 17, 2), submitted(friday, 2))
	var popular struct {
		Items []struct {
			ID           string
			Applications int
		}
	}
	w.get("", "/services/popular").into(t, &popular)
	if len(popular.Items) != 2 || popular.Items[0].ID != id("service", 2) || popular.Items[0].Applications != 2 || popular.Items[1].Applications != 1 {
		t.Errorf("popular %+v", popular.Items)
	}
	w.get("", "/services/popular?limit=1").into(t, &popular)
	if len(popular.Items) != 1 {
		t.Errorf("the most popular %+v", popular.Items)
	}
	var figures []struct{ Services, Applications int }
	w.get("", "/statistics/services").into(t, &figures)
	want := []struct{ Services, Applications int }{{2, 3}, {0, 0}}
	if diff := cmp.Diff(want, figures); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
