package readapi

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/thread"
)

// TestAThreadIsShownAsItStands: however often it was read before, and by whom.
func TestAThreadIsShownAsItStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1).asks(1, "Сұрақ").answers(1, "Жауап")
	w.awaitAll()
	path := "/applications/" + id("application", 1) + "/messages"
	expect := func(who, language string, want ...string) {
		t.Helper()
		for range 2 { // made, and as it was kept
			var page shownThread
			w.getIn(who, path, w.at.String(), language).into(t, &page)
			if diff := cmp.Diff(want, page.lines()); diff != "" {
				t.Errorf("%s in %q (-want +got):\n%s", who, language, diff)
			}
		}
	}
	sent := "1 system Жүйе: Өтінім жіберілді (read)"
	expect(dana, "", sent, "2 applicant Самұрық Дана: Сұрақ (read)", "3 staff Қызметкер Сәуле: Жауап (unread)")
	expect(dana, "en", "1 system System: The application was sent (read)", "2 applicant Самұрық Дана: Сұрақ (read)", "3 staff Қызметкер Сәуле: Жауап (unread)")
	expect(bySaule, "", "1 system Жүйе: Өтінім жіберілді (unread)", "2 applicant Самұрық Дана: Сұрақ (unread)", "3 staff Қызметкер Сәуле: Жауап (read)")

	w.reads(1, dana, correspondence.Applicant, 2, 1)
	expect(dana, "", sent, "2 applicant Самұрық Дана: Сұрақ (read)", "3 staff Қызметкер Сәуле: Жауап (read)")

	w.does(1, application.TakenIntoWork{Executor: saule, At: noon})
	expect(dana, "", sent, "2 applicant Самұрық Дана: Сұрақ (read)", "3 staff Қызметкер Сәуле: Жауап (read)",
		"4 system Жүйе: Өтінім жұмысқа алынды: Қызметкер Сәуле (unread)")

	w.write("account-"+saule, saule, account.ClientCardSaved{Card: account.Card{LastName: "Жаңа", FirstName: "Сәуле"}, At: noon})
	w.awaitAll()
	w.clock.set(noon.Add(freshness))
	expect(dana, "", sent, "2 applicant Самұрық Дана: Сұрақ (read)", "3 staff Жаңа Сәуле: Жауап (read)",
		"4 system Жүйе: Өтінім жұмысқа алынды: Жаңа Сәуле (unread)")

	w.write("account-"+dana, dana, account.Erased{At: noon})
	w.queries.Forget(dana)
	w.awaitAll()
	expect(bySaule, "", "1 system Жүйе: Өтінім жіберілді (unread)", "2 applicant :  (unread)", "3 staff Жаңа Сәуле:  (read)",
		"4 system Жүйе: Өтінім жұмысқа алынды: Жаңа Сәуле (read)")
}

// halfWritten is a read store that shows a thread's head before it shows what the same event did to its messages.
type halfWritten struct {
	readstore.Store
	before *map[string]readstore.Document // documents as they were; nil: all is written
}

func (h halfWritten) GetMany(ctx context.Context, collection string, ids []string) (map[string]readstore.Document, error) {
	found, err := h.Store.GetMany(ctx, collection, ids)
	for id := range found {
		if was, there := (*h.before)[id]; there {
			found[id] = was
		}
	}
	return found, err
}

// writing is the progress of a read model whose latest documents are being written.
type writing struct {
	Progress
	before *map[string]readstore.Document
}

func (w writing) Await(ctx context.Context, name string, position eventstore.Position) error {
	if *w.before != nil && name == thread.Name {
		<-ctx.Done()
		return ctx.Err()
	}
	return w.Progress.Await(ctx, name, position)
}

// TestAMessageThatIsBeingErasedIsNotKept: where a store shows the new head with an old message, the page is made anew for
// the next reader.
func TestAMessageThatIsBeingErasedIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1).asks(1, "Менің құпиям")
	w.awaitAll()
	message := thread.MessageID(id("application", 1), 0)
	collection, err := w.queries.deps.Progress.Directory().Serving(t.Context(), thread.Name)
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.queries.deps.Reads.GetMany(t.Context(), collection, []string{message})
	if err != nil || len(before) != 1 {
		t.Fatal(before, err)
	}
	w.write("account-"+dana, dana, account.Erased{At: noon})
	w.awaitAll()
	deps := w.queries.deps
	deps.Reads, deps.Progress = halfWritten{deps.Reads, &before}, writing{deps.Progress, &before}
	w.queries = New(deps)
	w.server = serve(t, w.queries)
	w.clock.set(noon.Add(time.Minute))
	shown := func() string {
		var page shownThread
		w.getAt(bySaule, "/applications/"+id("application", 1)+"/messages", "").into(t, &page)
		return page.Items[1].Text
	}
	if got := shown(); got != "Менің құпиям" {
		t.Fatalf("the store shows the message as it was, the page %q", got)
	}
	before = nil
	if got := shown(); got != "" {
		t.Errorf("once it is erased, the page still shows %q", got)
	}
}
