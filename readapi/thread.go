package readapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/thread"
)

// threadItem is a message, or something that happened to the application, as one reader sees it.
type threadItem struct {
	Number int          `json:"number" doc:"Its place in the thread, from 1"`
	ID     string       `json:"id" format:"uuid"`
	At     time.Time    `json:"at"`
	Author threadAuthor `json:"author"`
	Text   string       `json:"text" doc:"Plain text; empty: erased"`
	Unread bool         `json:"unread" doc:"New to the reader"`
	Notice bool         `json:"notice,omitempty" doc:"Also sent by SMS or e-mail"`
	Files  []threadFile `json:"files,omitempty"`
	What   string       `json:"what,omitempty" doc:"What happened, as the timeline says it; absent for messages"`
}

type threadAuthor struct {
	Kind string `json:"kind" enum:"applicant,staff,system"`
	Name string `json:"name"`
}

type threadFile struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
	Size int64  `json:"size" doc:"Bytes"`
	MIME string `json:"mime"`
}

type threadInput struct {
	ApplicationInput
	Paged
	Order string `query:"order" enum:"oldest,newest" default:"oldest"`
}

type threadPage struct {
	Items []threadItem `json:"items"`
	Total int          `json:"total" doc:"Items in the whole thread"`
	Next  string       `json:"next,omitempty"`
}

func (q *Queries) registerThread(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-thread", "/applications/{id}/messages",
		"Messages of both sides, and what happened, in order", applicationsTag)), q.thread)
}

func (q *Queries) thread(ctx context.Context, in *threadInput) (*struct{ Body threadPage }, error) {
	head, who, err := q.threadHead(ctx, in.ApplicationInput)
	if err != nil {
		return nil, err
	}
	if head == nil { // a draft of the reader's
		return &struct{ Body threadPage }{threadPage{Items: []threadItem{}}}, nil
	}
	total := head.Envelope.Len()
	window, err := windowOf(in, total)
	if err != nil {
		return nil, err
	}
	shown := make([]envelope.Item, 0, max(0, window.last-window.first+1))
	for item := range head.Envelope.Thread() {
		if item.Number > window.last {
			break
		}
		if item.Number >= window.first {
			shown = append(shown, item)
		}
	}
	messages, err := q.threadMessages(ctx, in.ID, shown)
	if err != nil {
		return nil, err
	}
	page, err := q.renderThread(ctx, &threadView{
		application: in.ID, head: head, messages: messages, who: who, mark: head.Envelope.MarkOf(who.accountID),
	}, shown)
	if err != nil {
		return nil, err
	}
	page.Total = total
	window.finish(in, page)
	return &struct{ Body threadPage }{*page}, nil
}

// threadHead reads the thread's head for whoever may see it; nil for a draft of the caller's.
func (q *Queries) threadHead(ctx context.Context, in ApplicationInput) (*thread.Head, reader, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, reader{}, err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, reader{}, applicationNotFound()
	}
	if err := q.await(ctx, in.Consistent, thread.Name); err != nil {
		return nil, reader{}, err
	}
	doc, err := get[thread.Document](ctx, q.deps, thread.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) { // not sent
		_, who, err := q.page(ctx, in)
		return nil, who, err
	}
	if err != nil {
		return nil, reader{}, err
	}
	who, err := q.readerOf(ctx, &caller, belonging{
		applicant: doc.Applicant, provider: doc.Head.ProviderID, service: doc.Head.ServiceID, sent: true,
	})
	return doc.Head, who, err
}

// threadMessages reads the documents of the messages among the items.
func (q *Queries) threadMessages(ctx context.Context, id string, shown []envelope.Item) (map[string]*thread.Document, error) {
	var ids []string
	for _, item := range shown {
		if item.Message {
			ids = append(ids, thread.MessageID(id, item.Revision))
		}
	}
	return getMany[thread.Document](ctx, q.deps, thread.Name, ids)
}

// threadView is a thread as one reader sees it.
type threadView struct {
	application string
	head        *thread.Head
	messages    map[string]*thread.Document // by the ids of the documents
	who         reader
	mark        envelope.Mark
	names       map[string]string
	language    text.Language
}

// message finds a message; nil if it is not stored yet, though the head knows of it.
func (v *threadView) message(revision int64) *thread.Message {
	if doc := v.messages[thread.MessageID(v.application, revision)]; doc != nil {
		return doc.Message
	}
	return nil
}

// renderThread words the items, oldest first. Where the store has the head before the latest messages, the thread ends
// before them.
func (q *Queries) renderThread(ctx context.Context, v *threadView, shown []envelope.Item) (*threadPage, error) {
	var people []string
	for i, item := range shown {
		if !item.Message {
			people = append(people, v.head.Statuses[item.Index].Person)
			continue
		}
		message := v.message(item.Revision)
		if message == nil {
			shown = shown[:i]
			break
		}
		people = append(people, message.Author)
	}
	var err error
	if v.names, err = q.accountNames(ctx, distinct(people)); err != nil {
		return nil, err
	}
	v.language = httpapi.LanguageOf(ctx)
	page := &threadPage{Items: make([]threadItem, 0, len(shown))}
	for _, item := range shown {
		page.Items = append(page.Items, v.item(item))
	}
	return page, nil
}

func (v *threadView) item(item envelope.Item) threadItem {
	shown := threadItem{Number: item.Number, Unread: item.Unread(v.who.side, v.mark)}
	if !item.Message {
		status := &v.head.Statuses[item.Index]
		shown.ID = statusID(v.application, item.Revision)
		shown.At, shown.What, shown.Text = status.At, status.What, told(&status.Line, v.names, v.language)
		shown.Author = threadAuthor{Kind: "system", Name: system.In(v.language)}
		return shown
	}
	message := v.message(item.Revision)
	shown.ID, shown.At, shown.Text, shown.Notice = message.ID, message.At, message.Text, message.Notice
	shown.Author = threadAuthor{Kind: string(correspondence.Staff), Name: v.names[message.Author]}
	if message.Side == correspondence.Applicant {
		shown.Author.Kind = string(correspondence.Applicant)
	}
	for _, file := range message.Files {
		shown.Files = append(shown.Files, threadFile{ID: file.ID, Name: file.Name, Size: file.Size, MIME: file.MIME})
	}
	return shown
}

// statusID is the id of an item that is an event of the application: the same in every store.
func statusID(application string, revision int64) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "thread of %s: %d", application, revision)).String()
}

// distinct leaves out what is empty or was there before.
func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	list := ids[:0]
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}
