package commands

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/session"
)

// letters is a world in which an applicant has sent an application.
type letters struct {
	*world
	dana string // the applicant
	id   string // of the application
}

const (
	aibek = "aaaaaaaa-0000-4000-8000-000000000001" // an executor of the provider
	saule = "aaaaaaaa-0000-4000-8000-000000000002" // an operator
)

func newLetters(t *testing.T, limits ...Limits) *letters {
	t.Helper()
	w := newWorld(t).withCatalogue()
	w.deps.Threads = threads{}
	for _, l := range limits {
		l.CodesPerHour = w.deps.Limits.CodesPerHour
		w.deps.Limits = l
	}
	w.restart()
	l := &letters{world: w, dana: w.enrol(dana(1))}
	l.id = l.sent(l.dana)
	return l
}

// sent is an application that somebody has sent.
func (w *world) sent(actor string) string {
	w.t.Helper()
	id := w.start(actor).ID
	w.fill(actor, id)
	_, err := w.Applications.SubmitApplication(w.t.Context(), by(actor), id)
	done(w.t, err)
	return id
}

// ofStaff is somebody of a provider's staff.
func ofStaff(account, provider string, roles ...account.Role) application.Staff {
	return application.Staff{Account: account, Provider: provider, Roles: roles}
}

// caller is somebody as the routes know them.
func (l *letters) caller(id string) application.Staff {
	switch id {
	case aibek:
		return ofStaff(id, providerID, account.Executor)
	case saule:
		return ofStaff(id, providerID, account.Operator)
	default:
		return ofStaff(id, "", account.Applicant)
	}
}

// post writes a message in one process.
func (l *letters) post(in *Commands, req Request, words string, files ...string) (Sent, error) {
	return in.Correspondence.PostMessage(l.t.Context(), req, l.id, l.caller(req.Actor), Letter{Text: words, FileIDs: files})
}

// texts are the messages of the application, in order.
func (l *letters) texts() []string {
	l.t.Helper()
	var texts []string
	for _, event := range l.history("correspondence-" + l.id) {
		texts = append(texts, event.(correspondence.MessagePosted).Text)
	}
	return texts
}

// recorded is what is known about the events of a stream, beside what they say.
func (w *world) recorded(stream string) []codec.Metadata {
	w.t.Helper()
	var all []codec.Metadata
	for recorded, err := range w.events.Store.ReadStream(w.t.Context(), stream, eventstore.StreamRead{}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			return nil
		}
		done(w.t, err)
		envelope, err := w.deps.Codec.Decode(w.t.Context(), recorded)
		done(w.t, err)
		all = append(all, envelope.Meta)
	}
	return all
}

// threads stand for a thread of ten items: message 0, an event of the application, message 1, and so on.
type threads struct{}

func (threads) Place(_ context.Context, _ string, number int) (messages, application int64, err error) {
	if number > 10 {
		return 0, 0, correspondence.BeyondTheEnd()
	}
	return int64(number+1) / 2, 6 + int64(number)/2, nil
}

// staffBrowser is the browser of somebody of a provider's staff.
func (w *world) staffBrowser(server *httptest.Server, id, provider string, roles ...string) *browser {
	w.t.Helper()
	started, err := w.sessions.Start(w.t.Context(), session.Account{ID: id, Roles: roles, Provider: provider}, false)
	done(w.t, err)
	b := w.browser(server)
	at, err := url.Parse(server.URL)
	done(w.t, err)
	cookie := httpapi.Cookies{}.Session(started.Token, 0)
	b.client.Jar.SetCookies(at, []*http.Cookie{&cookie})
	return b
}
