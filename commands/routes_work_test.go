package commands

import (
	"net/http"
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// TestAConsultationOverHTTP: sent, assigned, taken, returned, sent again, answered, asked about, completed.
func TestAConsultationOverHTTP(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana := o.applicant(1)
	operator := o.staff(2, providerID, account.Operator)
	executor := o.staff(3, providerID, account.Executor)
	colleague := o.staff(4, providerID, account.Executor)
	admin := o.staff(5, providerID, account.ProviderAdmin)
	id := o.sent(dana, plainID)
	url := "/applications/" + id
	sentAt, due := o.clock.Now(), o.stateOf(id).DueAt
	at := o.end().String()

	o.stands(operator.do("POST", url+"/executors/"+executor.id, nil), id, application.StatusSubmitted, "", executor.id)
	at = operator.then(at, application.ExecutorAssigned{Executor: executor.id, At: sentAt})
	o.stands(operator.do("POST", url+"/executors/"+executor.id, nil), id, application.StatusSubmitted, "", executor.id)
	at = operator.then(at)
	o.stands(executor.do("POST", url+"/take", nil), id, application.InWork, "", executor.id)
	at = executor.then(at, application.TakenIntoWork{Executor: executor.id, At: sentAt})
	o.stands(colleague.do("POST", url+"/take", nil), id, application.InWork, "", executor.id, colleague.id)
	at = colleague.then(at, application.ExecutorAssigned{Executor: colleague.id, At: sentAt})
	o.stands(colleague.do("DELETE", url+"/executors/"+colleague.id, nil), id, application.InWork, "", executor.id)
	at = colleague.then(at, application.ExecutorRemoved{Executor: colleague.id, At: sentAt})

	o.clock.pass(time.Hour)
	now := o.clock.Now()
	o.stands(executor.do("POST", url+"/return", `{"reason":"documents-incomplete","text":" Құжат <b>жоқ</b>.\n "}`),
		id, application.Returned, "", executor.id)
	at = executor.then(at, application.ReturnedForCompletion{
		ServiceID: plainID, Executor: executor.id, Reason: "documents-incomplete", Text: "Құжат <b>жоқ</b>.",
		SubmittedAt: sentAt, First: true, At: now,
	})
	dana.do("POST", url+"/submit", nil).is(t, http.StatusOK, nil)
	at = dana.then(at, application.Resubmitted{DueAt: due, At: now})

	later := due.Add(24 * time.Hour)
	var moved standing
	admin.do("PUT", url+"/due", map[string]any{"dueAt": later.In(time.FixedZone("", 5*3600)), "reason": "Мереке күні"}).is(t, http.StatusOK, &moved)
	if want := later.Format(time.RFC3339Nano); moved.DueAt != want {
		t.Errorf("due at %s, want %s", moved.DueAt, want)
	}
	at = admin.then(at, application.DueDateMoved{DueAt: later, Reason: "Мереке күні", At: now})

	file := o.upload(executor, id, "1")
	uploaded := o.stateOf(id).Uploads[0]
	at = executor.then(at, application.FileUploaded{
		FileID: file, Staff: true, Name: "файл.pdf", MIME: "application/pdf", Size: 5, SHA256: uploaded.SHA256, At: now,
	})
	o.stands(executor.do("POST", url+"/response", map[string]any{"text": "Жауап", "fileIds": []string{file}}),
		id, application.Answered, "", executor.id)
	at = executor.then(at, application.ResponseIssued{
		ServiceID: plainID, Executor: executor.id, Text: "Жауап", FileIDs: []string{file}, SubmittedAt: sentAt, DueAt: later, At: now,
	})
	var answered standing
	dana.do("POST", url+"/questionnaire", `{"answers":{"speed":5,"wishes":"Рахмет"}}`).is(t, http.StatusCreated, &answered)
	if answered.Status != "completed" || answered.Outcome != "answered" {
		t.Errorf("answered %+v", answered)
	}
	dana.then(at, application.QuestionnaireAnswered{
		ServiceID: plainID, Scores: []application.QuestionScore{{Question: "speed", Score: 5}},
		Words: []application.QuestionWords{{Question: "wishes", Text: "Рахмет"}}, At: now,
	}, application.ApplicationCompleted{ServiceID: plainID, Outcome: application.OutcomeAnswered, SubmittedAt: sentAt, At: now})
}

// TestASupportMeasureOverHTTP: approved; or refused, which completes it.
func TestASupportMeasureOverHTTP(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	now := o.clock.Now()

	id := o.taken(dana, grantID, executor)
	at, due := o.end().String(), o.stateOf(id).DueAt
	approval := `{"outcome":"approved","text":"Мақұлданды"}`
	o.stands(executor.do("POST", "/applications/"+id+"/decision", approval), id, application.Approved, "", executor.id)
	at = executor.then(at, application.DecidedPositive{
		ServiceID: grantID, Executor: executor.id, Text: "Мақұлданды", FileIDs: []string{}, SubmittedAt: now, DueAt: due, First: true, At: now,
	})
	o.stands(executor.do("POST", "/applications/"+id+"/decision", approval), id, application.Approved, "", executor.id)
	executor.then(at)

	id = o.taken(dana, grantID, executor)
	at = o.end().String()
	o.stands(executor.do("POST", "/applications/"+id+"/decision", `{"outcome":"refused","reason":"budget-exhausted","text":"Қаражат жоқ"}`),
		id, application.Completed, application.OutcomeRefused, executor.id)
	executor.then(at, application.RefusalIssued{
		ServiceID: grantID, Executor: executor.id, Reason: "budget-exhausted", Text: "Қаражат жоқ", FileIDs: []string{},
		SubmittedAt: now, DueAt: due, First: true, At: now,
	}, application.ApplicationCompleted{ServiceID: grantID, Outcome: application.OutcomeRefused, SubmittedAt: now, At: now})
}

// TestAnExecutorEndsWhatNothingElseEnds: a support measure in which nothing is to be signed stays approved until then.
func TestAnExecutorEndsWhatNothingElseEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	content := grant()
	content.Workflow = service.Workflow{ID: "bare"}
	_, err := o.Catalogue.PublishService(t.Context(), NewRequest("system"), grantID, content)
	done(t, err)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	id := o.taken(dana, grantID, executor)
	executor.do("POST", "/applications/"+id+"/complete", nil).refuses(t, http.StatusConflict, "not-decided")
	o.stands(executor.do("POST", "/applications/"+id+"/decision", `{"outcome":"approved","text":"Иә"}`), id, application.Approved, "", executor.id)
	at := o.end().String()
	o.stands(executor.do("POST", "/applications/"+id+"/complete", nil), id, application.Completed, application.OutcomeApproved, executor.id)
	at = executor.then(at, application.ApplicationCompleted{
		ServiceID: grantID, Outcome: application.OutcomeApproved, SubmittedAt: o.clock.Now(), At: o.clock.Now(),
	})
	o.stands(executor.do("POST", "/applications/"+id+"/complete", nil), id, application.Completed, application.OutcomeApproved, executor.id)
	executor.then(at)
}
