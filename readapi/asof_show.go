package readapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/calendars"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/providers"
)

// mostShown is how many items of a list a case shows, the latest. Those before are shown as of an earlier moment.
const mostShown = 1000

// asOf shows what a history has come to. Errors: application-not-yet, where it was not there for the eyes that look;
// application-deleted, for a draft that its applicant had deleted by then.
func (q *Queries) asOf(ctx context.Context, h *history, m moment, with eyes) (*asOfCase, error) {
	s, err := standingOf(ctx, h)
	if err != nil {
		return nil, err
	}
	page := s.pages[h.id]
	switch {
	case page == nil:
		return nil, problem.New(problem.Gone, "application-deleted")
	case with.view == viewStaff && page.SubmittedAt == nil:
		return nil, notYet()
	}
	show := &asOfShow{
		q: q, id: h.id, standing: s, page: page, applicant: page.Applicant, eyes: with, who: with.readerFor(page.Applicant),
		at: q.timeOf(m, s),
	}
	return show.all(ctx, h.end(s))
}

// end is the moment at which a history ended, for what is read beside it. That of a revision is known once it was reached.
func (h *history) end(s *standing) cut {
	if h.upTo != nil {
		return cut{upTo: s.last.Position}
	}
	return h.cut
}

// timeOf is when a moment is: by it days left are counted.
func (q *Queries) timeOf(m moment, s *standing) time.Time {
	switch {
	case m.at != nil:
		return *m.at
	case m.now():
		return q.deps.Now()
	default:
		return s.last.Created
	}
}

// asOfShow is a case that is being shown.
type asOfShow struct {
	q         *Queries
	id        string
	standing  *standing
	page      *applicationpage.Page
	applicant string
	eyes      eyes
	who       reader
	at        time.Time
	names     map[string]string

	stepData map[string]string // of a diff: what the facts of each step were made of
}

func (s *asOfShow) all(ctx context.Context, c cut) (*asOfCase, error) {
	content, err := s.q.contentOf(ctx, Consistent{}, s.page)
	if err != nil {
		return nil, err
	}
	provider, days, err := s.q.providerThen(ctx, cmp.Or(s.page.ProviderID, content.Passport.ProviderID), c)
	if err != nil {
		return nil, err
	}
	if s.eyes.personal {
		if s.names, err = s.q.namesThen(ctx, s.people(), c); err != nil {
			return nil, err
		}
	}
	body := &asOfCase{
		Moment: momentOf(s.standing, s.at), View: s.eyes.view, Personal: s.eyes.personal,
		Application: pageBody(&pageParts{
			id: s.id, page: s.page, content: content, signed: s.signed(), names: s.names, who: s.who,
			language: httpapi.LanguageOf(ctx), now: s.at,
		}),
		Passport: passportOf(s.page.ServiceID, s.page.ServiceVersion, content, provider),
		Timeline: linesOf(s.page, s.who, s.names, httpapi.LanguageOf(ctx)),
		Thread:   s.thread(ctx), Readers: s.readers(), Documents: s.documents(ctx), Notices: s.notices(), Notes: s.notes(),
	}
	if s.page.Term != nil && s.page.TermRuns() && s.page.DueAt != nil {
		left := days.DaysLeft(s.page.Term.Kind, s.at, *s.page.DueAt)
		body.Application.DaysLeft = &left
	}
	return body, nil
}

// momentOf tells which moment was answered for.
func momentOf(s *standing, at time.Time) asOfMoment {
	return asOfMoment{At: at, Position: s.last.Position.String(), Revision: s.revision, Events: s.events}
}

// signed are the documents of the page that ask for signatures.
func (s *asOfShow) signed() map[string]*documents.Document {
	signed := map[string]*documents.Document{}
	for i := range s.page.Documents {
		if d := &s.page.Documents[i]; len(d.Signers) > 0 && s.standing.documents[d.ID] != nil {
			signed[d.ID] = s.standing.documents[d.ID]
		}
	}
	return signed
}

// people lists everybody whom a case names.
func (s *asOfShow) people() []string {
	ids := peopleOf(s.page, s.standing.documents, s.who)
	for i := range s.page.Timeline {
		ids = append(ids, s.page.Timeline[i].Actor, s.page.Timeline[i].Person)
	}
	for _, doc := range s.standing.threads {
		if doc.Message != nil {
			ids = append(ids, doc.Message.Author)
		}
		if doc.Head == nil {
			continue
		}
		for i := range doc.Head.Statuses {
			ids = append(ids, doc.Head.Statuses[i].Person)
		}
	}
	if head := s.head(); head != nil {
		for _, mark := range head.envelope.Marks {
			ids = append(ids, mark.Reader)
		}
	}
	for _, note := range s.standing.notes {
		ids = append(ids, note.Author)
	}
	return distinct(ids)
}

func (s *asOfShow) documents(ctx context.Context) []documentPage {
	list := []documentPage{}
	for i := range s.page.Documents {
		id := s.page.Documents[i].ID
		if d := s.standing.documents[id]; d != nil {
			list = append(list, documentShown(ctx, id, d, s.who, s.names))
		}
	}
	return list
}

// notices lists what was told, oldest first: to the applicant, what they were told.
func (s *asOfShow) notices() []sentNotice {
	list := []sentNotice{}
	for id, n := range s.standing.notices {
		if s.who.staff() || n.Recipient == s.page.Applicant {
			list = append(list, sentNoticeOf(id, n, s.page.Applicant))
		}
	}
	slices.SortFunc(list, func(a, b sentNotice) int {
		return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), strings.Compare(a.ID, b.ID))
	})
	return latest(list)
}

// notes lists the internal notes, oldest first; none for the applicant's eyes.
func (s *asOfShow) notes() []internalNote {
	if s.who.side == correspondence.Applicant {
		return nil
	}
	ids := make([]string, 0, len(s.standing.notes))
	for id := range s.standing.notes {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(s.standing.notes[a].Revision, s.standing.notes[b].Revision) })
	list := make([]internalNote, len(ids))
	for i, id := range ids {
		n := s.standing.notes[id]
		list[i] = internalNote{ID: id, At: n.At, Text: n.Text, Author: person{ID: n.Author, Name: s.names[n.Author]}}
	}
	return latest(list)
}

// latest leaves the last of a list.
func latest[T any](list []T) []T { return list[max(0, len(list)-mostShown):] }

// providerThen is who a provider was at a moment, and which days it worked on.
func (q *Queries) providerThen(ctx context.Context, id string, c cut) (providerWithContacts, calendar.Calendar, error) {
	found, err := foldStream(ctx, q, &providers.Model, "provider-"+id, c)
	if err != nil {
		return providerWithContacts{}, calendar.Calendar{}, err
	}
	shown := providerWithContacts{Organisation: Organisation{ID: id}}
	p := found[id]
	if p == nil {
		return shown, calendar.Calendar{}, nil
	}
	shown.Name, shown.Logo, shown.ShortName, shown.Website, shown.Contacts = p.Name, p.Logo, p.ShortName, p.Website, p.Contacts
	days, err := foldStream(ctx, q, &calendars.Model, "calendar-"+p.CalendarID, c)
	if err != nil {
		return providerWithContacts{}, calendar.Calendar{}, err
	}
	if defined := days[p.CalendarID]; defined != nil {
		return shown, defined.Days(), nil
	}
	return shown, calendar.Calendar{}, nil
}

// foldStream folds a stream up to a moment into what one read model held of it then.
func foldStream[D any](ctx context.Context, q *Queries, model *projections.ReadModel[D], stream string, c cut) (docs[D], error) {
	into := docs[D]{}
	for recorded, err := range q.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			return into, nil
		}
		var event codec.Envelope
		if err == nil {
			event, err = q.deps.Codec.Decode(ctx, recorded)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", stream, err)
		}
		if !c.holds(&event) {
			break
		}
		foldInto(model, into, event)
	}
	return into, nil
}
