package blackbox_test

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// secureJar is that of a browser on the other side of the TLS that production has before it.
type secureJar struct{ http.CookieJar }

func encrypted(u *url.URL) *url.URL {
	secure := *u
	secure.Scheme = "https"
	return &secure
}

func (j secureJar) Cookies(u *url.URL) []*http.Cookie { return j.CookieJar.Cookies(encrypted(u)) }

func (j secureJar) SetCookies(u *url.URL, c []*http.Cookie) { j.CookieJar.SetCookies(encrypted(u), c) }

// browser is a client of a portal in production.
func browser(t *testing.T, s *server) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := s.client(t, "kk")
	c.http = &http.Client{Jar: secureJar{jar}}
	return c
}

// casefile is an application as it was worked on: what the portal has acknowledged.
type casefile struct {
	id, document string
	files        []string
	wrote        map[string][]string // stored types of its events by stream, in order
	texts        []string            // of its messages, in order
	ended        bool                // the whole script was carried out
}

// record adds an acknowledged command's events to the streams that hold them.
func (f *casefile) record(types ...string) {
	for _, stored := range types {
		kind, _, _ := strings.Cut(stored, ".")
		stream := kind + "-" + f.id
		if kind == "signature" {
			stream = kind + "-" + f.document
		}
		f.wrote[stream] = append(f.wrote[stream], stored)
	}
}

// clerk carries applications from their draft to their end, one command at a time, as the applicant and the staff of the
// provider in turn.
type clerk struct {
	worker
	account                       string // the applicant's
	applicant, operator, executor *client
	colleague                     string    // the executor's account
	script                        []func()  // what is still to do: each makes the next command
	file                          *casefile // that is worked on
	files                         []*casefile
	next                          *command
}

// step gives the next command. It answers false when the portal does not live any more, or has answered wrongly.
func (k *clerk) step() bool {
	if len(k.script) == 0 {
		k.begin()
	}
	k.script[0]()
	k.script = k.script[1:]
	return k.give(k.next)
}

// asks makes the next command, which writes these events.
func (k *clerk) asks(by *client, method, path string, body any, status int, wrote ...string) *command {
	file := k.file
	k.c = by
	k.next = &command{
		key: uuid.NewString(), method: method, path: path, status: status, body: func() any { return body },
		done: func([]byte) error {
			file.record(wrote...)
			return nil
		},
	}
	return k.next
}

// then adds to the script.
func (k *clerk) then(acts ...func()) { k.script = append(k.script, acts...) }

// on adds a command on the application itself.
func (k *clerk) on(by *client, rest string, body any, status int, wrote ...string) {
	k.then(func() { k.asks(by, http.MethodPost, "/applications/"+k.file.id+rest, body, status, wrote...) })
}

// says adds a message.
func (k *clerk) says(by *client, path string) {
	k.then(func() {
		file, words := k.file, "Хабарлама "+uuid.NewString()
		next := k.asks(by, http.MethodPost, "/applications/"+file.id+path, map[string]string{"text": words}, http.StatusCreated,
			"correspondence.message-posted.v1")
		done := next.done
		next.done = func(body []byte) error {
			file.texts = append(file.texts, words)
			return done(body)
		}
	})
}

// uploads adds an upload of a file that belongs to no step.
func (k *clerk) uploads(by *client) {
	k.then(func() {
		file, name := k.file, uuid.NewString()+".pdf"
		next := k.asks(by, http.MethodPost, "/applications/"+file.id+"/files", nil, http.StatusCreated)
		next.body = func() any { return pdf(name) }
		next.done = func(body []byte) error {
			id, err := idIn(body)
			file.files = append(file.files, id)
			file.record("application.file-uploaded.v1")
			return err
		}
	})
}

// idIn is the id in an answer.
func idIn(body []byte) (string, error) {
	var made struct{ ID string }
	if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
		return "", errors.Join(err, io.ErrUnexpectedEOF)
	}
	return made.ID, nil
}

// begin writes the script of a consultation. Chance decides about what can be left out.
func (k *clerk) begin() {
	k.file = &casefile{wrote: map[string][]string{}}
	k.files = append(k.files, k.file)
	k.then(k.draft)
	for _, step := range k.crowd.service.Steps {
		k.then(func() { k.fill(step.ID, step.Kind) })
	}
	k.on(k.applicant, "/submit", nil, http.StatusOK, "application.submitted.v2")
	take := []string{"application.executor-assigned.v1", "application.taken-into-work.v1"}
	if rand.IntN(2) == 0 {
		k.on(k.operator, "/executors/"+k.colleague, nil, http.StatusOK, take[0])
		take = take[1:]
	}
	k.on(k.executor, "/take", nil, http.StatusOK, take...)
	k.says(k.executor, "/messages")
	k.says(k.applicant, "/messages")
	if rand.IntN(2) == 0 {
		k.on(k.executor, "/return", map[string]string{"reason": "data-incorrect", "text": "Сұрақты толықтырыңыз"}, http.StatusOK,
			"application.returned.v1")
		k.says(k.applicant, "/messages")
		k.on(k.applicant, "/submit", nil, http.StatusOK, "application.resubmitted.v1")
	}
	if rand.IntN(2) == 0 {
		k.says(k.executor, "/notice")
	}
	k.says(k.executor, "/messages")
	k.uploads(k.executor)
	k.then(func() {
		k.asks(k.executor, http.MethodPost, "/applications/"+k.file.id+"/response",
			map[string]any{"text": "Міне, жауап", "fileIds": k.file.files}, http.StatusOK, "application.answered.v1")
	})
	k.uploads(k.executor)
	k.then(k.issue,
		func() { k.accept(k.executor) },
		func() { k.accept(k.applicant, "signature.completed.v1", "application.document-signed.v1") })
	k.says(k.applicant, "/messages")
	k.then(k.rate)
}

func (k *clerk) draft() {
	file := k.file
	k.asks(k.applicant, http.MethodPost, "/applications", map[string]any{"serviceId": k.crowd.service.ID}, http.StatusCreated)
	k.next.done = func(body []byte) (err error) {
		file.id, err = idIn(body)
		file.record("application.draft-started.v1")
		return err
	}
}

// fill saves a step, or attaches a file to it.
func (k *clerk) fill(step, kind string) {
	path := "/applications/" + k.file.id
	if kind == "document" {
		name := uuid.NewString() + ".pdf"
		next := k.asks(k.applicant, http.MethodPost, path+"/files?step="+step, nil, http.StatusCreated, "application.file-attached.v1")
		next.body = func() any { return pdf(name) }
		return
	}
	data := with(k.filled[step], nil)
	if field, free := k.freeFields[step]; free {
		data[field] = uuid.NewString()
	}
	k.asks(k.applicant, http.MethodPut, path+"/steps/"+step, map[string]any{"data": data}, http.StatusOK, "application.step-saved.v1")
}

// issue issues the act, which both sides have to accept.
func (k *clerk) issue() {
	file := k.file
	k.asks(k.executor, http.MethodPost, "/applications/"+file.id+"/documents",
		map[string]any{"kind": "act", "fileId": file.files[len(file.files)-1]}, http.StatusCreated)
	k.next.done = func(body []byte) (err error) {
		file.document, err = idIn(body)
		file.record("application.document-issued.v1", "signature.prepared.v1")
		return err
	}
}

func (k *clerk) accept(by *client, follows ...string) {
	k.asks(by, http.MethodPost, "/documents/"+k.file.document+"/acceptance", nil, http.StatusCreated,
		append([]string{"signature.accepted.v1"}, follows...)...)
}

// rate answers the questionnaire, which is the end.
func (k *clerk) rate() {
	file := k.file
	answers := map[string]any{}
	for _, question := range []string{"overall", "answer", "speed", "courtesy"} {
		answers[question] = 1 + rand.IntN(5)
	}
	next := k.asks(k.applicant, http.MethodPost, "/applications/"+file.id+"/questionnaire", map[string]any{"answers": answers},
		http.StatusCreated, "application.questionnaire-answered.v1", "application.completed.v1")
	done := next.done
	next.done = func(body []byte) error {
		file.ended = true
		return done(body)
	}
}
