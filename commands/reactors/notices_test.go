package reactors

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
)

const stream = "application-" + applicationID

func TestWhoIsToldWhat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		event any
		kind  string // empty: nobody is told
		sms   string // to who wants SMS, in Kazakh
		says  string // in the e-mail to who wants both, in Russian
	}{
		{application.StepSaved{StepID: "s"}, "", "", ""},
		{application.Submitted{}, "status-submitted", "№2065-15-11-18 өтініміңіз жіберілді.", "отправлена"},
		{application.TakenIntoWork{Executor: dauren}, "status-in_work", "№2065-15-11-18 өтініміңіз жұмысқа алынды.", "взята в работу"},
		{
			application.ReturnedForCompletion{Reason: "data-incorrect", Text: "Жол 3"},
			"status-returned",
			"№2065-15-11-18 өтінім толықтыруға қайтарылды.", "Данные неверны.\n\nЖол 3",
		},
		{application.Resubmitted{}, "status-resubmitted", "№2065-15-11-18 өтініміңіз қайта жіберілді.", "повторно"},
		{application.ResponseIssued{Text: "Жауап"}, "status-answered", "№2065-15-11-18 өтініміңізге жауап берілді.", "Жауап"},
		{application.DecidedPositive{Text: "Құттықтаймыз"}, "status-approved", "№2065-15-11-18 өтініміңіз мақұлданды.", "Құттықтаймыз"},
		{
			application.RefusalIssued{Reason: "budget-exhausted", Text: "Келесі жылы"},
			"status-refused",
			"№2065-15-11-18 өтінім бойынша бас тартылды.", "Средства исчерпаны.\n\nКелесі жылы",
		},
		{application.DocumentIssued{Signers: []string{"applicant", "provider"}}, "document-to-sign", "№2065-15-11-18 өтінім: құжатқа қол қойыңыз.", "на подпись"},
		{application.DocumentIssued{Signers: []string{"provider"}}, "", "", ""},
		{application.DocumentIssued{}, "", "", ""},
		{application.DocumentSigned{}, "document-signed", "№2065-15-11-18 өтінім: құжатқа қол қойылды.", "подписан"},
		{application.ApplicationCompleted{Outcome: application.OutcomeAnswered}, "status-completed", "№2065-15-11-18 өтініміңіз аяқталды.", "завершена"},
		{application.ApplicationCompleted{Outcome: application.OutcomeNotSigned}, "status-completed", "№2065-15-11-18 өтініміңіз аяқталды.", "не был подписан в срок"},
		{application.ApplicationCompleted{Outcome: application.OutcomeRefused}, "", "", ""},
		{application.Withdrawn{}, "status-withdrawn", "№2065-15-11-18 өтініміңіз қайтарып алынды.", "отозвана"},
		{application.ApplicantReminded{Of: "signature"}, "reminder-signature", "№2065-15-11-18 өтінім: құжат қолыңызды күтуде.", "ждёт вашей подписи"},
		{application.ApplicantReminded{Of: "questionnaire"}, "reminder-questionnaire", "№2065-15-11-18 өтінім: қызмет сапасын бағалаңыз.", "Оцените"},
		{application.ApplicantReminded{Of: "something new"}, "", "", ""},
		{application.ExecutorRemoved{Executor: dauren}, "", "", ""},
		{application.QuestionnaireAnswered{}, "", "", ""},
	} {
		t.Run(fmt.Sprintf("%T %s", test.event, test.kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.applied(nurai)
			w.react(w.happened(stream, nurai, test.event))
			var want []notification.Requested
			if test.kind != "" {
				want = append(want, notification.Requested{
					Recipient: nurai, Channel: notification.SMS, Kind: test.kind, ApplicationID: applicationID, Language: "kk",
					Text: test.sms, At: noon,
				})
			}
			if diff := cmp.Diff(want, w.asked()); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}

			both := newWorld(t)
			both.applied(samat)
			both.react(both.happened(stream, samat, test.event))
			asked := both.asked()
			if test.kind == "" {
				if len(asked) > 0 {
					t.Errorf("asked for %v", asked)
				}
				return
			}
			if len(asked) != 2 || asked[0].Channel != notification.SMS || asked[1].Channel != notification.Email {
				t.Fatalf("asked for %v", asked)
			}
			for _, said := range []string{test.says, "2065-15-11-18", "«Консультация»", "https://portal.example/applications/" + applicationID} {
				if !strings.Contains(asked[1].Text, said) {
					t.Errorf("the e-mail lacks %q:\n%s", said, asked[1].Text)
				}
			}
		})
	}
}

func TestExecutorsAreToldByEmail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		actor string
		event any
		kind  string
		whom  []string
	}{
		{"assigned by somebody", gulim, application.ExecutorAssigned{Executor: dauren}, "assigned", []string{dauren}},
		{"assigned by themselves", dauren, application.ExecutorAssigned{Executor: dauren}, "", nil},
		{"due soon", "", application.DueSoon{}, "due-soon", []string{dauren, gulim}},
		{"overdue", "", application.Overdue{}, "overdue", []string{dauren, gulim}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.applied(nurai)
			if test.kind != "assigned" && test.kind != "" {
				w.happened(stream, nurai, application.ExecutorAssigned{Executor: dauren}, application.ExecutorAssigned{Executor: gulim})
			}
			w.react(w.happenedBy(test.actor, stream, nurai, test.event))
			var whom []string
			for _, asked := range w.asked() {
				whom = append(whom, asked.Recipient)
				if asked.Channel != notification.Email || asked.Kind != test.kind {
					t.Errorf("asked for %s by %s", asked.Kind, asked.Channel)
				}
			}
			if diff := cmp.Diff(test.whom, whom); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThereIsNoNoticeToWhoIsNotThere(t *testing.T) {
	t.Parallel()
	t.Run("erased", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.applied(nurai)
		event := w.happened(stream, nurai, application.Withdrawn{})
		w.happened("account-"+nurai, nurai, account.Erased{})
		done(t, w.keys.Destroy(t.Context(), nurai))
		w.react(event)
		if asked := w.asked(); len(asked) > 0 {
			t.Errorf("asked for %v", asked)
		}
	})
	t.Run("the key is destroyed before the account knows", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.applied(nurai)
		event := w.happened(stream, nurai, application.Withdrawn{})
		done(t, w.reactor.React(t.Context(), w.happened(stream, nurai, application.StepSaved{}))) // its account is folded
		done(t, w.keys.Destroy(t.Context(), nurai))
		w.react(event)
		if asked := w.asked(); len(asked) > 0 {
			t.Errorf("asked for %v", asked)
		}
	})
	t.Run("no application", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.react(w.happened("application-"+nobodyID, nurai, application.Withdrawn{}))
		if asked := w.asked(); len(asked) > 0 {
			t.Errorf("asked for %v", asked)
		}
	})
}

func TestWhoChoosesAnotherChannelIsNotToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.applied(nurai)
	event := w.happened(stream, nurai, application.Withdrawn{})
	w.react(event)
	w.happened("account-"+nurai, nurai, account.NotificationMethodChanged{NotifyBy: []account.Channel{account.Email}})
	w.restart()
	w.react(event)
	w.react(w.happened(stream, nurai, application.DocumentSigned{}))
	var got []notification.Channel
	for _, asked := range w.asked() {
		got = append(got, asked.Channel)
	}
	if diff := cmp.Diff([]notification.Channel{notification.SMS, notification.Email}, got); diff != "" {
		t.Errorf("told by (-want +got):\n%s", diff)
	}
}

func TestMessagesOfTheStaffAreToldOfOnceInTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.applied(nurai)
	post := func(minute int, side correspondence.Side, notice bool, text string) {
		t.Helper()
		w.react(w.happened("correspondence-"+applicationID, nurai, correspondence.MessagePosted{
			Applicant: nurai, Side: side, Notice: notice, Text: text, At: noon.Add(time.Duration(minute) * time.Minute),
		}))
	}
	for _, message := range []struct {
		minute int
		side   correspondence.Side
		notice bool
		text   string
	}{
		{0, correspondence.Applicant, false, "сұрақ"},
		{1, correspondence.Staff, false, "a"}, // told
		{2, correspondence.Staff, false, "b"},
		{2, correspondence.Staff, false, "c"},
		{3, correspondence.Staff, true, "Ертең\nкеліңіз"}, // told, and changes nothing for the others
		{9, correspondence.Staff, false, "d"},
		{11, correspondence.Staff, false, "e"}, // told: ten minutes after a
		{12, correspondence.Applicant, false, "рахмет"},
		{20, correspondence.Staff, false, "f"},
		{21, correspondence.Staff, false, "g"}, // told
		{90, correspondence.Staff, false, "h"}, // told
	} {
		post(message.minute, message.side, message.notice, message.text)
	}
	var got []string
	for _, asked := range w.asked() {
		got = append(got, asked.Kind+": "+asked.Text)
	}
	again := "message: №2065-15-11-18 өтінім: жаңа хабарлама бар."
	want := []string{again, "notice: №2065-15-11-18 өтінім: Ертең келіңіз", again, again, again}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
