package blackbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// openPage is a page that hears what happens.
type openPage struct {
	t      *testing.T
	events chan serverEvent
	last   string // id of the latest event that had one
	close  func()
}

type serverEvent struct{ name, id, data string }

// listen opens a stream of server-sent events.
func (c *client) listen(last string) *openPage {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	c.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.url+"/api/v1/my/events", http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Accept-Language", c.language)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := c.http.Do(request) //nolint:bodyclose // by whoever reads the stream
	if err != nil {
		c.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream" {
		c.t.Fatalf("listening answered %d, %s", response.StatusCode, kind)
	}
	p := &openPage{t: c.t, events: make(chan serverEvent, 100), close: cancel}
	go func() {
		defer close(p.events)
		defer response.Body.Close() //nolint:errcheck // only read
		var event serverEvent
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "event":
				event.name = value
			case "id":
				event.id = value
			case "data":
				event.data = value
			case "":
				if event.name != "" {
					p.events <- event
				}
				event = serverEvent{}
			}
		}
	}()
	return p
}

// hears waits for an event of a name and reads it. What comes before it is returned by name.
func (p *openPage) hears(name string, into any) (before []string) {
	p.t.Helper()
	for event := range p.events {
		if event.id != "" {
			p.last = event.id
		}
		if event.name != name {
			before = append(before, event.name)
			continue
		}
		if err := json.Unmarshal([]byte(event.data), into); err != nil {
			p.t.Fatalf("reading %s: %v", event.data, err)
		}
		return before
	}
	p.t.Fatalf("the stream ended without %s", name)
	return nil
}

// TestOpenPagesHearAtOnce what happens to an application, on both sides, and after a lost connection what they missed.
func TestOpenPagesHearAtOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t, individual(310), "заңды қызметтер")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	var bell struct{ Total int }
	page, work := o.applicant.listen(""), o.executor.listen("")
	if before := page.hears("unread", &bell); len(before) != 0 || bell.Total == 0 {
		t.Errorf("an opened page hears %v, bell %d", before, bell.Total)
	}
	work.hears("unread", &bell)

	ask := func(text string) {
		o.by(o.executor, http.MethodPost, "/messages", map[string]any{"text": text}, http.StatusCreated, nil)
	}
	var message struct {
		Application, Text string
		Number            int
		Unread            bool
		Author            struct{ Kind string }
	}
	ask("Бірінші сұрақ")
	page.hears("message", &message)
	if message.Application != o.application.ID || message.Text != "Бірінші сұрақ" || message.Author.Kind != "staff" || !message.Unread {
		t.Errorf("heard %+v", message)
	}
	page.hears("unread", &bell)
	if want := o.bell(); bell.Total != want {
		t.Errorf("the open page says %d unread, the bell %d", bell.Total, want)
	}
	page.close()
	ask("Екінші сұрақ")
	o.by(o.executor, http.MethodPost, "/return", map[string]any{"reason": "other", "text": "Толықтырыңыз"}, http.StatusOK, nil)
	again := o.applicant.listen(page.last)
	again.hears("message", &message)
	if message.Text != "Екінші сұрақ" {
		t.Errorf("missed while away: %+v", message)
	}
	var changed struct{ ID, Number, Status string }
	again.hears("application", &changed)
	if changed.ID != o.application.ID || changed.Status != "returned" {
		t.Errorf("changed while away: %+v", changed)
	}
	again.hears("unread", &bell)
	if want := o.bell(); bell.Total != want {
		t.Errorf("after coming back the page says %d unread, the bell %d", bell.Total, want)
	}
	o.read(o.applicant)
	if again.hears("unread", &bell); bell.Total != 0 {
		t.Errorf("after reading, the page says %d unread", bell.Total)
	}

	o.by(o.applicant, http.MethodPost, "/messages", map[string]any{"text": "Жауап"}, http.StatusCreated, nil)
	for message.Text != "Жауап" {
		work.hears("message", &message)
	}
	if message.Author.Kind != "applicant" || !message.Unread {
		t.Errorf("the executor heard %+v", message)
	}
	stranger := o.server.client(t, "kk")
	stranger.register(individual(311))
	other := stranger.listen("")
	other.hears("unread", &bell)
	o.applicant.do(http.MethodGet, "/my/events", nil, "Last-Event-ID", "nowhere").refused(http.StatusBadRequest, "bad-position")
	o.server.client(t, "kk").do(http.MethodGet, "/my/events", nil).refused(http.StatusUnauthorized, "sign-in-required")
	o.server.stop()
	if event, open := <-other.events; open {
		t.Errorf("a stranger heard %+v", event)
	}
}
