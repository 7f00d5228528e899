package commands

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/session"
)

const (
	grantID       = "55555555-5555-4555-8555-555555555555"
	plainID       = "66666666-6666-4666-8666-666666666666"
	otherProvider = "77777777-7777-4777-8777-777777777777"
)

// grant is a support measure that ends with an agreement to sign, and asks afterwards how it was.
func grant() service.Content {
	content := advice()
	content.Passport.Name, content.Passport.Kind = words("grant"), service.SupportMeasure
	content.Workflow = service.Workflow{
		ID:         "support-measure",
		Signatures: []service.SignatureRule{{Document: "agreement", Signers: []string{"applicant", "provider"}, By: "eds"}},
		Questionnaire: []service.QuestionnaireItem{
			{ID: "speed", Kind: "score", Title: words("speed")},
			{ID: "wishes", Kind: "text", Title: words("wishes")},
		},
	}
	return content
}

// plain is a consultation in which nothing is signed, and which is asked about afterwards.
func plain() service.Content {
	content := advice()
	content.Passport.Name = words("plain")
	content.Workflow = service.Workflow{ID: "plain", Questionnaire: grant().Workflow.Questionnaire}
	return content
}

// office is the write side with a catalogue, staff and people who apply.
type office struct {
	*world
	server *httptest.Server
}

func newOffice(t *testing.T) *office {
	t.Helper()
	w := newWorld(t).withCatalogue()
	for id, content := range map[string]service.Content{grantID: grant(), plainID: plain()} {
		_, err := w.Catalogue.PublishService(t.Context(), NewRequest("system"), id, content)
		done(t, err)
	}
	return &office{world: w, server: w.serve()}
}

// member is somebody at a browser.
type member struct {
	*browser
	id string
}

// staff makes an account with these roles and signs it in. Numbers tell people apart.
func (o *office) staff(n int, provider string, roles ...account.Role) member {
	o.t.Helper()
	p := dana(n)
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	id, err := o.Accounts.CreateStaff(o.t.Context(), NewRequest("system"), account.CreateStaff{
		IIN: p.IIN, LastName: p.LastName, FirstName: p.FirstName, Email: p.Email, Phone: p.Phone, Roles: names, ProviderID: provider,
	}, p.Password)
	done(o.t, err)
	return o.session(id, provider, names...)
}

// applicant makes an account and signs it in.
func (o *office) applicant(n int) member {
	o.t.Helper()
	return o.session(o.enrol(dana(n)), "", string(account.Applicant))
}

// session signs an account in without its password.
func (o *office) session(id, provider string, roles ...string) member {
	o.t.Helper()
	started, err := o.sessions.Start(o.t.Context(), session.Account{ID: id, Roles: roles, Provider: provider}, false)
	done(o.t, err)
	base, err := url.Parse(o.server.URL)
	done(o.t, err)
	jar, err := cookiejar.New(nil)
	done(o.t, err)
	cookie := httpapi.Cookies{}.Session(started.Token, 0)
	jar.SetCookies(base, []*http.Cookie{&cookie})
	client := &http.Client{Jar: jar, Transport: o.server.Client().Transport}
	return member{browser: &browser{w: o.world, server: o.server, client: client}, id: id}
}

// draft opens and fills an application for a service.
func (o *office) draft(of member, serviceID string) string {
	o.t.Helper()
	a, err := o.Applications.StartApplication(o.t.Context(), by(of.id), serviceID)
	done(o.t, err)
	o.fill(of.id, a.ID)
	return a.ID
}

// sent is an application that waits for its provider.
func (o *office) sent(of member, serviceID string) string {
	o.t.Helper()
	id := o.draft(of, serviceID)
	_, err := o.Applications.SubmitApplication(o.t.Context(), by(of.id), id)
	done(o.t, err)
	return id
}

// taken is an application on which these executors are at work.
func (o *office) taken(of member, serviceID string, executors ...member) string {
	o.t.Helper()
	id := o.sent(of, serviceID)
	for _, e := range executors {
		e.do(http.MethodPost, "/applications/"+id+"/take", nil).is(o.t, http.StatusOK, nil)
	}
	return id
}

// standing is what staff are told after a command.
type standing struct {
	Status, SubmittedAt, DueAt, Outcome string
	Executors                           []string
}

// stands expects an answer of 200 with this status, outcome and these executors, as of the last thing written.
func (o *office) stands(a answer, id string, status application.Status, outcome application.Outcome, executors ...string) {
	o.t.Helper()
	var got standing
	a.is(o.t, http.StatusOK, &got).writtenAt(o.world, int64(len(o.history("application-"+id)))-1)
	if got.Status != string(status) || got.Outcome != string(outcome) || !slices.Equal(got.Executors, executors) {
		o.t.Errorf("answered %+v, want %s %s %v", got, status, outcome, executors)
	}
}

// upload keeps a file and returns its id.
func (o *office) upload(by member, id, content string) string {
	o.t.Helper()
	var file struct{ ID string }
	by.do(http.MethodPost, "/applications/"+id+"/files", form(o.t, "file", "файл.pdf", "%PDF"+content)).is(o.t, http.StatusCreated, &file)
	return file.ID
}

// metadata is what the first event of a type on a stream says of its making.
func (o *office) metadata(stream, kind string) codec.Metadata {
	o.t.Helper()
	for recorded, err := range o.events.ReadStream(o.t.Context(), stream, eventstore.StreamRead{}) {
		done(o.t, err)
		if recorded.Type != kind {
			continue
		}
		envelope, err := o.deps.Codec.Decode(o.t.Context(), recorded)
		done(o.t, err)
		return envelope.Meta
	}
	o.t.Fatalf("%s has no %s", stream, kind)
	return codec.Metadata{}
}
