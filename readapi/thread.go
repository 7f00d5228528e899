package readapi

import (
	"bytes"
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
	"services.example/portal/projections/workqueue"
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
	op := httpapi.Brief(httpapi.Private(operation("read-thread", "/applications/{id}/messages", "Messages of both sides, and what happened, in order", applicationsTag)))
	huma.Register(api, writes[threadPage](api, op, "ThreadPage"), q.thread)
}

func (q *Queries) thread(ctx context.Context, in *threadInput) (*huma.StreamResponse, error) {
	head, who, err := q.threadHead(ctx, in.ApplicationInput)
	if err != nil {
		return nil, err
	}
	if head == nil { // a draft of the reader's
		return written(func(b []byte) []byte { return appendThread(b, &threadPage{}) }), nil
	}
	key := threadKey{
		application: in.ID, reader: who, language: httpapi.LanguageOf(ctx), order: in.Order, after: in.After, limit: in.Limit,
	}
	kept, err := q.keptThread(ctx, key, head)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		if kept, err = q.makeThread(ctx, key, head); err != nil {
			return nil, err
		}
	}
	return written(func(b []byte) []byte { return append(b, kept.json...) }), nil
}

// makeThread makes a page, and keeps it unless a part of it is being written. Errors: bad-cursor.
func (q *Queries) makeThread(ctx context.Context, key threadKey, head *threadHead) (*keptThread, error) {
	total := head.envelope.Len()
	window, err := windowOf(key, total)
	if err != nil {
		return nil, err
	}
	settled := q.settled(ctx, head.stand.head)
	shown := make([]envelope.Item, 0, max(0, window.last-window.first+1))
	for item := range head.envelope.Thread() {
		if item.Number > window.last {
			break
		}
		if item.Number >= window.first {
			shown = append(shown, item)
		}
	}
	messages, err := q.threadMessages(ctx, key.application, shown)
	if err != nil {
		return nil, err
	}
	view := &threadView{
		application: key.application, head: head.Head, messages: messages, who: key.reader,
		mark: head.envelope.MarkOf(key.reader.accountID), language: key.language,
	}
	page, err := q.renderThread(ctx, view, shown)
	if err != nil {
		return nil, err
	}
	page.Total = total
	window.finish(key, page)
	made := &keptThread{
		stand: head.stand, names: view.names,
		json: appendThread(make([]byte, 0, len(shown)*itemSize), page),
	}
	if settled && len(page.Items) == len(shown) {
		q.threads.keep(key, made)
	}
	return made, nil
}

// threadHead reads the thread's head for whoever may see it; nil for a draft of the caller's.
func (q *Queries) threadHead(ctx context.Context, in ApplicationInput) (*threadHead, reader, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, reader{}, err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, reader{}, applicationNotFound()
	}
	if err := q.await(ctx, in.Consistent, thread.Name, workqueue.Name); err != nil {
		return nil, reader{}, err
	}
	head, err := q.readThread(ctx, in.ID)
	if err != nil {
		return nil, reader{}, err
	}
	if head == nil { // not sent
		_, who, err := q.page(ctx, in)
		return nil, who, err
	}
	who, err := q.readerOf(ctx, &caller, belonging{
		applicant: head.applicant, provider: head.ProviderID, service: head.ServiceID, sent: true,
	})
	return head, who, err
}

// readThread reads what a thread is shown by; nil if the application was not sent. What is as it was read last is not
// decoded again.
func (q *Queries) readThread(ctx context.Context, id string) (*threadHead, error) {
	known := q.threads.latest(id)
	now, size := *known, 0
	var err error
	if now.stand.threads, err = serving(ctx, q.deps, thread.Name); err != nil {
		return nil, err
	}
	if now.stand.queue, err = serving(ctx, q.deps, workqueue.Name); err != nil {
		return nil, err
	}
	err = q.deps.Reads.View(ctx, now.stand.threads, id, func(document readstore.Document) error {
		now.stand.head, size = document.Seen, size+len(document.Body)
		if now.stand.threads == known.stand.threads && document.Seen == known.stand.head {
			return nil
		}
		var read thread.Document
		if err := decodeLent(document, &read); err != nil {
			return err
		}
		if read.Head == nil {
			return fmt.Errorf("document %s is no head of a thread", id)
		}
		now.Head, now.applicant = read.Head, read.Applicant
		return nil
	})
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a thread: %w", err)
	}
	err = q.deps.Reads.View(ctx, now.stand.queue, id, func(document readstore.Document) error {
		now.stand.row, size = document.Seen, size+len(document.Body)
		if now.stand.queue == known.stand.queue && document.Seen == known.stand.row {
			return nil
		}
		var row workqueue.Enveloped
		err := decodeLent(document, &row)
		now.envelope = row.Envelope
		return err
	})
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, behind()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the order of a thread: %w", err)
	}
	if now.stand == known.stand {
		return known, nil
	}
	q.threads.learn(id, &now, size)
	return &now, nil
}

// decodeLent reads a document that the store only lends: what is read shares the memory of a copy.
func decodeLent(document readstore.Document, into any) error {
	document.Body = bytes.Clone(document.Body)
	return document.Decode(into)
}

// threadMessages reads the messages among the items, by their revisions.
func (q *Queries) threadMessages(ctx context.Context, id string, shown []envelope.Item) (map[int64]*thread.Message, error) {
	ids := make([]string, 0, len(shown))
	for _, item := range shown {
		if item.Message {
			ids = append(ids, thread.MessageID(id, item.Revision))
		}
	}
	documents, err := getMany[thread.Written](ctx, q.deps, thread.Name, ids)
	if err != nil {
		return nil, err
	}
	messages := make(map[int64]*thread.Message, len(documents))
	for _, item := range shown {
		if !item.Message {
			continue
		}
		if document := documents[ids[0]]; document != nil {
			messages[item.Revision] = document.Message
		}
		ids = ids[1:]
	}
	return messages, nil
}

// threadView is a thread as one reader sees it.
type threadView struct {
	application string
	head        *thread.Head
	messages    map[int64]*thread.Message // by revision; missing: not stored yet, though the head knows of it
	who         reader
	mark        envelope.Mark
	names       map[string]string
	language    text.Language
}

// renderThread words the items, oldest first. Where the store has the envelope before what it orders, the thread ends before
// that.
func (q *Queries) renderThread(ctx context.Context, v *threadView, shown []envelope.Item) (*threadPage, error) {
	var people []string
	for i, item := range shown {
		message := v.messages[item.Revision]
		if item.Message && message == nil || !item.Message && item.Index >= len(v.head.Statuses) {
			shown = shown[:i]
			break
		}
		if item.Message {
			people = append(people, message.Author)
		} else {
			people = append(people, v.head.Statuses[item.Index].Person)
		}
	}
	people = distinct(people)
	names, err := q.accountNames(ctx, people)
	if err != nil {
		return nil, err
	}
	v.names = make(map[string]string, len(people))
	for _, id := range people {
		v.names[id] = names[id] // also of who has none yet
	}
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
	message := v.messages[item.Revision]
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
