package readapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/thread"
)

// asOfThread is the thread of a case at a moment.
type asOfThread struct {
	Items []asOfItem `json:"items" doc:"Oldest first, at most the last thousand"`
	Total int        `json:"total" doc:"Items in the whole thread"`
}

// asOfItem is an item of a thread and, for those who are neither side, who had read it.
type asOfItem struct {
	threadItem
	AuthorID string   `json:"authorId,omitempty" doc:"Account id; not for applicants"`
	ReadBy   []string `json:"readBy,omitempty" doc:"Account ids of those who had read it, for auditors. For them, unread is: new to the applicant"`
}

// asOfReader is how far somebody had read the thread.
type asOfReader struct {
	ID          string              `json:"id" format:"uuid"`
	Name        string              `json:"name"`
	Side        correspondence.Side `json:"side" enum:"applicant,staff"`
	Messages    int64               `json:"messages" doc:"Messages that they had seen, of both sides"`
	Application int64               `json:"application" doc:"Events of the application with a lower revision they had seen"`
	Unread      int                 `json:"unread" doc:"Items that were new to them"`
	At          time.Time           `json:"at" doc:"When they read last"`
}

// head is what the thread is shown by; nil for a draft.
func (s *asOfShow) head() *threadHead {
	doc, row := s.standing.threads[s.id], s.standing.rows[s.id]
	if doc == nil || row == nil {
		return nil
	}
	return &threadHead{Head: doc.Head, applicant: doc.Applicant, envelope: row.Envelope}
}

func (s *asOfShow) thread(ctx context.Context) asOfThread {
	head := s.head()
	if head == nil {
		return asOfThread{Items: []asOfItem{}}
	}
	view := &threadView{
		application: s.id, head: head.Head, messages: s.messages(head), who: s.who, names: s.names, language: httpapi.LanguageOf(ctx),
		mark: head.envelope.MarkOf(s.who.accountID),
	}
	switch {
	case s.who.everything: // whose own marks there are none
		view.who.side, view.mark = correspondence.Applicant, head.envelope.MarkOf(s.page.Applicant)
	case s.who.accountID == "":
		view.mark = envelope.Mark{Messages: int64(head.envelope.Len()), Application: s.standing.revision + 1}
	}
	shown := asOfThread{Items: []asOfItem{}, Total: head.envelope.Len()}
	for item := range head.envelope.Thread() {
		if item.Number <= shown.Total-mostShown {
			continue
		}
		line := asOfItem{threadItem: view.item(item)}
		if item.Message && s.who.staff() {
			line.AuthorID = view.messages[item.Revision].Author
		}
		if s.who.everything {
			line.ReadBy = readBy(item, head.envelope.Marks)
		}
		shown.Items = append(shown.Items, line)
	}
	return shown
}

// messages are those of the thread, by revision.
func (s *asOfShow) messages(head *threadHead) map[int64]*thread.Message {
	messages := map[int64]*thread.Message{}
	for item := range head.envelope.Thread() {
		if doc := s.standing.threads[thread.MessageID(s.id, item.Revision)]; item.Message && doc != nil {
			messages[item.Revision] = doc.Message
		}
	}
	return messages
}

// readBy lists who had read an item, those who wrote it among them if they had marked it.
func readBy(item envelope.Item, marks []envelope.Mark) []string {
	var readers []string
	for _, mark := range marks {
		if item.Message && item.Revision < mark.Messages || !item.Message && item.Revision < mark.Application {
			readers = append(readers, mark.Reader)
		}
	}
	slices.Sort(readers)
	return readers
}

// readers lists who had read how far: for the applicant's eyes themselves, for the staff's nobody, as for them it is.
func (s *asOfShow) readers() []asOfReader {
	list := []asOfReader{}
	head := s.head()
	if head == nil {
		return list
	}
	for _, mark := range head.envelope.Marks {
		if !s.who.everything && mark.Reader != s.who.accountID {
			continue
		}
		side := correspondence.Staff
		if mark.Reader == s.page.Applicant {
			side = correspondence.Applicant
		}
		list = append(list, asOfReader{
			ID: mark.Reader, Name: s.names[mark.Reader], Side: side, Messages: mark.Messages, Application: mark.Application,
			Unread: head.envelope.Unread(mark.Reader, side), At: s.standing.readAt[mark.Reader],
		})
	}
	slices.SortFunc(list, func(a, b asOfReader) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	return list
}
