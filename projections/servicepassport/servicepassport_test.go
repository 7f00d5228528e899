package servicepassport_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/servicepassport"
)

var (
	morning = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	words   = text.Text{KK: "Кеңес", RU: "Совет", EN: "Advice"}
	content = service.Content{
		Passport: service.Passport{
			Name: words, Kind: service.Consultation, Term: service.Term{Days: 5, Kind: service.WorkingDays},
			Contacts:  service.Contacts{Phones: []string{"1432"}, Address: words},
			Documents: []service.NormativeDocument{{Title: words}},
		},
		Steps: []service.Step{{
			ID: "company", Kind: service.FormStep, Title: words, Required: true, Schema: json.RawMessage(`{"type":"object"}`),
		}},
		Files: service.FileRules{MaxFileBytes: 20, MaxTotalBytes: 100, Types: []string{"application/pdf"}},
		Workflow: service.Workflow{
			ID:            "consultation",
			Signatures:    []service.SignatureRule{{Document: "act", Signers: []string{"applicant", "provider"}, By: "eds"}},
			Questionnaire: []service.QuestionnaireItem{{ID: "q", Kind: "score", Title: words}},
		},
	}
)

func TestEveryVersionIsKeptAndOneIsPublished(t *testing.T) {
	later := content
	later.Steps = nil
	history := projectionstest.History{}.In("service-s-1", "", "",
		service.Revised{Version: 1, Content: content, At: morning}, service.Published{Version: 1, At: morning},
		service.Revised{Version: 2, Content: later, At: morning},
	)
	documents := projectionstest.Documents(t, servicepassport.Model, history)
	if got := len(documents); got != 3 {
		t.Fatalf("there are %d documents, want 3", got)
	}
	want := servicepassport.Document{ServiceID: "s-1", Version: 1, Published: true, PublishedAt: &morning}
	if diff := cmp.Diff(want, documents["s-1"]); diff != "" {
		t.Errorf("what is published (-want +got):\n%s", diff)
	}
	first := documents[servicepassport.VersionID("s-1", 1)]
	steps, err := first.Content.FormSteps()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content.Steps, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(content.Passport, first.Content.Passport); diff != "" {
		t.Errorf("passport (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(content.Files, first.Content.FileRules()); diff != "" {
		t.Errorf("file rules (-want +got):\n%s", diff)
	}
	workflow := servicepassport.Workflow{
		ID:            "consultation",
		Signatures:    []servicepassport.Signature{{Document: "act", Signers: []string{"applicant", "provider"}, By: "eds"}},
		Questionnaire: []servicepassport.Question{{ID: "q", Kind: "score", Title: words}},
	}
	if diff := cmp.Diff(workflow, first.Content.Workflow); diff != "" {
		t.Errorf("workflow (-want +got):\n%s", diff)
	}
}

func TestAWithdrawnServiceSaysSoAndKeepsItsVersions(t *testing.T) {
	history := projectionstest.History{}.In("service-s-1", "", "",
		service.Revised{Version: 1, Content: content}, service.Published{Version: 1, At: morning}, service.Withdrawn{})
	documents := projectionstest.Documents(t, servicepassport.Model, history)
	want := servicepassport.Document{ServiceID: "s-1", Version: 1, PublishedAt: &morning}
	if diff := cmp.Diff(want, documents["s-1"]); diff != "" {
		t.Errorf("what is published (-want +got):\n%s", diff)
	}
	if documents["s-1@1"].Content == nil {
		t.Error("the version is gone")
	}
}
