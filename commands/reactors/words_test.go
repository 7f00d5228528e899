package reactors

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/text"
)

var toApplicants = []notice{
	submitted, resubmitted, inWork, returned, answered, approved, refused, toSign, signed, completed, withdrawn, message,
	signReminder, questionnaireReminder, completionReminder,
}

var toExecutors = []notice{assigned, dueSoon, overdue}

// longest is an application with the longest number that there will ever be.
var longest = commands.NoticeApplication{
	Number:  "999999999999-15-11-18",
	Service: text.Text{KK: "Кеңес беру", RU: "Консультация", EN: "Advice"},
}

const link = "https://portal.example/applications/" + applicationID

func TestEveryNoticeInEveryLanguage(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, n := range slices.Concat(toApplicants, toExecutors, []notice{own}) {
		if kinds[n.kind] || n.kind == "" {
			t.Errorf("the kind %q is not its own", n.kind)
		}
		kinds[n.kind] = true
		if !n.subject.Complete() || !n.email.Complete() {
			t.Errorf("%s does not exist in every language", n.kind)
		}
		for _, l := range text.Languages {
			w := n.words(longest, link)(l)
			for _, part := range []string{w.SMS, w.Subject, w.Email} {
				if strings.Contains(part, "%!") || strings.Contains(part, "%s") || strings.Contains(part, "[1]") {
					t.Errorf("%s in %s has a gap: %q", n.kind, l, part)
				}
			}
			if !strings.Contains(w.Subject, longest.Number) || strings.ContainsAny(w.Subject, "\r\n") {
				t.Errorf("%s in %s has the subject %q", n.kind, l, w.Subject)
			}
			for _, said := range []string{longest.Number, longest.Service.In(l), link} {
				if !strings.Contains(w.Email, said) {
					t.Errorf("the e-mail %s in %s lacks %q:\n%s", n.kind, l, said, w.Email)
				}
			}
		}
	}
}

func TestAnSMSIsOnePartAndNamesNothingButTheNumber(t *testing.T) {
	t.Parallel()
	for _, n := range toApplicants {
		if !n.sms.Complete() {
			t.Errorf("%s has no SMS in every language", n.kind)
		}
		for _, l := range text.Languages {
			words := n.words(longest, link, quoted("өте жеке мәтін"))(l).SMS
			if units := len(utf16.Encode([]rune(words))); units > onePart {
				t.Errorf("%s in %s has %d units: %s", n.kind, l, units, words)
			}
			for _, never := range []string{longest.Service.In(l), "жеке", link} {
				if strings.Contains(words, never) {
					t.Errorf("%s in %s says %q: %s", n.kind, l, never, words)
				}
			}
			if !strings.Contains(words, longest.Number) {
				t.Errorf("%s in %s does not say the number: %s", n.kind, l, words)
			}
		}
	}
}

func TestExecutorsGetNoSMS(t *testing.T) {
	t.Parallel()
	for _, n := range toExecutors {
		if words := n.words(longest, link)(text.Kazakh).SMS; words != "" {
			t.Errorf("%s has the SMS %q", n.kind, words)
		}
	}
}

func TestTheManagersOwnNoticeHasThreeParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wrote := rapid.StringN(1, 400, -1).Draw(t, "text")
		for _, l := range text.Languages {
			words := withText(own.words(longest, link, quoted(wrote)), wrote)(l).SMS
			units := len(utf16.Encode([]rune(words)))
			if units > mostUnits {
				t.Fatalf("%d units in %s: %s", units, l, words)
			}
			said := own.words(longest, link)(l).SMS + strings.Join(strings.Fields(wrote), " ")
			if whole := len(utf16.Encode([]rune(said))) <= mostUnits; whole && words != said {
				t.Fatalf("%q became %q though it fits", said, words)
			} else if cutOff := strings.TrimSuffix(words, "…"); !whole && (cutOff == words || !strings.HasPrefix(said, cutOff)) {
				t.Fatalf("%q became %q", said, words)
			}
		}
	})
}

func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	for _, code := range slices.Concat(application.ReturnReasons, application.RefusalReasons) {
		if words := reasons[code]; code != "other" && !words.Complete() {
			t.Errorf("the reason %s has no words in every language", code)
		}
	}
}
