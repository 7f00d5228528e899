package commands

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/infra/httpapi"
)

// faults are where and how an answer says that the input is wrong.
func (a answer) faults(t *testing.T) []string {
	t.Helper()
	var refusal struct{ Errors []httpapi.FieldFault }
	a.refuses(t, http.StatusUnprocessableEntity, "invalid").is(t, http.StatusUnprocessableEntity, &refusal)
	var list []string
	for _, f := range refusal.Errors {
		if f.Message == "" || f.Message == f.Code {
			t.Errorf("%s has no words", f.Code)
		}
		list = append(list, f.Location+" "+f.Code)
	}
	slices.Sort(list)
	return list
}

// TestBadInputOfWork: every field of every command of staff, wrong in every way, is refused where it is wrong, and nothing
// is written.
func TestBadInputOfWork(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor, admin := o.applicant(1), o.staff(2, providerID, account.Executor), o.staff(3, providerID, account.ProviderAdmin)
	support, consultation := o.taken(dana, grantID, executor), o.taken(dana, plainID, executor)
	applicants := o.upload(dana, support, "1")
	at := o.end().String()
	long, most := strings.Repeat("ә", 4001), strings.Repeat("ә", 4000)
	quoted := func(s string) string {
		raw, err := json.Marshal(s)
		done(t, err)
		return string(raw)
	}
	for _, row := range []struct {
		by           member
		id           string
		method, path string
		body         string
		faults       []string
	}{
		{executor, support, "POST", "return", `{"reason":"other","text":""}`, []string{"text text-required"}},
		{executor, support, "POST", "return", `{"reason":"other","text":" \n\t "}`, []string{"text text-required"}},
		{executor, support, "POST", "return", `{"reason":"other","text":` + quoted(long) + `}`, []string{"text too-long"}},
		{executor, support, "POST", "return", `{"reason":"other","text":"а\u0000б"}`, []string{"text bad-text"}},
		{executor, support, "POST", "return", `{"reason":"other","text":"а\u001bб"}`, []string{"text bad-text"}},
		{executor, support, "POST", "return", `{"reason":` + quoted(long) + `,"text":"а"}`, []string{"reason too-long"}},
		{executor, support, "POST", "return", `{"reason":"","text":""}`, []string{"reason required", "text text-required"}},
		{executor, support, "POST", "return", `{"reason":"other"}`, []string{"text required"}},
		{executor, support, "POST", "return", `{"text":"а"}`, []string{"reason required"}},
		{executor, support, "POST", "return", `{"reason":"other","text":"а","by":"me"}`, []string{"by unknown-field"}},
		{executor, support, "POST", "return", `{"reason":1,"text":{}}`, []string{"reason wrong-type", "text wrong-type"}},

		{executor, support, "POST", "decision", `{"outcome":"maybe","text":"а"}`, []string{"outcome unknown-value"}},
		{executor, support, "POST", "decision", `{"outcome":"answered","text":"а"}`, []string{"outcome unknown-value"}},
		{executor, support, "POST", "decision", `{"outcome":"refused","text":"а"}`, []string{"reason required"}},
		{executor, support, "POST", "decision", `{"outcome":"refused","reason":"а\u0000б","text":"а"}`, []string{"reason bad-text"}},
		{executor, support, "POST", "decision", `{"outcome":"approved","reason":"other","text":"а"}`, []string{"reason not-expected"}},
		{executor, support, "POST", "decision", `{"outcome":"approved","text":` + quoted(long) + `}`, []string{"text too-long"}},
		{executor, support, "POST", "decision", `{"outcome":"approved","text":"а","fileIds":["nothing"]}`, []string{"fileIds[0] file-not-found"}},
		{executor, support, "POST", "decision", `{"outcome":"approved","text":"а","fileIds":["` + applicants + `"]}`, []string{"fileIds[0] file-not-found"}},
		{executor, support, "POST", "decision", `{"outcome":"approved","text":"а","fileIds":"x"}`, []string{"fileIds wrong-type"}},
		{executor, support, "POST", "decision", `{"text":"а"}`, []string{"outcome required"}},

		{executor, consultation, "POST", "response", `{"text":""}`, []string{"text text-required"}},
		{executor, consultation, "POST", "response", `{"text":` + quoted(long) + `}`, []string{"text too-long"}},
		{executor, consultation, "POST", "response", `{}`, []string{"text required"}},
		{executor, consultation, "POST", "response", `{"text":"а","fileIds":["x"]}`, []string{"fileIds[0] file-not-found"}},
		{executor, consultation, "POST", "response", `{"text":"а","outcome":"approved"}`, []string{"outcome unknown-field"}},

		{admin, support, "PUT", "due", `{"dueAt":"2027-01-15T12:00:00Z","reason":""}`, []string{"reason text-required"}},
		{admin, support, "PUT", "due", `{"dueAt":"2027-01-15T12:00:00Z","reason":` + quoted(long) + `}`, []string{"reason too-long"}},
		{admin, support, "PUT", "due", `{"dueAt":"2026-01-15T12:00:00Z","reason":"а"}`, []string{"dueAt date-in-past"}},
		{admin, support, "PUT", "due", `{"dueAt":"0001-01-01T00:00:00Z","reason":"а"}`, []string{"dueAt date-in-past"}},
		{admin, support, "PUT", "due", `{"dueAt":"9999-12-31T23:59:59-23:59","reason":"а"}`, []string{"dueAt date-too-far"}},
		{admin, support, "PUT", "due", `{"dueAt":"15.01.2027","reason":"а"}`, []string{"dueAt wrong-format"}},
		{admin, support, "PUT", "due", `{"reason":"а"}`, []string{"dueAt required"}},
	} {
		got := row.by.do(row.method, "/applications/"+row.id+"/"+row.path, row.body)
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s %.100s: %d %s", row.path, row.body, got.status, got.body)
			continue
		}
		if found := got.faults(t); !slices.Equal(found, row.faults) {
			t.Errorf("%s %.100s: %v, want %v", row.path, row.body, found, row.faults)
		}
	}
	for name, call := range workCalls(support, executor.id) {
		if call.body == nil {
			continue
		}
		m := executor
		if name == "due" {
			m = admin
		}
		for body, status := range map[string]int{
			``: http.StatusBadRequest, `{`: http.StatusBadRequest, `null`: http.StatusUnprocessableEntity,
			`[]`: http.StatusUnprocessableEntity, `{"text":"а","text":"б"}`: http.StatusBadRequest,
			`{"text":"` + strings.Repeat("x", maxBody) + `"}`: http.StatusRequestEntityTooLarge,
		} {
			if got := m.do(call.method, call.path, body); got.status != status {
				t.Errorf("%s %.40s: %d %s, want %d", name, body, got.status, got.body, status)
			}
		}
		m.do(call.method, call.path, upload{kind: "text/plain", body: "x"}).refuses(t, http.StatusUnsupportedMediaType, "json-expected")
	}
	executor.do("POST", "/applications/"+support+"/response", `{"text":"а"}`).refuses(t, http.StatusConflict, "not-a-consultation")
	executor.do("POST", "/applications/"+consultation+"/decision", `{"outcome":"approved","text":"а"}`).
		refuses(t, http.StatusConflict, "not-a-support-measure")
	executor.then(at)
	executor.do("POST", "/applications/"+support+"/return", `{"reason":"other","text":`+quoted(most)+`}`).is(t, http.StatusOK, nil)
}

// TestBadAnswersToAQuestionnaire: nothing of a questionnaire counts unless all of it is right.
func TestBadAnswersToAQuestionnaire(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	id := o.taken(dana, plainID, executor)
	url := "/applications/" + id + "/questionnaire"
	dana.do("POST", url, `{"answers":{"speed":5}}`).refuses(t, http.StatusConflict, "questionnaire-not-open")
	executor.do("POST", "/applications/"+id+"/response", `{"text":"а"}`).is(t, http.StatusOK, nil)
	at := o.end().String()
	for body, want := range map[string][]string{
		`{"answers":{}}`:                                                       {"answers.speed required"},
		`{"answers":{"speed":0}}`:                                              {"answers.speed score-invalid"},
		`{"answers":{"speed":6}}`:                                              {"answers.speed score-invalid"},
		`{"answers":{"speed":-1e300}}`:                                         {"answers.speed score-invalid"},
		`{"answers":{"speed":4.5}}`:                                            {"answers.speed score-invalid"},
		`{"answers":{"speed":"5"}}`:                                            {"answers.speed score-invalid"},
		`{"answers":{"speed":null}}`:                                           {"answers.speed required"},
		`{"answers":{"speed":[5]}}`:                                            {"answers.speed score-invalid"},
		`{"answers":{"speed":5,"wishes":5}}`:                                   {"answers.wishes not-text"},
		`{"answers":{"speed":5,"wishes":"\u0000"}}`:                            {"answers.wishes bad-text"},
		`{"answers":{"speed":5,"colour":"қызыл"}}`:                             {"answers.colour unknown-field"},
		`{"answers":{"speed":5,"wishes":"` + strings.Repeat("ә", 2001) + `"}}`: {"answers.wishes too-long"},
		`{"answers":5}`:                                                        {"answers wrong-type"},
		`{}`:                                                                   {"answers required"},
	} {
		got := dana.do("POST", url, body)
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%.60s: %d %s", body, got.status, got.body)
			continue
		}
		if found := got.faults(t); !slices.Equal(found, want) {
			t.Errorf("%.60s: %v, want %v", body, found, want)
		}
	}
	dana.then(at)
	dana.do("POST", url, `{"answers":{"speed":1}}`).is(t, http.StatusCreated, nil)
	dana.do("POST", url, `{"answers":{"speed":2}}`).refuses(t, http.StatusConflict, "questionnaire-answered")
}
