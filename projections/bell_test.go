package projections_test

import (
	"fmt"
	"log/slog"
	"strconv"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	envelopes "services.example/portal/projections/envelope"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/workqueue"
)

// spoken is one thing that happens between two applicants and the staff of a provider.
type spoken struct {
	Application int
	What        string
	Share       int // of the thread so far, in hundredths, that is read
}

var drawnTalk = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) spoken {
	return spoken{
		Application: rapid.IntRange(0, 2).Draw(t, "application"),
		What:        rapid.SampledFrom([]string{"asks", "answers", "answers", "takes", "edits", "reads", "reads", "staff reads"}).Draw(t, "what"),
		Share:       rapid.IntRange(0, 100).Draw(t, "share"),
	}
}), 10, 80)

// talk is the naive model of the envelopes: for each application, for each item of its thread, whether it is news to the
// applicant.
type talk struct {
	t         *testing.T
	log       eventstore.Store
	codec     *codec.Codec
	news      [3][]bool
	messages  [3]int64
	events    [3]int64
	threads   [3][]envelopes.Mark // after each item: the mark that has read it
	revisions [3]int64            // of the application
	at        eventstore.Position
}

func (k *talk) owner(n int) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "owner %d", n%2)).String()
}

func applicationNumber(n int) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "spoken of %d", n)).String()
}

const bellStaff = "staff"

func (k *talk) write(n int, stream, actor string, event any) {
	k.t.Helper()
	id := uuid.New()
	meta := codec.Metadata{CommandID: id, CorrelationID: id, CausationID: id, Actor: actor, Subject: k.owner(n)}
	encoded, err := k.codec.Encode(k.t.Context(), stream+applicationNumber(n), id, meta, event)
	if err != nil {
		k.t.Fatal(err)
	}
	appended, err := k.log.Append(k.t.Context(), stream+applicationNumber(n), eventstore.Any, encoded)
	if err != nil {
		k.t.Fatal(err)
	}
	k.at = appended.Position
}

// says writes an item of the thread.
func (k *talk) says(n int, news bool, stream, actor string, event any) {
	k.t.Helper()
	k.write(n, stream, actor, event)
	if stream == envelopes.Correspondence {
		k.messages[n]++
	} else {
		k.revisions[n]++
		k.events[n] = k.revisions[n]
	}
	k.news[n] = append(k.news[n], news)
	k.threads[n] = append(k.threads[n], envelopes.Mark{Messages: k.messages[n], Application: k.events[n]})
}

func (k *talk) happens(s spoken) {
	k.t.Helper()
	n, owner := s.Application, k.owner(s.Application)
	if k.revisions[n] == 0 {
		k.write(n, envelopes.Applications, owner, application.DraftStarted{Applicant: owner, RunningNumber: int64(n), Number: strconv.Itoa(n)})
		k.revisions[n]++
		k.says(n, false, envelopes.Applications, owner, application.Submitted{})
	}
	upTo := len(k.threads[n]) * s.Share / 100
	var mark envelopes.Mark
	if upTo > 0 {
		mark = k.threads[n][upTo-1]
	}
	switch s.What {
	case "asks":
		k.says(n, false, envelopes.Correspondence, owner, correspondence.MessagePosted{Applicant: owner, Author: owner, Side: correspondence.Applicant, Text: "?"})
	case "answers":
		k.says(n, true, envelopes.Correspondence, bellStaff, correspondence.MessagePosted{Applicant: owner, Author: bellStaff, Side: correspondence.Staff, Text: "!"})
	case "takes":
		k.says(n, true, envelopes.Applications, bellStaff, application.TakenIntoWork{Executor: bellStaff})
	case "edits":
		k.write(n, envelopes.Applications, owner, application.StepSaved{StepID: "company"})
		k.revisions[n]++
	case "reads":
		k.write(n, envelopes.Readings, owner, correspondence.ThreadRead{
			Reader: owner, Side: correspondence.Applicant, Messages: mark.Messages, Application: mark.Application,
		})
		clear(k.news[n][:upTo])
	case "staff reads":
		k.write(n, envelopes.Readings, bellStaff, correspondence.ThreadRead{
			Reader: bellStaff, Side: correspondence.Staff, Messages: mark.Messages, Application: mark.Application,
		})
	}
}

// want is what the bell of everybody shows: unread by application.
func (k *talk) want() map[string]map[string]int {
	bells := map[string]map[string]int{k.owner(0): {}, k.owner(1): {}}
	for n, news := range k.news {
		unread := 0
		for _, isNew := range news {
			if isNew {
				unread++
			}
		}
		if unread > 0 {
			bells[k.owner(n)][applicationNumber(n)] = unread
		}
	}
	return bells
}

// Whatever is written and read, in whatever order: the bell lists the envelopes that are closed and no other, each with
// what the naive model counts; the thread's head agrees; and a rebuild gives the same bytes.
func TestTheBellIsAlwaysTheSumOfTheEnvelopes(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	events, err := codec.New(codectest.NewKeys(), aggregates.All()...)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		history := drawnTalk.Draw(rt, "history")
		log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: quiet})
		if err != nil {
			rt.Fatal(err)
		}
		_, reads := stores(t)
		engine := start(t, projections.Config{
			Events: log, Reads: reads, Decoder: events, Logger: quiet,
			Projections: []projections.Projection{myapplications.Model.Projection(), workqueue.Model.Projection()},
			LiveBatch:   rapid.IntRange(1, 9).Draw(rt, "live batch"), RecentDocuments: rapid.IntRange(1, 5).Draw(rt, "documents kept"),
		})
		k := &talk{t: t, log: log, codec: events}
		check := func() {
			if k.at.IsZero() {
				return
			}
			await(t, engine, myapplications.Name, k.at)
			await(t, engine, workqueue.Name, k.at)
			if diff := cmp.Diff(k.want(), bells(t, engine, reads, k.owner(0), k.owner(1))); diff != "" {
				rt.Errorf("bells (-want +got):\n%s", diff)
			}
		}
		look := rapid.IntRange(1, 20).Draw(rt, "look after so many events")
		for i, s := range history {
			k.happens(s)
			if i%look == 0 {
				check()
			}
		}
		check()
		for _, report := range rebuild(t, engine) {
			if !report.Compared || len(report.Differences) > 0 {
				rt.Errorf("rebuild of %s: compared %t, differences %v", report.Name, report.Compared, report.Differences)
			}
		}
		if err := engine.Close(); err != nil {
			rt.Fatal(err)
		}
		if err := log.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// bells reads the bell of applicants, as GET /my/unread does, and checks each envelope in it with the thread's.
func bells(t *testing.T, engine *projections.Engine, reads readstore.Store, applicants ...string) map[string]map[string]int {
	t.Helper()
	rows, err := engine.Directory().Serving(t.Context(), myapplications.Name)
	if err != nil {
		t.Fatal(err)
	}
	heads, err := engine.Directory().Serving(t.Context(), workqueue.Name)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]map[string]int{}
	for _, applicant := range applicants {
		shown[applicant] = map[string]int{}
		page, err := reads.List(t.Context(), rows, readstore.Query{Index: myapplications.ByUnread, Prefix: []any{applicant}, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range page.Documents {
			var row myapplications.Row
			if err := document.Decode(&row); err != nil {
				t.Fatal(err)
			}
			shown[applicant][document.ID] = row.Unread
			found, err := reads.Get(t.Context(), heads, document.ID)
			if err != nil {
				t.Fatal(err)
			}
			var work workqueue.Row
			if err := found.Decode(&work); err != nil {
				t.Fatal(err)
			}
			if unread := work.Envelope.Unread(applicant, correspondence.Applicant); unread != row.Unread {
				t.Errorf("%s: %d unread in the thread, %d in the row", document.ID, unread, row.Unread)
			}
		}
	}
	return shown
}
