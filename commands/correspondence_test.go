package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
)

func TestACorrespondence(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	l.append("application-"+l.id, l.dana,
		application.FileUploaded{FileID: "theirs", Name: "фото.png", MIME: "image/png", Size: 3, SHA256: "aa", At: l.clock.Now()},
		application.FileUploaded{FileID: "ours", Staff: true, Name: "үлгі.pdf", MIME: "application/pdf", Size: 4, SHA256: "bb", At: l.clock.Now()})
	at, now := l.end(), l.clock.Now()

	asked, err := l.post(l.Commands, by(l.dana), " <b>Қашан</b>\r\nдайын? ", "theirs")
	done(t, err)
	answered, err := l.post(l.Commands, by(aibek), "Ертең.", "ours")
	done(t, err)
	told, err := l.Correspondence.PostNotice(t.Context(), by(saule), l.id, l.caller(saule), "Құжат дайын.")
	done(t, err)
	noted, err := l.Correspondence.WriteNote(t.Context(), by(aibek), l.id, l.caller(aibek), "Айбекке беру.")
	done(t, err)
	_, err = l.Correspondence.MarkRead(t.Context(), by(l.dana), l.id, l.caller(l.dana), 3)
	done(t, err)

	posted := func(id string, author string, side correspondence.Side, words string, files ...correspondence.File) correspondence.MessagePosted {
		return correspondence.MessagePosted{MessageID: id, Applicant: l.dana, Author: author, Side: side, Text: words, Files: files, At: now}
	}
	notice := posted(told.ID, saule, correspondence.Staff, "Құжат дайын.")
	notice.Notice = true
	l.happened(at,
		posted(asked.ID, l.dana, correspondence.Applicant, "<b>Қашан</b>\nдайын?",
			correspondence.File{ID: "theirs", Name: "фото.png", MIME: "image/png", Size: 3, SHA256: "aa"}),
		posted(answered.ID, aibek, correspondence.Staff, "Ертең.",
			correspondence.File{ID: "ours", Name: "үлгі.pdf", MIME: "application/pdf", Size: 4, SHA256: "bb"}),
		notice,
		correspondence.NoteWritten{NoteID: noted.ID, Author: aibek, Text: "Айбекке беру.", At: now},
		correspondence.ThreadRead{Reader: l.dana, Side: correspondence.Applicant, Messages: 2, Application: 7, At: now},
	)

	for stream, actors := range map[string][]string{
		"correspondence-": {l.dana, aibek, saule}, "note-": {aibek}, "reading-": {l.dana},
	} {
		var got []string
		for _, meta := range l.recorded(stream + l.id) {
			got = append(got, meta.Actor)
			if meta.Subject != l.dana {
				t.Errorf("%s: personal data of %s, want the applicant's", stream, meta.Subject)
			}
		}
		if diff := cmp.Diff(actors, got); diff != "" {
			t.Errorf("%s: who wrote (-want +got):\n%s", stream, diff)
		}
	}

	_, err = l.post(l.Commands, by(l.dana), "x", "ours", "theirs")
	if diff := cmp.Diff(problem.Input(problem.Field{Location: "fileIds[0]", Code: "file-not-found"}), err); diff != "" {
		t.Errorf("the other side's file (-want +got):\n%s", diff)
	}
}

// TestWhoTakesPart: both sides of an application that was sent; to everybody else it does not exist. The applicant never
// reaches what is for staff, also when they belong to the provider's staff themselves.
func TestWhoTakesPart(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	draft := l.start(l.dana).ID
	deleted := l.start(l.dana).ID
	_, err := l.Applications.DeleteDraft(t.Context(), by(l.dana), deleted)
	done(t, err)
	withdrawn := l.sent(l.dana)
	_, err = l.Applications.WithdrawApplication(t.Context(), by(l.dana), withdrawn)
	done(t, err)
	const all, thread, none, unsent = "all", "thread", "none", "unsent"
	const other = "99999999-9999-4999-8999-999999999999"
	for name, test := range map[string]struct {
		by  application.Staff
		id  string
		may string
	}{
		"the applicant":                         {l.caller(l.dana), l.id, thread},
		"the applicant, after withdrawing":      {l.caller(l.dana), withdrawn, thread},
		"the applicant, who is of the staff":    {ofStaff(l.dana, providerID, account.Operator, account.Executor), l.id, thread},
		"another applicant":                     {l.caller(other), l.id, none},
		"an operator":                           {ofStaff(other, providerID, account.Operator), l.id, all},
		"an executor":                           {ofStaff(other, providerID, account.Executor), l.id, all},
		"the provider's administrator":          {ofStaff(other, providerID, account.ProviderAdmin), l.id, all},
		"an operator, after the withdrawal":     {ofStaff(other, providerID, account.Operator), withdrawn, all},
		"another provider's executor":           {ofStaff(other, other, account.Executor, account.Operator, account.ProviderAdmin), l.id, none},
		"staff of no provider":                  {ofStaff(other, "", account.Executor), l.id, none},
		"an administrator":                      {ofStaff(other, "", account.Admin), l.id, none},
		"an auditor in the provider":            {ofStaff(other, providerID, account.Auditor), l.id, none},
		"an analyst":                            {ofStaff(other, "", account.Analyst), l.id, none},
		"the applicant, of a draft":             {l.caller(l.dana), draft, unsent},
		"another applicant, of a draft":         {l.caller(other), draft, none},
		"an operator, of a draft":               {ofStaff(other, providerID, account.Operator), draft, none},
		"the applicant, of a deleted draft":     {l.caller(l.dana), deleted, none},
		"an operator, of a deleted draft":       {ofStaff(other, providerID, account.Operator), deleted, none},
		"an operator, of what does not exist":   {ofStaff(other, providerID, account.Operator), other, none},
		"the applicant, of what does not exist": {l.caller(l.dana), other, none},
		"an operator, of no id at all":          {ofStaff(other, providerID, account.Operator), "../x", none},
	} {
		req := by(test.by.Account)
		_, posting := l.Correspondence.PostMessage(t.Context(), req, test.id, test.by, Letter{Text: "x"})
		_, telling := l.Correspondence.PostNotice(t.Context(), req.then("notice"), test.id, test.by, "x")
		_, noting := l.Correspondence.WriteNote(t.Context(), req.then("note"), test.id, test.by, "x")
		_, reading := l.Correspondence.MarkRead(t.Context(), req.then("mark"), test.id, test.by, 1)
		inThread, forStaff := "application-not-found", "application-not-found"
		switch test.may {
		case all:
			inThread, forStaff = "", ""
		case thread:
			inThread = ""
		case unsent:
			inThread = "not-submitted"
		}
		for what, answer := range map[string]struct {
			err  error
			code string
		}{"message": {posting, inThread}, "mark": {reading, inThread}, "notice": {telling, forStaff}, "note": {noting, forStaff}} {
			if answer.code == "" && answer.err != nil || answer.code != "" && !problem.Has(answer.err, answer.code) {
				t.Errorf("%s: %s answered %v, want %q", name, what, answer.err, answer.code)
			}
		}
	}
	for _, event := range l.history("correspondence-" + l.id) {
		m := event.(correspondence.MessagePosted)
		if m.Author == l.dana && m.Side != correspondence.Applicant || m.Author != l.dana && m.Side != correspondence.Staff {
			t.Errorf("%s wrote for %s", m.Author, m.Side)
		}
	}
	for _, meta := range l.recorded("correspondence-" + l.id) {
		if meta.Actor == l.dana && meta.Role != "applicant" {
			t.Errorf("the applicant wrote as %s", meta.Role)
		}
	}
}

// TestTwoPeopleWriteAtOnce: whoever comes second while a message is being appended is neither refused nor lost.
func TestTwoPeopleWriteAtOnce(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	l.events.fail(func(string) error {
		l.events.fail(nil, nil)
		_, err := l.post(l.process(), by(aibek), "Сізге не керек?")
		return err
	}, nil)
	_, err := l.post(l.Commands, by(l.dana), "Маған көмек керек.")
	done(t, err)
	if diff := cmp.Diff([]string{"Сізге не керек?", "Маған көмек керек."}, l.texts()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestRacingMessages: in two processes and 64 at once, four people write, each message is there once, and everybody's
// are in the order in which they wrote them.
func TestRacingMessages(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	processes := []*Commands{l.Commands, l.process()}
	authors := []string{l.dana, aibek, saule}
	const each = 20
	var racing sync.WaitGroup
	for i, author := range authors {
		racing.Go(func() {
			for n := range each {
				if _, err := l.post(processes[(i+n)%2], by(author), fmt.Sprintf("%s %02d", author, n)); err != nil {
					t.Errorf("%s, message %d: %v", author, n, err)
				}
			}
		})
	}
	racing.Wait()
	got := l.texts()
	slices.Sort(got)
	var want []string
	for _, author := range authors {
		for n := range each {
			want = append(want, fmt.Sprintf("%s %02d", author, n))
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	last := map[string]string{}
	for _, words := range l.texts() {
		author := words[:len(words)-3]
		if words < last[author] {
			t.Errorf("%s was written before %s", last[author], words)
		}
		last[author] = words
	}
}

// TestRacingRepetitions: 64 at once, in two processes, of one command are one message, and all are told its id.
func TestRacingRepetitions(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	processes := []*Commands{l.Commands, l.process()}
	ids := make([]string, 64)
	var racing sync.WaitGroup
	for n := range ids {
		racing.Go(func() {
			sent, err := l.post(processes[n%2], keyed(aibek, "k", "Ертең."), "Ертең.")
			if err != nil {
				t.Errorf("repetition %d: %v", n, err)
			}
			ids[n] = sent.ID
		})
	}
	racing.Wait()
	if diff := cmp.Diff([]string{"Ертең."}, l.texts()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if ids = slices.Compact(ids); len(ids) != 1 || ids[0] == "" {
		t.Errorf("answered the ids %v, want one", ids)
	}
}

// TestOneCommandInTwoProcesses: of two processes that carry out one command at once, one writes, and that does not rest on a
// store's memory of event ids, which may be lost.
func TestOneCommandInTwoProcesses(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	l.deps.Events = noAny{l.events}
	l.restart()
	other := l.process()
	req := keyed(aibek, "k", "Ертең.")
	l.events.fail(func(string) error {
		l.events.fail(nil, nil)
		_, err := l.post(other, req, "Ертең.")
		return err
	}, nil)
	sent, err := l.post(l.Commands, req, "Ертең.")
	done(t, err)
	if sent.Position != l.end() || sent.ID != req.derivedID("message") {
		t.Errorf("answered %s at %s, want %s at %s", sent.ID, sent.Position, req.derivedID("message"), l.end())
	}
	if diff := cmp.Diff([]string{"Ертең."}, l.texts()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// noAny is a store to which nothing can be appended without saying where.
type noAny struct{ eventstore.Store }

func (s noAny) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (eventstore.Appended, error) {
	if expected == eventstore.Any {
		return eventstore.Appended{}, errors.New("appended anywhere")
	}
	return s.Store.Append(ctx, stream, expected, events...)
}

// TestAMessageWhoseAnswerWasLost: the process dies or the store's answer is lost, before or after the append, others write
// meanwhile, and the repetition adds nothing that is there already.
func TestAMessageWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		written, restart, others bool
	}{
		"nothing was written":                               {},
		"nothing was written, others wrote":                 {others: true},
		"nothing was written, others wrote, and a restart":  {others: true, restart: true},
		"it was written":                                    {written: true},
		"it was written, and a restart":                     {written: true, restart: true},
		"it was written, others wrote":                      {written: true, others: true},
		"it was written, others wrote, and then a restart":  {written: true, others: true, restart: true},
		"nothing was written, and a restart of the process": {restart: true},
	} {
		for kind, req := range map[string]Request{
			"of a person":     keyed(aibek, "k", "Ертең."),
			"of the system's": {CommandID: uuid.NewSHA1(uuid.NameSpaceOID, []byte("cause")), Actor: aibek, Role: "system"},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				l := newLetters(t)
				if fault.written {
					l.events.fail(nil, once(eventstore.ErrUnavailable))
				} else {
					l.events.fail(once(eventstore.ErrUnavailable), nil)
				}
				_, err := l.post(l.Commands, req, "Ертең.")
				if !errors.Is(err, eventstore.ErrUnavailable) {
					t.Fatalf("answered %v, want that the store is unavailable", err)
				}
				var want []string
				if fault.written {
					want = append(want, "Ертең.")
				}
				if fault.others {
					_, err := l.post(l.process(), by(l.dana), "Рақмет!")
					done(t, err)
					want = append(want, "Рақмет!")
				}
				if !fault.written {
					want = append(want, "Ертең.")
				}
				if fault.restart {
					l.restart()
				}
				for range 3 {
					sent, err := l.post(l.Commands, req, "Ертең.")
					done(t, err)
					if sent.Position != l.end() || sent.ID != req.derivedID("message") {
						t.Errorf("answered %s at %s, want %s at %s", sent.ID, sent.Position, req.derivedID("message"), l.end())
					}
				}
				if diff := cmp.Diff(want, l.texts()); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestAKeyForTwoMessages(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	_, err := l.post(l.Commands, keyed(aibek, "k", "1"), "1")
	done(t, err)
	at := l.end()
	for _, restarted := range []bool{false, true} {
		if restarted {
			l.restart()
		}
		_, err = l.post(l.Commands, keyed(aibek, "k", "2"), "2")
		refused(t, err, "idempotency-key-reused")
	}
	l.happened(at)
}

func TestMessagesInMemoryAreThoseInTheStore(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	others, written := l.process(), 0
	var faster func(string) error // writes before the first message is appended, and before it is appended again
	faster = func(string) error {
		l.events.fail(nil, nil)
		written++
		_, err := l.post(others, keyed(saule, strconv.Itoa(written), "0"), "0")
		if written < 2 {
			l.events.fail(faster, nil)
		}
		return err
	}
	l.events.fail(faster, nil)
	for n, req := range []Request{by(l.dana), keyed(aibek, "k", "1"), by(l.dana), keyed(aibek, "l", "1")} {
		_, err := l.post(l.Commands, req, strconv.Itoa(n))
		done(t, err)
		l.clock.pass(25 * time.Second)
	}
	warm, err := l.streams().messages.load(t.Context(), l.id)
	done(t, err)
	l.restart()
	cold, err := l.streams().messages.load(t.Context(), l.id)
	done(t, err)
	recent := cmp.Transformer("recent", func(s correspondence.State) []correspondence.Posting { return slices.Collect(s.Recent()) })
	if diff := cmp.Diff(cold, warm, recent, cmp.AllowUnexported(loaded[correspondence.State]{}, doneCommand{})); diff != "" {
		t.Errorf("memory and store differ (-store +memory):\n%s", diff)
	}
	keys := 0
	for d := cold.done; d != nil; d = d.earlier {
		keys++
	}
	if cold.revision != 5 || keys != 4 {
		t.Errorf("loaded up to revision %d with %d keys, want six messages, four of them under a key", cold.revision, keys)
	}
}

// TestALongThreadIsFoldedWhole: also when it does not fit into memory at once, and ends where one part does.
func TestALongThreadIsFoldedWhole(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	for n := range 2 * foldedAtOnce {
		if n == 2*foldedAtOnce-1 || n == foldedAtOnce {
			l.restart()
		}
		_, err := l.post(l.Commands, keyed(aibek, strconv.Itoa(n), "1"), "1")
		done(t, err)
		at, err := l.streams().messages.load(t.Context(), l.id)
		done(t, err)
		if at.revision != int64(n) {
			t.Fatalf("folded up to revision %d, want %d", at.revision, n)
		}
		l.clock.pass(time.Second)
	}
	l.restart()
	_, err := l.post(l.Commands, keyed(aibek, "0", "1"), "1") // the very first is known still
	done(t, err)
	cold, err := l.streams().messages.load(t.Context(), l.id)
	done(t, err)
	if cold.revision != 2*foldedAtOnce-1 {
		t.Errorf("folded up to revision %d, want %d", cold.revision, 2*foldedAtOnce-1)
	}
}

// TestAFlood: whoever writes too much in one application is told how long to wait, however many of their messages come at
// once; nobody else has to.
func TestAFlood(t *testing.T) {
	t.Parallel()
	l := newLetters(t, Limits{MessagesPerMinute: 30})
	var written, flooded int
	var mu sync.Mutex
	var racing sync.WaitGroup
	for range 64 {
		racing.Go(func() {
			_, err := l.post(l.Commands, by(l.dana), "!")
			var p *problem.Problem
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				written++
			case errors.As(err, &p) && p.Kind == problem.TooMany && p.Code == "too-many-messages" && p.RetryAfter == time.Minute:
				flooded++
			default:
				t.Errorf("answered %v", err)
			}
		})
	}
	racing.Wait()
	if written != 30 || flooded != 34 || len(l.texts()) != 30 {
		t.Errorf("%d written, %d in the stream, and %d refused, want 30, 30 and 34", written, len(l.texts()), flooded)
	}
	_, err := l.post(l.Commands, by(aibek), "Тоқтаңыз.")
	done(t, err)
	elsewhere := l.sent(l.dana)
	_, err = l.Correspondence.PostMessage(t.Context(), by(l.dana), elsewhere, l.caller(l.dana), Letter{Text: "Мұнда?"})
	done(t, err)
	l.restart() // the limit is in the stream
	_, err = l.post(l.Commands, by(l.dana), "!")
	refused(t, err, "too-many-messages")
	l.clock.pass(time.Minute)
	_, err = l.post(l.Commands, by(l.dana), "Кешіріңіз.")
	done(t, err)
}

// TestOneAccountsPace: whatever somebody writes to, in how many applications, and however wrong, is bounded; other people's
// writing is not touched, nor is reading.
func TestOneAccountsPace(t *testing.T) {
	t.Parallel()
	l := newLetters(t, Limits{WritingPerMinute: 4})
	elsewhere := l.sent(l.dana)
	executor := l.caller(aibek)
	_, err := l.post(l.Commands, by(aibek), "1")
	done(t, err)
	_, err = l.Correspondence.PostNotice(t.Context(), by(aibek), elsewhere, executor, "2")
	done(t, err)
	_, err = l.Correspondence.WriteNote(t.Context(), by(aibek), l.id, executor, "3")
	done(t, err)
	_, err = l.post(l.Commands, by(aibek), "\x00")
	refused(t, err, "invalid")
	at := l.end()
	_, err = l.post(l.Commands, by(aibek), "5")
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != "too-many-messages" || p.RetryAfter != 15*time.Second {
		t.Errorf("the fifth: %v, want to be told to wait for 15 s", err)
	}
	_, err = l.Correspondence.PostNotice(t.Context(), by(aibek), elsewhere, executor, "5")
	refused(t, err, "too-many-messages")
	_, err = l.Correspondence.WriteNote(t.Context(), by(aibek), l.id, executor, "5")
	refused(t, err, "too-many-messages")
	l.happened(at)
	_, err = l.Correspondence.MarkRead(t.Context(), by(aibek), l.id, executor, 1)
	done(t, err)
	_, err = l.post(l.Commands, by(l.dana), "Мен")
	done(t, err)
	l.clock.pass(15 * time.Second)
	_, err = l.post(l.Commands, by(aibek), "5")
	done(t, err)
	_, err = l.post(l.Commands, by(aibek), "6")
	refused(t, err, "too-many-messages")
}

// TestWhatWasRead: a mark is where the reader's number lies in the two streams; it only grows; what nobody has seen cannot
// be read.
func TestWhatWasRead(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	at, now := l.end(), l.clock.Now()
	var want []any
	for _, step := range []struct {
		reader string
		upTo   int
		code   string
		grown  *correspondence.Mark
	}{
		{reader: l.dana, upTo: 0},
		{reader: l.dana, upTo: 3, grown: &correspondence.Mark{Messages: 2, Application: 7}},
		{reader: l.dana, upTo: 3},
		{reader: l.dana, upTo: 1},
		{reader: l.dana, upTo: 0},
		{reader: aibek, upTo: 2, grown: &correspondence.Mark{Messages: 1, Application: 7}},
		{reader: l.dana, upTo: 11, code: "beyond-the-end"},
		{reader: l.dana, upTo: -1, code: "beyond-the-end"},
		{reader: l.dana, upTo: 10, grown: &correspondence.Mark{Messages: 5, Application: 11}},
	} {
		position, err := l.Correspondence.MarkRead(t.Context(), by(step.reader), l.id, l.caller(step.reader), step.upTo)
		if step.code != "" {
			refused(t, err, step.code)
			continue
		}
		done(t, err)
		if step.grown == nil {
			continue
		}
		side := correspondence.Applicant
		if step.reader == aibek {
			side = correspondence.Staff
		}
		want = append(want, correspondence.ThreadRead{
			Reader: step.reader, Side: side, Messages: step.grown.Messages, Application: step.grown.Application, At: now,
		})
		if position != l.end() {
			t.Errorf("up to %d: answered %s, want %s", step.upTo, position, l.end())
		}
	}
	l.happened(at, want...)
}

// TestANoteIsNowhereElse: of an internal note nothing is in any stream from which applicants' read models are built.
func TestANoteIsNowhereElse(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	at := l.end()
	_, err := l.Correspondence.WriteNote(t.Context(), by(aibek), l.id, l.caller(aibek), "Құпия пікір")
	done(t, err)
	written := 0
	for recorded, err := range l.events.Store.ReadAll(t.Context(), eventstore.AllRead{}) {
		done(t, err)
		if at.Before(recorded.Position) {
			written++
			if recorded.Stream != "note-"+l.id || recorded.Type != "note.written.v1" {
				t.Errorf("the note is in %s as %s", recorded.Stream, recorded.Type)
			}
		}
	}
	if written != 1 {
		t.Errorf("%d events, want 1", written)
	}
}

func TestNobodyWritesToSomebodyErased(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	done(t, l.deps.Keys.(*codectest.Keys).Destroy(t.Context(), l.dana))
	at := l.end()
	_, err := l.post(l.Commands, by(aibek), "Бар ма?")
	refused(t, err, "account-erased")
	_, err = l.Correspondence.WriteNote(t.Context(), by(aibek), l.id, l.caller(aibek), "Жоқ.")
	refused(t, err, "account-erased")
	l.happened(at)
}
