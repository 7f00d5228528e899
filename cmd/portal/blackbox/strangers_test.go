package blackbox_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// audience is who may call an operation. For everybody else, what it is about does not exist.
type audience string

const (
	everybody     audience = "everybody"                                     // with no session
	withOwnToken  audience = "the SMS gateway"                               // with a token of its own
	signedIn      audience = "whoever is signed in"                          // about what is their own
	providers     audience = "any provider's staff"                          // about what was sent to their provider
	statisticians audience = "any provider's staff, and admins"              // about exact figures
	auditors      audience = "auditors"                                      // for others there is no such page
	analysts      audience = "analysts"                                      // for others there is no such page
	admins        audience = "admins"                                        // for others there is no such page
	applicants    audience = "the applicant"                                 // of the application
	staff         audience = "the provider's staff"                          // of the application's provider, once it was sent
	parties       audience = "the applicant and the provider's staff"        // of the application
	partiesEyes   audience = "the applicant, the provider's staff, auditors" // of the application
)

// includes tells whether somebody with these roles is among them without having to do with the application.
func (a audience) includes(roles ...string) bool {
	has := func(role string) bool { return slices.Contains(roles, role) }
	ofProvider := has("operator") || has("executor") || has("provider-admin")
	switch a {
	case everybody, signedIn:
		return true
	case providers:
		return ofProvider
	case statisticians:
		return ofProvider || has("admin")
	case analysts:
		return has("analyst")
	case admins:
		return has("admin")
	case partiesEyes, auditors:
		return has("auditor")
	default:
		return false
	}
}

// try is one way to call an operation.
type try struct {
	query string
	body  any
}

// rule is who may call an operation, and how it is called: well first, then in ways that its rules refuse. What is not
// named is called without a body.
type rule struct {
	who   audience
	tries func(c matter) []try
}

// matter is an application in the middle of its life, and what lies in it.
type matter struct {
	sent, draft, deleted started
	file, step           string
	executor, colleague  string // account ids: on it, and not
	document             string
}

// bodies are calls with these bodies.
func bodies(list ...any) func(matter) []try {
	return func(matter) []try {
		tries := make([]try, len(list))
		for i, body := range list {
			tries[i].body = body
		}
		return tries
	}
}

// queries are calls with these queries.
func queries(list ...string) func(matter) []try {
	return func(matter) []try {
		tries := make([]try, len(list))
		for i, query := range list {
			tries[i].query = query
		}
		return tries
	}
}

var letters = bodies(`{"text":"Сәлем"}`, `{"text":""}`, `{"text":"`+strings.Repeat("ә", 4001)+`"}`, `{"text":"\u0000"}`)

// operations are all that the portal offers, by their names in its document.
var operations = map[string]rule{
	"register":               {who: everybody},
	"confirm-registration":   {who: everybody},
	"resend-code":            {who: everybody},
	"sign-in":                {who: everybody},
	"confirm-sign-in":        {who: everybody},
	"request-password-reset": {who: everybody},
	"reset-password":         {who: everybody},
	"list-categories":        {who: everybody},
	"list-services":          {who: everybody},
	"popular-services":       {who: everybody},
	"read-passport":          {who: everybody},
	"service-statistics":     {who: everybody},
	"report-sms":             {who: withOwnToken},

	"sign-out":          {who: signedIn},
	"change-password":   {who: signedIn},
	"save-client-card":  {who: signedIn},
	"confirm-contact":   {who: signedIn},
	"start-application": {who: signedIn},
	"read-me":           {who: signedIn},
	"my-applications":   {who: signedIn},
	"my-unread":         {who: signedIn},
	"my-events":         {who: signedIn},

	"work-queue":      {who: providers},
	"work-colleagues": {who: providers},
	"work-statistics": {who: statisticians},

	"analytics-applications": {who: analysts},
	"analytics-steps":        {who: analysts},
	"analytics-deliveries":   {who: analysts},
	"analytics-export":       {who: analysts},

	"feed":         {who: analysts, tries: queries("", "?after=x", "?types=x", "?follow=maybe", "?after=999999999/0")},
	"feed-schemas": {who: analysts},
	"feed-schema":  {who: analysts},

	"list-webhooks":        {who: admins},
	"add-webhook":          {who: admins, tries: bodies(`{"name":"x","url":"http://127.0.0.1/"}`)},
	"change-webhook":       {who: admins, tries: bodies(`{"url":"x","types":[]}`)},
	"renew-webhook-secret": {who: admins},
	"pause-webhook":        {who: admins},
	"resume-webhook":       {who: admins},
	"remove-webhook":       {who: admins},

	"find-account":        {who: admins, tries: bodies(`{"login":"x"}`)},
	"block-account":       {who: admins, tries: bodies(`{"reason":""}`)},
	"unblock-account":     {who: admins, tries: bodies(`{"reason":""}`)},
	"correct-contacts":    {who: admins, tries: bodies(`{"reason":""}`)},
	"list-notifications":  {who: admins},
	"resend-notification": {who: admins},
	"list-projections":    {who: admins},
	"rebuild-projection":  {who: admins},
	"list-machines":       {who: admins},
	"add-machine":         {who: admins, tries: bodies(`{"name":"","purpose":""}`)},

	"issue-machine-token":   {who: admins, tries: bodies(`{"scopes":["x"],"expires":"0001-01-01T00:00:00Z"}`)},
	"revoke-machine-token":  {who: admins},
	"revoke-machine-tokens": {who: admins},

	"audit-events":        {who: auditors, tries: queries("", "?after=x", "?streams=x%20y", "?follow=true&until=0/1")},
	"audit-stream":        {who: auditors, tries: queries("", "?after=x", "?limit=-1")},
	"audit-log":           {who: auditors},
	"audit-log-inclusion": {who: auditors, tries: queries("?index=0", "?position=x", "?position=1/1", "?index=999999")},
	"audit-log-tile":      {who: auditors},

	"audit-log-checkpoint":    {who: everybody},
	"audit-log-checkpoint-of": {who: everybody},
	"audit-log-consistency":   {who: everybody},
	"audit-log-cosign":        {who: everybody},

	"audit-application":        {who: auditors, tries: queries("", "?at=x", "?revision=0&position=1/1", "?view=staff", "?personal=false")},
	"audit-application-bundle": {who: auditors},
	"audit-application-diff":   {who: auditors, tries: queries("", "?from=x", "?from=9&to=0", "?personal=false")},

	"audit-accesses": {who: auditors, tries: queries("", "?reader=x", "?limit=x")},

	"request-erasure":     {who: signedIn},
	"withdraw-erasure":    {who: signedIn},
	"read-my-erasure":     {who: signedIn},
	"my-data":             {who: signedIn},
	"request-erasure-for": {who: admins, tries: bodies(`{"reference":""}`)},
	"approve-erasure":     {who: admins},
	"decline-erasure":     {who: admins, tries: bodies(`{"reason":""}`)},
	"place-legal-hold":    {who: admins, tries: bodies(`{"reason":""}`)},
	"lift-legal-hold":     {who: admins},
	"list-erasures":       {who: admins},
	"read-erasure":        {who: admins},
	"read-retention":      {who: admins},
	"change-retention":    {who: admins, tries: bodies(`{"rules":[]}`)},

	"read-calendar":   {who: admins},
	"change-calendar": {who: admins, tries: bodies(`{"holidays":["x"],"workingWeekends":[]}`)},

	"read-application":   {who: parties},
	"read-timeline":      {who: parties},
	"read-file":          {who: parties},
	"read-thread":        {who: parties},
	"read-notifications": {who: partiesEyes},
	"read-notes":         {who: staff},

	"my-application-as-of": {who: applicants, tries: queries("", "?at=x", "?at=2020-01-01T00:00:00Z", "?revision=0", "?revision=99")},
	"my-application-diff":  {who: applicants, tries: queries("", "?from=x", "?from=9&to=0", "?to=2020-01-01T00:00:00Z")},

	"save-step":            {who: applicants, tries: bodies(`{"data":{}}`)},
	"submit-application":   {who: applicants},
	"withdraw-application": {who: applicants},
	"delete-draft":         {who: applicants},
	"remove-file":          {who: applicants},
	"answer-questionnaire": {who: applicants, tries: bodies(`{"answers":{}}`, `{"answers":{"speed":-1}}`)},
	"attach-file": {who: parties, tries: func(c matter) []try {
		return []try{
			{body: pdf("a.pdf")},
			{query: "?step=" + c.step, body: pdf("a.pdf")},
			{query: "?step=nowhere", body: pdf("a.pdf")},
			{body: file("a.exe", []byte("MZ\x90\x00\x03"))},
			{body: file("a.pdf", nil)},
		}
	}},
	"post-message": {who: parties, tries: letters},
	"mark-read":    {who: parties, tries: bodies(`{"upTo":1}`, `{"upTo":-1}`, `{"upTo":999999}`)},

	"assign-executor": {who: staff},
	"remove-executor": {who: staff},
	"take-into-work":  {who: staff},
	"return-for-completion": {who: staff, tries: bodies(
		`{"reason":"other","text":"Толықтырыңыз"}`, `{"reason":"no such","text":""}`, `{"reason":"","text":"\u001b"}`)},
	"issue-response": {who: staff, tries: bodies(`{"text":"Жауап"}`, `{"text":""}`, `{"text":"x","fileIds":["x"]}`)},
	"decide-support": {who: staff, tries: bodies(
		`{"outcome":"approved","text":"Иә"}`, `{"outcome":"refused","text":"Жоқ"}`, `{"outcome":"maybe","text":""}`)},
	"complete-application": {who: staff},
	"move-due-date": {who: staff, tries: bodies(
		`{"dueAt":"2099-01-01T00:00:00Z","reason":"Мереке"}`, `{"dueAt":"0001-01-01T00:00:00Z","reason":""}`)},
	"issue-document": {who: staff, tries: func(c matter) []try {
		return []try{
			{body: map[string]any{"kind": "act", "fileId": c.file, "signers": []string{"provider", "applicant"}}},
			{body: `{"kind":"nothing","fileId":"x","signers":["me"],"by":"hand"}`},
		}
	}},
	"post-notice": {who: staff, tries: letters},
	"write-note":  {who: staff, tries: letters},

	"read-document":          {who: parties},
	"read-document-content":  {who: parties},
	"read-document-evidence": {who: parties},
	"sign-document":          {who: parties, tries: bodies(`{"cms":"bm8gc2lnbmF0dXJl"}`)},
	"accept-document":        {who: parties},
}

// calls are the ways to call an operation. A body is read once: every call needs them anew.
func (r rule) calls(c matter) []try {
	if r.tries == nil {
		return []try{{}}
	}
	return r.tries(c)
}

// somebody is a person at a browser.
type somebody struct {
	*client
	name  string
	roles []string
}

// strangerOffice is a portal with a case, the people who have to do with it, and those who have not.
type strangerOffice struct {
	*office
	matter    matter
	strangers []somebody
	endpoints map[string]endpoint // by operation
}

// fill puts ids into the gaps of a path.
func (o *strangerOffice) fill(e endpoint, id string) string {
	path := strings.NewReplacer("{id}", id, "{fileId}", o.matter.file, "{stepId}", o.matter.step,
		"{accountId}", o.matter.executor, "{noticeId}", nowhere, "{name}", "notifications", "{calendarId}", "kz",
		"{stream}", "application-"+id, "{applicationId}", id, "{level}", "0", "{index}", "0", "{size}", "1", "{machineId}", nowhere, "{tokenId}", nowhere,
		"{webhookId}", nowhere, "{type}", "application.submitted.v2").Replace(e.path)
	if strings.Contains(path, "{") {
		o.t.Errorf("%s: what goes into %s is not known", e.id, path)
	}
	return path
}

// notFound is what somebody is told of something that they have nothing to do with.
func notFound(e endpoint) string {
	if strings.Contains(e.path, "/documents/{id}") {
		return "document-not-found"
	}
	return "application-not-found"
}

// about lists the operations on one application or one document.
func (o *strangerOffice) about(prefix string) []endpoint {
	var list []endpoint
	for _, id := range slices.Sorted(maps.Keys(o.endpoints)) {
		if strings.HasPrefix(o.endpoints[id].path, "/api/v1"+prefix) {
			list = append(list, o.endpoints[id])
		}
	}
	return list
}

// written lists what people have done, in order: each event's stream and type. The notices that follow from it are written
// when they are sent, evidence of signatures when it was had, and who has read history when they do.
func written(t *testing.T, data string) []string {
	t.Helper()
	var list []string
	for _, event := range readLog(t, data) {
		if !strings.HasPrefix(event.Stream, "notification-") && !strings.HasPrefix(event.Type, "signature.evidence-") &&
			!strings.HasPrefix(event.Stream, "access-") {
			list = append(list, event.Stream+" "+event.Type)
		}
	}
	return list
}

// openToStrangers registers a case in the middle of its life, and people who have nothing to do with it.
func openToStrangers(t *testing.T) *strangerOffice {
	t.Helper()
	o := &strangerOffice{office: openOffice(t, individual(2301), "заңды қызметтер", "--messages-per-minute=0"), endpoints: map[string]endpoint{}}
	public, private := o.applicant.endpoints()
	for _, e := range slices.Concat(public, private) {
		o.endpoints[e.id] = e
	}
	c := &o.matter
	c.sent, c.step = o.application, o.service.step("document")
	c.executor, c.colleague = o.ids["executor"], o.ids["operator"]
	for _, draft := range []*started{&c.draft, &c.deleted} {
		o.applicant.do(http.MethodPost, "/applications", map[string]any{"serviceId": o.service.ID}).must(http.StatusCreated, draft)
		o.applicant.do(http.MethodPost, "/applications/"+draft.ID+"/files?step="+c.step, pdf("a.pdf")).must(http.StatusCreated, nil)
	}
	o.applicant.do(http.MethodDelete, "/applications/"+c.deleted.ID, nil).must(http.StatusNoContent, nil)
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.by(o.executor, http.MethodPost, "/messages", map[string]any{"text": "Қай қала?"}, http.StatusCreated, nil)
	o.by(o.executor, http.MethodPost, "/notes", map[string]any{"text": "Ішкі жазба"}, http.StatusCreated, nil)
	c.file = o.uploads(o.executor, "Акт.pdf")
	o.by(o.executor, http.MethodPost, "/response", map[string]any{"text": "Жауап"}, http.StatusOK, nil)
	var act struct{ ID string }
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{
		"kind": "act", "fileId": c.file, "signers": []string{"provider", "applicant"}, "by": "acceptance",
	}, http.StatusCreated, &act)
	c.document = act.ID

	other := o.server.client(t, "en")
	other.register(individual(2302))
	o.strangers = append(o.strangers, somebody{other, "another applicant", []string{"applicant"}})
	var accounts []staffMember
	other.do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	known := map[string]bool{}
	for _, member := range accounts {
		if member.Role == "applicant" || member.Provider == o.service.Provider.ID || known[member.Role] {
			continue
		}
		known[member.Role] = true
		name := member.Role
		if member.Provider != "" {
			name = "another provider's " + name
		}
		o.strangers = append(o.strangers, somebody{o.server.staff(t, "en", member), name, []string{member.Role}})
	}
	names := make([]string, len(o.strangers))
	for i, stranger := range o.strangers {
		names[i] = stranger.name
		stranger.position = o.applicant.position // they, too, see what was done last
	}
	if diff := cmp.Diff([]string{
		"another applicant", "another provider's operator", "another provider's executor", "another provider's provider-admin",
		"admin", "auditor", "analyst",
	}, names); diff != "" {
		t.Fatalf("strangers: %s", diff)
	}
	return o
}

// told is what an answer tells: everything but when and under which new id it was given.
type told struct {
	Status int
	Header http.Header
	Body   string
}

func (a *answer) told() told {
	header := a.header.Clone()
	header.Del("Date")
	header.Del("Correlation-Id")
	return told{a.status, header, string(a.body)}
}

// conditions are headers that a call may carry: none of them may tell that there is something.
var conditions = [][]string{nil, {"If-Match", `"0"`}, {"If-Match", "*"}, {"If-Match", `"999"`}}

const nowhere = "0b1f2d0e-6f0a-5c52-9a55-4f0d3f1b8a02"

// hidden checks that somebody is told of a thing exactly what they are told of one that does not exist.
func (o *strangerOffice) hidden(t *testing.T, who *client, e endpoint, thing string) {
	t.Helper()
	r := operations[e.id]
	ask := func(id string, call try, headers []string) *answer {
		return who.do(e.method, o.fill(e, id)+call.query, call.body, headers...)
	}
	for _, condition := range conditions {
		for i := range r.calls(o.matter) {
			theirs := ask(thing, r.calls(o.matter)[i], condition)
			theirs.refused(http.StatusNotFound, notFound(e))
			nobodys := ask(nowhere, r.calls(o.matter)[i], condition)
			if diff := cmp.Diff(nobodys.told(), theirs.told()); diff != "" {
				t.Errorf("call %d with %q tells that there is something: %s", i, condition, diff)
			}
		}
	}
	ask("x", r.calls(o.matter)[0], nil).refused(http.StatusNotFound, notFound(e))
	if e.method == http.MethodGet {
		return
	}
	// What is no proper request is refused before anything is looked up.
	for _, body := range []string{
		`{`, `[]`, `{"pigeon":1}`, "{\"text\":\"\xff\"}", `{"text":1,"upTo":"x"}`, `{"cms":""}`, `{"cms":"***"}`,
		`{"data":{"note":"\u0000"}}`, `{"data":[]}`, strings.Repeat("[", 60_000),
	} {
		theirs, nobodys := ask(thing, try{body: body}, nil), ask(nowhere, try{body: body}, nil)
		if diff := cmp.Diff(nobodys.told(), theirs.told()); diff != "" {
			t.Errorf("the body %s tells that there is something: %s", body, diff)
		}
		if theirs.status < 400 || theirs.status >= 500 {
			t.Errorf("the body %s was answered %d", body, theirs.status)
		}
	}
}

// TestStrangers: a new route cannot be forgotten, and what the table says is true of those whom it lets
// in, too.
func TestStrangers(t *testing.T) {
	t.Parallel()
	o := openToStrangers(t)
	before := written(t, o.server.data)
	for _, group := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"every operation is known", o.everyOperation},
		{"nobody signed in", o.nobody},
		{"a sent application", o.sentApplication},
		{"a draft", o.drafts},
		{"a document", o.documents},
		{"on the other side", o.otherSide},
		{"lists", o.lists},
		{"the administrator's", o.administration},
		{"the auditor's", o.audits},
	} {
		t.Run(group.name, group.run) // one after the other: the events are counted in between
		if diff := cmp.Diff(before, written(t, o.server.data)); diff != "" {
			t.Fatalf("%s: something was written: %s", group.name, diff)
		}
	}
	o.thoseWhoMay(t)
}

// everyOperation compares the table with the portal's own document, so that no route is forgotten.
func (o *strangerOffice) everyOperation(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(operations)), slices.Sorted(maps.Keys(o.endpoints))); diff != "" {
		t.Errorf("who may call what: %s", diff)
	}
	public, private := o.applicant.in(t).endpoints()
	for _, e := range public {
		if who := operations[e.id].who; who != everybody && who != withOwnToken {
			t.Errorf("%s is for %s and asks for no session", e.id, who)
		}
	}
	for _, e := range private {
		who := operations[e.id].who
		if who == everybody || who == withOwnToken {
			t.Errorf("%s is for %s and asks for a session", e.id, who)
		}
		personal := who == applicants || who == staff || who == parties || who == partiesEyes
		if personal != strings.Contains(e.path, "{id}") {
			t.Errorf("%s %s is for %s", e.id, e.path, who)
		}
	}
}

func (o *strangerOffice) nobody(t *testing.T) {
	t.Helper()
	c := o.server.client(t, "en")
	for _, id := range slices.Sorted(maps.Keys(o.endpoints)) {
		e, r := o.endpoints[id], operations[id]
		if r.who == everybody {
			continue
		}
		code := "sign-in-required"
		if r.who == withOwnToken {
			code = "gateway-token-wrong"
		}
		thing := o.matter.sent.ID
		if notFound(e) == "document-not-found" {
			thing = o.matter.document
		}
		for i := range r.calls(o.matter) {
			call := r.calls(o.matter)[i]
			c.do(e.method, o.fill(e, thing)+call.query, call.body, "If-Match", `"0"`).refused(http.StatusUnauthorized, code)
		}
		c.do(e.method, o.fill(e, thing), `{`).refused(http.StatusUnauthorized, code)
		c.do(e.method, o.fill(e, thing), nil, "Authorization", "Bearer x", "Cookie", "portal-session=x").refused(http.StatusUnauthorized, code)
	}
}

func (o *strangerOffice) sentApplication(t *testing.T) {
	t.Helper()
	for _, stranger := range o.strangers {
		for _, e := range o.about("/applications/{id}") {
			if !operations[e.id].who.includes(stranger.roles...) {
				t.Run(stranger.name+" "+e.id, func(t *testing.T) { o.hidden(t, stranger.in(t), e, o.matter.sent.ID) })
			}
		}
	}
}

// drafts are their applicant's alone: the provider's staff, too, finds nothing. Of a deleted one nobody does.
func (o *strangerOffice) drafts(t *testing.T) {
	t.Helper()
	insiders := []somebody{
		{o.operator, "operator", nil}, {o.executor, "executor", nil}, {o.admin, "provider-admin", nil},
	}
	for _, e := range o.about("/applications/{id}") {
		for _, stranger := range append(slices.Clone(insiders), o.strangers[:2]...) {
			t.Run(stranger.name+" "+e.id, func(t *testing.T) { o.hidden(t, stranger.in(t), e, o.matter.draft.ID) })
		}
		for _, stranger := range []somebody{insiders[1], o.strangers[0]} {
			t.Run("deleted "+stranger.name+" "+e.id, func(t *testing.T) { o.hidden(t, stranger.in(t), e, o.matter.deleted.ID) })
		}
		if e.id != "delete-draft" { // which is in effect
			path, call := o.fill(e, o.matter.deleted.ID), operations[e.id].calls(o.matter)[0]
			o.applicant.in(t).do(e.method, path+call.query, call.body).refused(http.StatusNotFound, "application-not-found")
		}
	}
}

func (o *strangerOffice) documents(t *testing.T) {
	t.Helper()
	for _, stranger := range o.strangers {
		for _, e := range o.about("/documents/{id}") {
			t.Run(stranger.name+" "+e.id, func(t *testing.T) { o.hidden(t, stranger.in(t), e, o.matter.document) })
		}
	}
}

// otherSide: what only the applicant may do does not exist for staff, and the other way round.
func (o *strangerOffice) otherSide(t *testing.T) {
	t.Helper()
	for _, e := range o.about("/applications/{id}") {
		switch operations[e.id].who {
		case applicants:
			for name, c := range map[string]*client{"operator": o.operator, "executor": o.executor, "provider-admin": o.admin} {
				t.Run(name+" "+e.id, func(t *testing.T) { o.hidden(t, c.in(t), e, o.matter.sent.ID) })
			}
		case staff:
			t.Run("applicant "+e.id, func(t *testing.T) { o.hidden(t, o.applicant.in(t), e, o.matter.sent.ID) })
		default: // for both
		}
	}
	attach := o.endpoints["attach-file"]
	path := o.fill(attach, o.matter.sent.ID) + "?step=" + o.matter.step
	o.executor.in(t).do(attach.method, path, pdf("a.pdf")).refused(http.StatusNotFound, "application-not-found")
}

// lists show strangers nothing of the case, whatever they search for.
func (o *strangerOffice) lists(t *testing.T) {
	t.Helper()
	c := o.matter
	secrets := []string{c.sent.ID, c.draft.ID, c.sent.Number, c.draft.Number, c.document, c.file, o.person.login, "Бозторғай"}
	for _, stranger := range o.strangers {
		for _, id := range slices.Sorted(maps.Keys(o.endpoints)) {
			e, who := o.endpoints[id], operations[id].who
			if e.method != http.MethodGet || strings.Contains(e.path, "{") || e.id == "my-events" || e.id == "read-me" || who == auditors {
				continue // what is heard as it happens, and history, have their own tests
			}
			if strings.HasPrefix(e.id, "audit-log-") {
				continue // hashes and signatures: they tell of nobody
			}
			for _, query := range []string{"", "?q=" + c.sent.Number, "?view=all&limit=100", "?service=" + o.service.ID} {
				a := stranger.in(t).do(e.method, e.path+query, nil)
				if !who.includes(stranger.roles...) {
					a.refused(http.StatusNotFound, "not-found")
					continue
				}
				if strings.HasPrefix(query, "?service=") && a.status == http.StatusNotFound {
					continue // figures of somebody else's service
				}
				if e.id == "analytics-export" {
					a.refused(http.StatusUnprocessableEntity, "invalid") // nobody exports without saying why
					continue
				}
				if e.id == "read-my-erasure" {
					a.refused(http.StatusNotFound, "erasure-not-found") // none of them has asked for it
					continue
				}
				a.must(http.StatusOK, nil)
				for _, secret := range secrets {
					if strings.Contains(string(a.body), secret) {
						t.Errorf("%s sees %s in %s%s", stranger.name, secret, e.path, query)
					}
				}
			}
		}
	}
}

// administration: nobody but an administrator learns that there is any, whatever they send.
func (o *strangerOffice) administration(t *testing.T) {
	t.Helper()
	for _, e := range o.about("/admin/") {
		path := o.fill(e, nowhere)
		for _, one := range append(slices.Clone(o.strangers), somebody{o.admin, "provider-admin", []string{"provider-admin"}},
			somebody{o.applicant, "the applicant", []string{"applicant"}}) {
			if operations[e.id].who.includes(one.roles...) {
				continue
			}
			for _, call := range append(operations[e.id].calls(o.matter), try{body: `{`}, try{query: "?limit=x"}) {
				one.in(t).do(e.method, path+call.query, call.body).refused(http.StatusNotFound, "not-found")
			}
		}
	}
}

// audits: nobody but an auditor learns that there is any history to read.
func (o *strangerOffice) audits(t *testing.T) {
	t.Helper()
	others := []somebody{
		{o.admin, "provider-admin", []string{"provider-admin"}},
		{o.executor, "executor", []string{"executor"}},
		{o.applicant, "the applicant", []string{"applicant"}},
	}
	for _, e := range o.about("/audit/") {
		path := o.fill(e, o.matter.sent.ID)
		for _, one := range append(others, o.strangers...) {
			if operations[e.id].who.includes(one.roles...) {
				continue
			}
			for _, call := range append(operations[e.id].calls(o.matter), try{query: "?limit=x"}) {
				one.in(t).do(e.method, path+call.query, call.body).refused(http.StatusNotFound, "not-found")
				one.in(t).do(e.method, path+call.query, call.body, "Audit-Reason", "Out of curiosity").refused(http.StatusNotFound, "not-found")
			}
		}
	}
}

// thoseWhoMay get as far as the rules: otherwise the tests above would prove nothing.
func (o *strangerOffice) thoseWhoMay(t *testing.T) {
	t.Helper()
	for _, e := range slices.Concat(o.about("/applications/{id}"), o.about("/documents/{id}")) {
		thing := o.matter.sent.ID
		if notFound(e) == "document-not-found" {
			thing = o.matter.document
		}
		var admitted []somebody
		switch operations[e.id].who {
		case applicants:
			admitted = []somebody{{o.applicant, "the applicant", nil}}
		case staff:
			admitted = []somebody{{o.operator, "operator", nil}, {o.admin, "provider-admin", nil}, {o.executor, "executor", nil}}
		default:
			admitted = []somebody{{o.applicant, "the applicant", nil}, {o.operator, "operator", nil}, {o.executor, "executor", nil}}
		}
		for _, one := range admitted {
			call := operations[e.id].calls(o.matter)[0]
			a := one.in(t).do(e.method, o.fill(e, thing)+call.query, call.body)
			if a.status >= 500 || strings.Contains(string(a.body), notFound(e)) || a.status == http.StatusUnauthorized {
				t.Errorf("%s may call %s and was answered %d: %s", one.name, e.id, a.status, a.body)
			}
		}
	}
	for _, e := range o.about("/applications/{id}") {
		for _, stranger := range o.strangers {
			if who := operations[e.id].who; who.includes(stranger.roles...) {
				stranger.in(t).do(e.method, o.fill(e, o.matter.sent.ID), nil).must(http.StatusOK, nil)
				stranger.in(t).do(e.method, o.fill(e, nowhere), nil).refused(http.StatusNotFound, "application-not-found")
			}
		}
	}
}
