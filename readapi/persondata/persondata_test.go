package persondata_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/readapi/persondata"
)

const (
	anna = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
	one  = "1c9f5d2f-8b68-5d17-9b62-1b8d8e203f44" // her application
)

// house is a log with what happened to Anna.
func house(t *testing.T) persondata.Source {
	t.Helper()
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	c, err := codec.New(codectest.NewKeys(), aggregates.All()...)
	if err != nil {
		t.Fatal(err)
	}
	write := func(stream, actor, role string, events ...any) {
		t.Helper()
		for _, event := range events {
			encoded, err := c.Encode(t.Context(), stream, uuid.New(), codec.Metadata{Subject: anna, Actor: actor, Role: role}, event)
			if err == nil {
				_, err = log.Append(t.Context(), stream, eventstore.Any, encoded)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	write("account-"+anna, anna, "",
		account.RegistrationStarted{RegistrationID: "r", Number: "770101400018", FirstName: "Анна", PasswordHash: "$argon2id$"},
		account.RegistrationConfirmed{RegistrationID: "r"}, account.SignedIn{SessionRef: "the session"})
	write("erasure-"+anna, "aigul", "admin", erasure.LegalHoldPlaced{By: "aigul", Reason: "Сот ісі"}, erasure.LegalHoldLifted{By: "aigul"})
	write("access-"+anna, anna, "auditor", access.Read{Reader: anna, Reason: "Шағым бойынша"})
	write("application-"+one, anna, "applicant", application.DraftStarted{Applicant: anna, Number: "1-23-11-26"},
		application.FileAttached{FileID: "f1", SHA256: "hers"})
	write("application-"+one, "dauren", "executor",
		application.FileUploaded{FileID: "f2", Staff: true, SHA256: "given"}, application.FileUploaded{FileID: "f3", Staff: true, SHA256: "never shown"},
		application.ResponseIssued{Text: "Жауап", FileIDs: []string{"f2"}})
	write("correspondence-"+one, "dauren", "executor",
		correspondence.MessagePosted{Text: "Сәлем", Files: []correspondence.File{{ID: "f4", SHA256: "no more"}}})
	write("reading-"+one, "dauren", "executor", correspondence.ThreadRead{Reader: "dauren"})
	write("reading-"+one, anna, "applicant", correspondence.ThreadRead{Reader: anna})
	write("note-"+one, "dauren", "executor", correspondence.NoteWritten{Text: "Ішкі"})
	return persondata.Source{
		Events: log, Codec: c,
		Open: func(_ context.Context, person, sha256 string) (io.ReadCloser, error) {
			if sha256 == "no more" {
				return nil, problem.New(problem.Gone, "file-erased")
			}
			return io.NopCloser(strings.NewReader(person + " " + sha256)), nil
		},
		Applications: func(context.Context, string) ([]string, error) { return []string{one}, nil },
		Notices:      func(context.Context, string) ([]string, error) { return nil, nil },
	}
}

func written(t *testing.T, internal bool) map[string]string {
	t.Helper()
	var out bytes.Buffer
	copied := persondata.Copy{Person: anna, Internal: internal, At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	if err := persondata.Write(t.Context(), &out, house(t), copied); err != nil {
		t.Fatal(err)
	}
	from, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, file := range from.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[file.Name] = string(content)
	}
	return files
}

func names(files map[string]string) []string {
	var list []string
	for name := range files {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func TestAPersonsCopyHoldsWhatTheySawAndNothingElse(t *testing.T) {
	t.Parallel()
	files := written(t, false)
	want := []string{"README.txt", "events.ndjson", "files/given", "files/hers", "missing.txt", "person.json"}
	if diff := cmp.Diff(want, names(files)); diff != "" {
		t.Error(diff)
	}
	if files["missing.txt"] != "no more\n" || files["files/hers"] != anna+" hers" {
		t.Errorf("missing %q, a file %q", files["missing.txt"], files["files/hers"])
	}
	for _, has := range []string{"770101400018", "Сәлем", "Жауап", "Шағым бойынша", `"reader":"` + anna + `"`} {
		if !strings.Contains(files["events.ndjson"], has) {
			t.Errorf("the events lack %s", has)
		}
	}
	for _, hidden := range []string{"argon2id", "the session", "Ішкі", "never shown", `"reader":"dauren"`, "legal-hold", "Сот"} {
		if strings.Contains(files["events.ndjson"], hidden) {
			t.Errorf("the events hold %s", hidden)
		}
	}
}

func TestWhoeverRunsThePortalSeesTheNotes(t *testing.T) {
	t.Parallel()
	files := written(t, true)
	if events := files["events.ndjson"]; !strings.Contains(events, "Ішкі") || !strings.Contains(events, "Сот ісі") || !strings.Contains(events, `"reader":"dauren"`) || strings.Contains(events, "argon2id") {
		t.Errorf("the events are\n%s", events)
	}
	if files["files/never shown"] == "" {
		t.Error("a file that nobody was given is not there")
	}
}
