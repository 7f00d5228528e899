// Package persondata writes everything that the portal holds on one person into one file: their copy (law 94-V, article
// 24). It reads the log itself, so that it can leave nothing out, and streams: it takes the same memory for everybody.
package persondata

import (
	"archive/zip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// Source is where the data lies.
type Source struct {
	Events eventstore.Store
	Codec  interface {
		Decode(ctx context.Context, recorded eventstore.Recorded) (codec.Envelope, error)
	}
	// Open reads a file of the person by the hash of its content. Errors: of kind Gone or NotFound, for what is no more.
	Open func(ctx context.Context, person, sha256 string) (io.ReadCloser, error)
	// Applications lists the ids of the person's applications.
	Applications func(ctx context.Context, person string) ([]string, error)
	// Notices lists the ids of the notices that were sent about an application.
	Notices func(ctx context.Context, application string) ([]string, error)
}

// Copy is what is to be written.
type Copy struct {
	Person   string    // account id
	Internal bool      // for whoever runs the portal: with the staff's notes, what others read, and what was never shown
	At       time.Time // of the request: the time of everything in the file
}

//go:embed README.txt
var readme []byte

// Write writes a zip: README.txt, person.json, events.ndjson with one event a line, missing.txt if something is gone, and
// files/ with every file under the hash of its content.
func Write(ctx context.Context, w io.Writer, source Source, what Copy) error {
	c := &writer{Source: source, Copy: what, zip: zip.NewWriter(w)}
	for _, step := range []func(context.Context) error{c.readme, c.person, c.events, c.files, c.gone} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("writing what is held on account %s: %w", what.Person, err)
		}
	}
	return c.zip.Close()
}

type writer struct {
	Source
	Copy
	zip     *zip.Writer
	found   []string          // hashes of files, in the order in which they appear
	uploads map[string]string // hashes of files that belong to no step, by id
	missing []string          // hashes of files that are no more
}

func (c *writer) create(name string) (io.Writer, error) {
	return c.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: c.At})
}

func (c *writer) readme(context.Context) error {
	w, err := c.create("README.txt")
	if err == nil {
		_, err = w.Write(readme)
	}
	return err
}

// summary is person.json.
type summary struct {
	AccountID string            `json:"accountId"`
	Kind      account.Kind      `json:"kind,omitempty"`
	Number    string            `json:"number,omitempty"` // IIN or BIN
	Card      account.Card      `json:"clientCard"`
	Phone     string            `json:"phone,omitempty"`
	Email     string            `json:"email,omitempty"`
	NotifyBy  []account.Channel `json:"notifyBy"`
	Language  string            `json:"language,omitempty"`
	Roles     []account.Role    `json:"roles"`
	Provider  string            `json:"providerId,omitempty"`
	Blocked   bool              `json:"blocked"`
	Erased    bool              `json:"erased"`
	WrittenAt time.Time         `json:"writtenAt"`
}

func (c *writer) person(ctx context.Context) error {
	var s account.State
	err := c.each(ctx, "account-"+c.Person, func(e codec.Envelope) error {
		if event, ok := e.Event.(account.Event); ok {
			s = account.Evolve(s, event)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w, err := c.create("person.json")
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(summary{
		AccountID: c.Person, Kind: s.Kind, Number: s.Number, Card: s.Card, Phone: s.Phone, Email: s.Email,
		NotifyBy: append([]account.Channel{}, s.NotifyBy...), Language: string(s.Language), Roles: append([]account.Role{}, s.Roles...),
		Provider: s.ProviderID, Blocked: s.Blocked, Erased: s.Erased, WrittenAt: c.At,
	})
}

// line is one event.
type line struct {
	Stream   string         `json:"stream"`
	Revision int64          `json:"revision"`
	Type     string         `json:"type"`
	Recorded time.Time      `json:"recorded"`
	Role     string         `json:"role,omitempty"` // in which whoever did it acted
	Own      bool           `json:"own"`            // the person did it
	Erased   bool           `json:"erased,omitempty"`
	Data     map[string]any `json:"data"`
}

// secrets are members of events that open something: nobody gets them in a file.
var secrets = []string{"passwordHash", "totpSecret", "sessionRef", "credentialEpoch"}

func (c *writer) events(ctx context.Context) error {
	w, err := c.create("events.ndjson")
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	write := func(e codec.Envelope) error {
		if !c.Internal && !theirs(c.Person, e) {
			return nil
		}
		data, err := members(e.Event)
		if err != nil {
			return fmt.Errorf("event %d of %s: %w", e.Revision, e.Stream, err)
		}
		return out.Encode(line{
			Stream: e.Stream, Revision: e.Revision, Type: e.Type, Recorded: e.Created, Role: e.Meta.Role, Own: e.Meta.Actor == c.Person,
			Erased: e.Erased, Data: data,
		})
	}
	for _, stream := range []string{"account-", "erasure-", access.Stream} {
		if err := c.each(ctx, stream+c.Person, write); err != nil {
			return err
		}
	}
	ids, err := c.Applications(ctx, c.Person)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.application(ctx, id, write); err != nil {
			return err
		}
	}
	return nil
}

// application writes the events of everything that belongs to one application, and notes its files.
func (c *writer) application(ctx context.Context, id string, write func(codec.Envelope) error) error {
	c.uploads = map[string]string{}
	var documents []string
	visit := func(e codec.Envelope) error {
		if issued, ok := e.Event.(application.DocumentIssued); ok {
			documents = append(documents, issued.DocumentID)
		}
		c.note(e.Event)
		return write(e)
	}
	streams := []string{"application-" + id, "correspondence-" + id, "reading-" + id}
	if c.Internal {
		streams = append(streams, "note-"+id)
	}
	for _, stream := range streams {
		if err := c.each(ctx, stream, visit); err != nil {
			return err
		}
	}
	for _, document := range documents {
		if err := c.each(ctx, "signature-"+document, visit); err != nil {
			return err
		}
	}
	notices, err := c.Notices(ctx, id)
	if err != nil {
		return err
	}
	for _, notice := range notices {
		var mine bool
		err := c.each(ctx, "notification-"+notice, func(e codec.Envelope) error {
			mine = mine || e.Meta.Subject == c.Person
			if !mine {
				return nil
			}
			return write(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// theirs tells whether an event is one that the person may see: not what others read, nor for whom their data is held.
func theirs(person string, e codec.Envelope) bool {
	switch event := e.Event.(type) {
	case correspondence.ThreadRead:
		return event.Reader == person
	case application.FileUploaded:
		return !event.Staff // what was made of it has an event of its own
	case erasure.LegalHoldPlaced, erasure.LegalHoldLifted:
		return false
	default:
		return true
	}
}

// note keeps the files that an event gives the person, or took from them.
func (c *writer) note(event any) {
	switch e := event.(type) {
	case application.FileAttached:
		c.add(e.SHA256)
	case application.FileUploaded:
		c.uploads[e.FileID] = e.SHA256
		if !e.Staff || c.Internal {
			c.add(e.SHA256)
		}
	case application.ResponseIssued:
		c.addUploads(e.FileIDs)
	case application.DecidedPositive:
		c.addUploads(e.FileIDs)
	case application.RefusalIssued:
		c.addUploads(e.FileIDs)
	case application.DocumentIssued:
		c.add(e.SHA256)
	case correspondence.MessagePosted:
		for _, file := range e.Files {
			c.add(file.SHA256)
		}
	case signature.Accepted:
		c.add(e.CMS)
	case signature.EvidenceAttached:
		for _, piece := range e.Evidence {
			c.add(piece.SHA256)
		}
	}
}

func (c *writer) add(sha256 string) {
	if sha256 != "" && !slices.Contains(c.found, sha256) {
		c.found = append(c.found, sha256)
	}
}

func (c *writer) addUploads(ids []string) {
	for _, id := range ids {
		c.add(c.uploads[id])
	}
}

func (c *writer) files(ctx context.Context) error {
	for _, sha256 := range c.found {
		if err := c.file(ctx, sha256); err != nil {
			return fmt.Errorf("file %s: %w", sha256, err)
		}
	}
	return nil
}

func (c *writer) file(ctx context.Context, sha256 string) (err error) {
	content, err := c.Open(ctx, c.Person, sha256)
	if p, ok := errors.AsType[*problem.Problem](err); ok && (p.Kind == problem.Gone || p.Kind == problem.NotFound) {
		c.missing = append(c.missing, sha256)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	w, err := c.create("files/" + sha256)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}

// gone names the files that are no more.
func (c *writer) gone(context.Context) error {
	if len(c.missing) == 0 {
		return nil
	}
	w, err := c.create("missing.txt")
	if err == nil {
		_, err = io.WriteString(w, strings.Join(c.missing, "\n")+"\n")
	}
	return err
}

// each calls visit for every event of a stream, if there is one.
func (c *writer) each(ctx context.Context, stream string, visit func(codec.Envelope) error) error {
	for recorded, err := range c.Events.ReadStream(ctx, stream, eventstore.StreamRead{}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", stream, err)
		}
		envelope, err := c.Codec.Decode(ctx, recorded)
		if err != nil {
			return fmt.Errorf("reading %s: %w", stream, err)
		}
		if err := visit(envelope); err != nil {
			return err
		}
	}
	return nil
}

// members are those of an event, without what opens something.
func members(event any) (map[string]any, error) {
	raw, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber() // numbers come out as they went in
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		return nil, err
	}
	for _, name := range secrets {
		delete(all, name)
	}
	return all, nil
}
