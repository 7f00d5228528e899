package readapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"services.example/portal/infra/codec"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/notes"
	"services.example/portal/projections/notifications"
	"services.example/portal/projections/thread"
	"services.example/portal/projections/workqueue"
)

// caseFacts are what somebody can see of a part of a case: values by the path at which they stand. Lists of things that have
// ids are spread by these, so that a thing keeps its path whatever comes before it.
type caseFacts map[string]any

// set puts a value at a path, unless it is nothing.
func (f caseFacts) set(value any, path ...string) {
	if !saysNothing(value) {
		f[pathOf(path...)] = value
	}
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// pathOf is the JSON Pointer (RFC 6901) of a fact.
func pathOf(parts ...string) string {
	var path strings.Builder
	for _, part := range parts {
		path.WriteByte('/')
		path.WriteString(pointerEscapes.Replace(part))
	}
	return path.String()
}

// spread puts the members of a JSON object, and of those inside it, each at its path; anything else as it is.
func (f caseFacts) spread(raw string, path ...string) {
	var members map[string]json.RawMessage
	if raw == "" || json.Unmarshal([]byte(raw), &members) != nil {
		f.set(json.RawMessage(raw), path...)
		return
	}
	for name, value := range members {
		inner := append(append([]string{}, path...), name)
		if bytes.HasPrefix(bytes.TrimSpace(value), []byte("{")) && len(path) < deepest {
			f.spread(string(value), inner...)
		} else {
			f.set(value, inner...)
		}
	}
}

// deepest is how many parts a path has at most for the members of an object to be told apart.
const deepest = 8

// factChange is a fact that is another than before.
type factChange struct {
	Path   string          `json:"path" doc:"A JSON Pointer, such as /steps/company/data/name"`
	Before json.RawMessage `json:"before,omitempty" doc:"Absent: it was not there"`
	After  json.RawMessage `json:"after,omitempty" doc:"Absent: it is not there any more"`
}

// writtenFacts are facts as JSON, which are compared.
type writtenFacts map[string]json.RawMessage

func (f caseFacts) written() writtenFacts {
	w := make(writtenFacts, len(f))
	for path, value := range f {
		raw, asSaved := value.(json.RawMessage)
		if !asSaved {
			w[path] = asJSON(value)
			continue
		}
		var compact bytes.Buffer
		if json.Compact(&compact, raw) == nil {
			raw = compact.Bytes()
		}
		w[path] = raw
	}
	return w
}

// changes lists what differs, by path.
func (w writtenFacts) changes(after writtenFacts) []factChange {
	list := []factChange{}
	for _, path := range sortedKeys(w, after) {
		if !bytes.Equal(w[path], after[path]) {
			list = append(list, factChange{Path: path, Before: w[path], After: after[path]})
		}
	}
	return list
}

// factParts are the facts of the parts of a case, each under a key of its own, so that an event makes anew only those that it
// touched.
type factParts map[string]writtenFacts

// all puts the facts of all parts together.
func (p factParts) all() writtenFacts {
	together := writtenFacts{}
	for _, part := range p {
		maps.Copy(together, part)
	}
	return together
}

// factPart is what can be seen of one part of a case.
type factPart struct {
	key   string
	facts caseFacts
}

// touched tells what can be seen of the parts of a case that an event has touched.
func (s *asOfShow) touched(event codec.Envelope) []factPart {
	return s.parts(
		keysOf(&applicationpage.Model, event), keysOf(&thread.Model, event), keysOf(&workqueue.Model, event),
		keysOf(&documents.Model, event), keysOf(&notifications.Model, event), func(n *notes.Note) bool {
			return event.Stream == noteStreams+s.id && n.Revision == event.Revision
		})
}

// everything tells what can be seen of all parts of a case.
func (s *asOfShow) everything() []factPart {
	return s.parts(idsOf(s.standing.pages), idsOf(s.standing.threads), idsOf(s.standing.rows), idsOf(s.standing.documents),
		idsOf(s.standing.notices), func(*notes.Note) bool { return true })
}

// parts tells what can be seen of some parts of a case.
func (s *asOfShow) parts(pages, threads, rows, signed, told []string, noted func(*notes.Note) bool) []factPart {
	var list []factPart
	add := func(key string, f caseFacts) { list = append(list, factPart{key, f}) }
	for _, id := range pages {
		if page := s.standing.pages[id]; page != nil {
			s.page = page
			s.pageFacts(add)
		} else { // a draft that was deleted
			add(partOfPage, caseFacts{})
			for step := range s.stepData {
				add("step "+step, caseFacts{})
			}
			clear(s.stepData)
		}
	}
	for _, id := range threads {
		if doc := s.standing.threads[id]; doc != nil {
			add("thread "+id, s.messageFacts(doc))
		}
	}
	for _, id := range rows {
		if row := s.standing.rows[id]; row != nil {
			add("readers "+id, s.readerFacts(row.Envelope.Marks))
		}
	}
	for _, id := range signed {
		if d := s.standing.documents[id]; d != nil {
			add("document "+id, s.documentFacts(id, d))
		}
	}
	for _, id := range told {
		if n := s.standing.notices[id]; n != nil && (s.who.staff() || n.Recipient == s.applicant) {
			add("notice "+id, s.noticeFacts(id, n))
		}
	}
	if !s.who.staff() {
		return list
	}
	for id, n := range s.standing.notes {
		if noted(n) {
			f := caseFacts{}
			f.set(n.Text, "notes", id, "text")
			f.set(s.someone(n.Author), "notes", id, "author")
			add("note "+id, f)
		}
	}
	return list
}

func idsOf[D any](of docs[D]) []string { return slices.Collect(maps.Keys(of)) }

const partOfPage = "page"

// pageFacts tells what can be seen of the page. The data of a step is a part of its own: most events leave it as it was.
func (s *asOfShow) pageFacts(add func(key string, f caseFacts)) {
	p, f := s.page, caseFacts{}
	f.set(p.Number, "number")
	f.set(p.ServiceID, "service", "id")
	f.set(p.ServiceVersion, "service", "version")
	f.set(p.Status, "status")
	f.set(p.Outcome, "outcome")
	f.set(p.StartedAt, "startedAt")
	f.set(p.SubmittedAt, "submittedAt")
	f.set(p.DueAt, "dueAt")
	f.set(p.WithdrawnAt, "withdrawnAt")
	f.set(p.CompletedAt, "completedAt")
	var executors []any
	for _, id := range p.Executors {
		executors = append(executors, s.someone(id))
	}
	f.set(executors, "executors")
	for i := range p.Steps {
		step := &p.Steps[i]
		f.set(step.Complete, "steps", step.ID, "complete")
		for k := range step.Files {
			f.set(fileFact(&step.Files[k]), "steps", step.ID, "files", step.Files[k].ID)
		}
		if last, known := s.stepData[step.ID]; !known || last != step.Data {
			s.stepData[step.ID] = step.Data
			data := caseFacts{}
			data.spread(step.Data, "steps", step.ID, "data")
			add("step "+step.ID, data)
		}
	}
	for i := range p.Uploads {
		if u := &p.Uploads[i]; s.who.staff() || p.Shown(u) {
			f.set(fileFact(&u.File), "uploads", u.ID)
		}
	}
	if d := p.Decision; d != nil {
		f.set(d.Outcome, "decision", "outcome")
		f.set(d.Reason, "decision", "reason")
		f.set(d.Text, "decision", "text")
		f.set(d.Files, "decision", "files")
		f.set(s.someone(d.Executor), "decision", "executor")
	}
	if r := p.Returned; r != nil {
		f.set(r.At, "returned", "at")
		f.set(r.Reason, "returned", "reason")
		f.set(r.Text, "returned", "text")
		f.set(s.someone(r.Executor), "returned", "executor")
	}
	if a := p.Questionnaire; a != nil {
		for _, answer := range a.Scores {
			f.set(answer.Score, "questionnaire", answer.Question)
		}
		for _, answer := range a.Words {
			f.set(answer.Text, "questionnaire", answer.Question)
		}
	}
	add(partOfPage, f)
}

func fileFact(f *applicationpage.File) any {
	return map[string]any{"name": f.Name, "size": f.Size, "mime": f.MIME, "sha256": f.SHA256}
}

// messageFacts tells a message of a thread.
func (s *asOfShow) messageFacts(doc *thread.Document) caseFacts {
	f := caseFacts{}
	if m := doc.Message; m != nil {
		f.set(m.Text, "messages", m.ID, "text")
		f.set(s.someone(m.Author), "messages", m.ID, "author")
		f.set(string(m.Side), "messages", m.ID, "side")
		for k := range m.Files {
			file := &m.Files[k]
			f.set(map[string]any{"name": file.Name, "size": file.Size, "mime": file.MIME, "sha256": file.SHA256}, "messages", m.ID, "files", file.ID)
		}
	}
	return f
}

// readerFacts tells who had read how far.
func (s *asOfShow) readerFacts(marks []envelope.Mark) caseFacts {
	f := caseFacts{}
	for _, mark := range marks {
		if s.who.everything || mark.Reader == s.who.accountID {
			f.set(mark.Messages, "readers", mark.Reader, "messages")
			f.set(mark.Application, "readers", mark.Reader, "application")
		}
	}
	return f
}

func (s *asOfShow) documentFacts(id string, d *documents.Document) caseFacts {
	f := caseFacts{}
	f.set(d.Kind, "documents", id, "kind")
	f.set(d.Version, "documents", id, "version")
	f.set(d.Name, "documents", id, "name")
	f.set(d.SHA256, "documents", id, "sha256")
	f.set(documentStatus(d), "documents", id, "status")
	for i := range d.Signatures {
		signature := &d.Signatures[i]
		if signature.At == nil {
			f.set("waiting", "documents", id, "signatures", signature.Signer, "status")
			continue
		}
		f.set("accepted", "documents", id, "signatures", signature.Signer, "status")
		f.set(signature.Method, "documents", id, "signatures", signature.Signer, "method")
		f.set(signature.At, "documents", id, "signatures", signature.Signer, "at")
		f.set(s.someone(signature.Account), "documents", id, "signatures", signature.Signer, "by")
		f.set(signature.EvidenceStatus, "documents", id, "signatures", signature.Signer, "evidence")
	}
	refused := 0
	for i := range d.Tries {
		if s.who.everything || d.Tries[i].Account == s.who.accountID {
			refused++
		}
	}
	if s.who.everything {
		refused = d.Failed
	}
	f.set(refused, "documents", id, "refused")
	return f
}

func (s *asOfShow) noticeFacts(id string, n *notifications.Notice) caseFacts {
	shown, f := sentNoticeOf(id, n, s.applicant), caseFacts{}
	f.set(string(shown.Channel), "notices", id, "channel")
	f.set(shown.Kind, "notices", id, "kind")
	f.set(shown.To, "notices", id, "to")
	f.set(string(shown.Status), "notices", id, "status")
	f.set(shown.Attempts, "notices", id, "attempts")
	f.set(shown.Reason, "notices", id, "reason")
	return f
}

// someone names a person: the applicant is told the name alone, as everywhere.
func (s *asOfShow) someone(id string) any {
	if !s.who.staff() {
		return s.names[id]
	}
	return pagePerson{ID: id, Name: s.names[id]}
}
