package casefile

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/casebundle/report"
)

// certificate tells whose certificate made a signature.
func (w *writer) certificate(document, signer string) string {
	for i := range w.c.events {
		e, ok := w.c.events[i].Event.(signature.Accepted)
		if !ok || e.Certificate == nil || string(e.Signer) != signer || w.c.events[i].Stream != "signature-"+document {
			continue
		}
		said := []string{e.Certificate.Owner, e.Certificate.IIN, e.Certificate.BIN, e.Certificate.Issuer, e.Certificate.Serial}
		return strings.Join(withoutEmpty(said), " · ")
	}
	return ""
}

func withoutEmpty(list []string) []string {
	var left []string
	for _, said := range list {
		if said != "" {
			left = append(left, said)
		}
	}
	return left
}

// thread tells the messages, oldest first.
func (w *writer) thread() report.Section {
	s := report.Section{Title: w.word("thread"), Empty: w.word("thread-empty")}
	for i := range w.c.events {
		e, ok := w.c.events[i].Event.(correspondence.MessagePosted)
		if !ok || len(s.Entries) == mostTold {
			continue
		}
		entry := report.Entry{
			Mark: strconv.FormatInt(w.c.events[i].Revision+1, 10), When: moment(e.At), Who: w.name(e.Author) + ", " + w.side(e.Side), Quote: e.Text,
		}
		if e.Notice {
			entry.Text = w.word("notice")
		}
		for _, file := range e.Files {
			entry.Facts = append(entry.Facts, report.Fact{Label: w.word("attached"), Value: cmp.Or(file.Name, file.ID)})
		}
		s.Entries = append(s.Entries, entry)
	}
	return s
}

func (w *writer) side(side correspondence.Side) string { return w.known("of-", string(side)) }

func (w *writer) readings() report.Section {
	s := report.Section{Title: w.word("readings"), Empty: w.word("readings-empty")}
	for i := range w.c.events {
		e, ok := w.c.events[i].Event.(correspondence.ThreadRead)
		if !ok || len(s.Entries) == mostTold {
			continue
		}
		s.Entries = append(s.Entries, report.Entry{
			When: moment(e.At), Who: w.name(e.Reader) + ", " + w.side(e.Side), Text: fmt.Sprintf(w.word("read-up-to"), e.Messages, e.Application),
		})
	}
	return s
}

func (w *writer) notes() report.Section {
	s := report.Section{Title: w.word("notes"), Empty: w.word("notes-empty")}
	for i := range w.c.events {
		if e, ok := w.c.events[i].Event.(correspondence.NoteWritten); ok && len(s.Entries) < mostTold {
			s.Entries = append(s.Entries, report.Entry{When: moment(e.At), Who: w.name(e.Author), Quote: e.Text})
		}
	}
	return s
}

// notices tells each notice with what became of it.
func (w *writer) notices() report.Section {
	s := report.Section{Title: w.word("notices"), Empty: w.word("notices-empty")}
	place := map[string]int{} // of a notice among the entries
	for i := range w.c.events {
		stream := w.c.events[i].Stream
		became := func(key string, at time.Time, more string) {
			if k, known := place[stream]; known {
				said := moment(at)
				if more != "" {
					said += ", " + more
				}
				s.Entries[k].Facts = append(s.Entries[k].Facts, report.Fact{Label: w.word(key), Value: said})
			}
		}
		switch e := w.c.events[i].Event.(type) {
		case notification.Requested:
			if len(s.Entries) < mostTold {
				place[stream] = len(s.Entries)
				s.Entries = append(s.Entries, report.Entry{
					When: moment(e.At), Who: w.name(e.Recipient), Text: string(e.Channel) + ", " + e.Kind, Quote: strings.TrimSpace(e.Subject + "\n" + e.Text),
				})
			}
		case notification.Postponed:
			became("postponed", e.At, e.Reason)
		case notification.Sent:
			became("sent", e.At, "")
		case notification.Delivered:
			became("delivered", e.At, "")
		case notification.Failed:
			became("failed", e.At, e.Reason)
		case notification.Resumed:
			became("resumed", e.At, "")
		}
	}
	return s
}
