package reactors

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/text"
)

// notice is what can be told of an application. An SMS in Cyrillic has 70 characters, so that its words are few; they name
// the application by nothing but its number. Every SMS has one gap for the number.
type notice struct {
	kind    string // what notification.Requested keeps
	sms     text.Text
	subject text.Text // of the e-mail; one gap for the number
	email   text.Text // its first sentence; gaps for the number and the service
}

// The notices to applicants.
var (
	submitted = notice{
		kind:    "status-submitted",
		sms:     text.Text{KK: "№%s өтініміңіз жіберілді.", RU: "Заявка №%s отправлена.", EN: "Application No. %s was sent."},
		subject: text.Text{KK: "№%s өтінім жіберілді", RU: "Заявка №%s отправлена", EN: "Application No. %s was sent"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз жіберілді.",
			RU: "Ваша заявка №%[1]s на услугу «%[2]s» отправлена.",
			EN: "Your application No. %[1]s for “%[2]s” was sent.",
		},
	}
	resubmitted = notice{
		kind:    "status-resubmitted",
		sms:     text.Text{KK: "№%s өтініміңіз қайта жіберілді.", RU: "Заявка №%s отправлена повторно.", EN: "Application No. %s was sent again."},
		subject: text.Text{KK: "№%s өтінім қайта жіберілді", RU: "Заявка №%s отправлена повторно", EN: "Application No. %s was sent again"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша толықтырылған №%[1]s өтініміңіз қайта жіберілді.",
			RU: "Ваша дополненная заявка №%[1]s на услугу «%[2]s» отправлена повторно.",
			EN: "Your completed application No. %[1]s for “%[2]s” was sent again.",
		},
	}
	inWork = notice{
		kind:    "status-in_work",
		sms:     text.Text{KK: "№%s өтініміңіз жұмысқа алынды.", RU: "Заявка №%s взята в работу.", EN: "Application No. %s is in work."},
		subject: text.Text{KK: "№%s өтінім жұмысқа алынды", RU: "Заявка №%s взята в работу", EN: "Application No. %s is in work"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз жұмысқа алынды.",
			RU: "Ваша заявка №%[1]s на услугу «%[2]s» взята в работу.",
			EN: "Your application No. %[1]s for “%[2]s” is in work.",
		},
	}
	returned = notice{
		kind:    "status-returned",
		sms:     text.Text{KK: "№%s өтінім толықтыруға қайтарылды.", RU: "Заявка №%s возвращена на доработку.", EN: "Application No. %s was returned for completion."},
		subject: text.Text{KK: "№%s өтінім толықтыруға қайтарылды", RU: "Заявка №%s возвращена на доработку", EN: "Application No. %s was returned for completion"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз толықтыруға қайтарылды. Толықтырып, қайта жіберіңіз.",
			RU: "Ваша заявка №%[1]s на услугу «%[2]s» возвращена на доработку. Дополните её и отправьте снова.",
			EN: "Your application No. %[1]s for “%[2]s” was returned. Complete it and send it again.",
		},
	}
	answered = notice{
		kind:    "status-answered",
		sms:     text.Text{KK: "№%s өтініміңізге жауап берілді.", RU: "По заявке №%s дан ответ.", EN: "Application No. %s was answered."},
		subject: text.Text{KK: "№%s өтінімге жауап берілді", RU: "По заявке №%s дан ответ", EN: "Application No. %s was answered"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңізге жауап берілді.",
			RU: "По вашей заявке №%[1]s на услугу «%[2]s» дан ответ.",
			EN: "Your application No. %[1]s for “%[2]s” was answered.",
		},
	}
	approved = notice{
		kind:    "status-approved",
		sms:     text.Text{KK: "№%s өтініміңіз мақұлданды.", RU: "Заявка №%s одобрена.", EN: "Application No. %s was approved."},
		subject: text.Text{KK: "№%s өтінім мақұлданды", RU: "Заявка №%s одобрена", EN: "Application No. %s was approved"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз мақұлданды.",
			RU: "Ваша заявка №%[1]s на услугу «%[2]s» одобрена.",
			EN: "Your application No. %[1]s for “%[2]s” was approved.",
		},
	}
	refused = notice{
		kind:    "status-refused",
		sms:     text.Text{KK: "№%s өтінім бойынша бас тартылды.", RU: "По заявке №%s отказано.", EN: "Application No. %s was refused."},
		subject: text.Text{KK: "№%s өтінім: бас тарту туралы хабарлама", RU: "Заявка №%s: уведомление об отказе", EN: "Application No. %s: notice of refusal"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңізден бас тартылды. Өтінім аяқталды.",
			RU: "По вашей заявке №%[1]s на услугу «%[2]s» отказано. Заявка завершена.",
			EN: "Your application No. %[1]s for “%[2]s” was refused. It is completed.",
		},
	}
	toSign = notice{
		kind:    "document-to-sign",
		sms:     text.Text{KK: "№%s өтінім: құжатқа қол қойыңыз.", RU: "Заявка №%s: подпишите документ.", EN: "Application No. %s: sign a document."},
		subject: text.Text{KK: "№%s өтінім: қол қойылатын құжат", RU: "Заявка №%s: документ на подпись", EN: "Application No. %s: a document to sign"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңізде қол қойылатын құжат бар.",
			RU: "По вашей заявке №%[1]s на услугу «%[2]s» есть документ на подпись.",
			EN: "There is a document to sign in your application No. %[1]s for “%[2]s”.",
		},
	}
	signed = notice{
		kind:    "document-signed",
		sms:     text.Text{KK: "№%s өтінім: құжатқа қол қойылды.", RU: "Заявка №%s: документ подписан.", EN: "Application No. %s: the document is signed."},
		subject: text.Text{KK: "№%s өтінім: құжатқа қол қойылды", RU: "Заявка №%s: документ подписан", EN: "Application No. %s: the document is signed"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіздегі құжатқа барлық тарап қол қойды.",
			RU: "Документ по вашей заявке №%[1]s на услугу «%[2]s» подписан всеми сторонами.",
			EN: "The document in your application No. %[1]s for “%[2]s” is signed by all.",
		},
	}
	completed = notice{
		kind:    "status-completed",
		sms:     text.Text{KK: "№%s өтініміңіз аяқталды.", RU: "Заявка №%s завершена.", EN: "Application No. %s is completed."},
		subject: text.Text{KK: "№%s өтінім аяқталды", RU: "Заявка №%s завершена", EN: "Application No. %s is completed"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз аяқталды.",
			RU: "Ваша заявка №%[1]s на услугу «%[2]s» завершена.",
			EN: "Your application No. %[1]s for “%[2]s” is completed.",
		},
	}
	withdrawn = notice{
		kind:    "status-withdrawn",
		sms:     text.Text{KK: "№%s өтініміңіз қайтарып алынды.", RU: "Заявка №%s отозвана.", EN: "Application No. %s was withdrawn."},
		subject: text.Text{KK: "№%s өтінім қайтарып алынды", RU: "Заявка №%s отозвана", EN: "Application No. %s was withdrawn"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз қайтарып алынды.",
			RU: "Ваша заявка №%[1]s на услугу «%[2]s» отозвана.",
			EN: "Your application No. %[1]s for “%[2]s” was withdrawn.",
		},
	}
	message = notice{
		kind:    "message",
		sms:     text.Text{KK: "№%s өтінім: жаңа хабарлама бар.", RU: "Заявка №%s: новое сообщение.", EN: "Application No. %s: a new message."},
		subject: text.Text{KK: "№%s өтінім: жаңа хабарлама", RU: "Заявка №%s: новое сообщение", EN: "Application No. %s: a new message"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңізге хабарлама келді.",
			RU: "По вашей заявке №%[1]s на услугу «%[2]s» пришло сообщение.",
			EN: "There is a message about your application No. %[1]s for “%[2]s”.",
		},
	}
	own = notice{ // its SMS is what the manager wrote
		kind:    "notice",
		sms:     text.Text{KK: "№%s өтінім: ", RU: "Заявка №%s: ", EN: "Application No. %s: "},
		subject: text.Text{KK: "№%s өтінім бойынша хабарлама", RU: "Уведомление по заявке №%s", EN: "A notice about application No. %s"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіз туралы менеджердің хабарламасы:",
			RU: "Уведомление менеджера по вашей заявке №%[1]s на услугу «%[2]s»:",
			EN: "A notice from the manager about your application No. %[1]s for “%[2]s”:",
		},
	}
	signReminder = notice{
		kind:    "reminder-signature",
		sms:     text.Text{KK: "№%s өтінім: құжат қолыңызды күтуде.", RU: "Заявка №%s: документ ждёт подписи.", EN: "Application No. %s awaits your signature."},
		subject: text.Text{KK: "№%s өтінім: құжат қолыңызды күтуде", RU: "Заявка №%s: документ ждёт вашей подписи", EN: "Application No. %s: a document awaits your signature"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтініміңіздегі құжат қолыңызды күтуде.",
			RU: "Документ по вашей заявке №%[1]s на услугу «%[2]s» ждёт вашей подписи.",
			EN: "A document in your application No. %[1]s for “%[2]s” awaits your signature.",
		},
	}
	questionnaireReminder = notice{
		kind:    "reminder-questionnaire",
		sms:     text.Text{KK: "№%s өтінім: қызмет сапасын бағалаңыз.", RU: "Заявка №%s: оцените качество услуги.", EN: "Application No. %s: please rate the service."},
		subject: text.Text{KK: "№%s өтінім: қызмет сапасын бағалаңыз", RU: "Заявка №%s: оцените качество услуги", EN: "Application No. %s: please rate the service"},
		email: text.Text{
			KK: "№%[1]s өтінім бойынша көрсетілген «%[2]s» қызметінің сапасын бағалауыңызды сұраймыз.",
			RU: "Оцените, пожалуйста, качество услуги «%[2]s», оказанной по заявке №%[1]s.",
			EN: "Please rate the service “%[2]s” that you got by application No. %[1]s.",
		},
	}
	completionReminder = notice{
		kind:    "reminder-completion",
		sms:     text.Text{KK: "№%s өтінім толықтыруыңызды күтуде.", RU: "Заявка №%s ждёт доработки.", EN: "Application No. %s awaits completion."},
		subject: text.Text{KK: "№%s өтінім толықтыруыңызды күтуде", RU: "Заявка №%s ждёт доработки", EN: "Application No. %s awaits completion"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтінім толықтырып, қайта жіберуіңізді күтуде.",
			RU: "Заявка №%[1]s на услугу «%[2]s» ждёт, чтобы вы её дополнили и отправили снова.",
			EN: "Application No. %[1]s for “%[2]s” waits for you to complete it and send it again.",
		},
	}
)

// The notices to executors, by e-mail alone.
var (
	assigned = notice{
		kind:    "assigned",
		subject: text.Text{KK: "Сізге №%s өтінім тағайындалды", RU: "Вам назначена заявка №%s", EN: "Application No. %s was assigned to you"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтінімге орындаушы болып тағайындалдыңыз.",
			RU: "Вы назначены исполнителем заявки №%[1]s на услугу «%[2]s».",
			EN: "You were made an executor of application No. %[1]s for “%[2]s”.",
		},
	}
	dueSoon = notice{
		kind:    "due-soon",
		subject: text.Text{KK: "№%s өтінімнің мерзімі жақындады", RU: "Подходит срок заявки №%s", EN: "Application No. %s is due soon"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтінімнің мерзімі жақындады.",
			RU: "Подходит срок заявки №%[1]s на услугу «%[2]s».",
			EN: "Application No. %[1]s for “%[2]s” is due soon.",
		},
	}
	overdue = notice{
		kind:    "overdue",
		subject: text.Text{KK: "№%s өтінімнің мерзімі өтті", RU: "Срок заявки №%s истёк", EN: "Application No. %s is overdue"},
		email: text.Text{
			KK: "«%[2]s» қызметі бойынша №%[1]s өтінімнің мерзімі өтіп кетті.",
			RU: "Срок заявки №%[1]s на услугу «%[2]s» истёк.",
			EN: "Application No. %[1]s for “%[2]s” is overdue.",
		},
	}
)

// reminders are the notices of what only the applicant can do.
var reminders = map[string]notice{
	"signature": signReminder, "questionnaire": questionnaireReminder, "completion": completionReminder,
}

// reasons are the words for the codes of returns and refusals.
var reasons = map[string]text.Text{
	"documents-incomplete": {KK: "Құжаттар толық емес.", RU: "Документы неполны.", EN: "The documents are incomplete."},
	"data-incorrect":       {KK: "Деректер қате.", RU: "Данные неверны.", EN: "The data is incorrect."},
	"clarification-needed": {KK: "Нақтылау қажет.", RU: "Нужны уточнения.", EN: "Clarification is needed."},
	"requirements-not-met": {KK: "Өтінім талаптарға сай емес.", RU: "Заявка не соответствует требованиям.", EN: "The application does not meet the requirements."},
	"budget-exhausted":     {KK: "Қаражат таусылды.", RU: "Средства исчерпаны.", EN: "The budget is exhausted."},
	"duplicate":            {KK: "Мұндай өтінім бұрын берілген.", RU: "Такая заявка уже подана.", EN: "There is such an application already."},
}

// outcomes are the words for how an application ended, where the notice does not say it.
var outcomes = map[application.Outcome]text.Text{
	application.OutcomeNotSigned: {
		KK: "Құжатқа мерзімінде қол қойылмады.", RU: "Документ не был подписан в срок.", EN: "The document was not signed in time.",
	},
}

// footer leads back to the portal.
var footer = text.Text{
	KK: "Өтінімді порталда ашыңыз: %s",
	RU: "Откройте заявку на портале: %s",
	EN: "Open the application in the portal: %s",
}

var automatic = text.Text{
	KK: "Бұл хат автоматты түрде жіберілді, оған жауап бермеңіз.",
	RU: "Это письмо отправлено автоматически, не отвечайте на него.",
	EN: "This message was sent automatically, please do not reply.",
}

// words gives the words of a notice about an application. More is what the e-mail says beside, such as the response itself.
func (n notice) words(app commands.NoticeApplication, link string, more ...func(text.Language) string) func(text.Language) commands.NoticeWords {
	return func(l text.Language) commands.NoticeWords {
		paragraphs := []string{fmt.Sprintf(n.email.In(l), app.Number, app.Service.In(l))}
		for _, say := range more {
			if said := say(l); said != "" {
				paragraphs = append(paragraphs, said)
			}
		}
		if link != "" {
			paragraphs = append(paragraphs, fmt.Sprintf(footer.In(l), link))
		}
		paragraphs = append(paragraphs, automatic.In(l))
		w := commands.NoticeWords{
			Subject: fmt.Sprintf(n.subject.In(l), app.Number),
			Email:   strings.Join(paragraphs, "\n\n") + "\n",
		}
		if short := n.sms.In(l); short != "" {
			w.SMS = fmt.Sprintf(short, app.Number)
		}
		return w
	}
}

// withText puts what a manager wrote into the SMS, as far as three parts go.
func withText(words func(text.Language) commands.NoticeWords, wrote string) func(text.Language) commands.NoticeWords {
	return func(l text.Language) commands.NoticeWords {
		w := words(l)
		w.SMS = cut(w.SMS+strings.Join(strings.Fields(wrote), " "), mostUnits)
		return w
	}
}

const (
	onePart   = 70     // UTF-16 units of an SMS in one part
	mostUnits = 3 * 67 // of one in three
)

// cut shortens words to a number of UTF-16 units, the last of which then is an ellipsis.
func cut(words string, units int) string {
	if len(utf16.Encode([]rune(words))) <= units {
		return words
	}
	used := 1
	for i, r := range words {
		if used += utf16.RuneLen(r); used > units {
			return strings.TrimRight(words[:i], " ") + "…"
		}
	}
	return words
}

// quoted says in every language what somebody wrote.
func quoted(wrote string) func(text.Language) string {
	return func(text.Language) string { return wrote }
}

// because says the reason that a code stands for; nothing where the code says nothing.
func because(code string) func(text.Language) string {
	return func(l text.Language) string { return reasons[code].In(l) }
}
