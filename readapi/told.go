package readapi

import (
	"time"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/text"
	"services.example/portal/projections/lifecycle"
)

// happened words what a timeline and a thread say. What it concerns may follow after a colon.
var happened = map[string]text.Text{
	lifecycle.DraftStarted:     {KK: "Жоба басталды", RU: "Начат черновик", EN: "The draft was started"},
	lifecycle.StepSaved:        {KK: "Деректер сақталды", RU: "Данные сохранены", EN: "Data was saved"},
	lifecycle.FileAttached:     {KK: "Файл тіркелді", RU: "Файл приложен", EN: "A file was attached"},
	lifecycle.FileRemoved:      {KK: "Файл алынып тасталды", RU: "Файл убран", EN: "A file was removed"},
	lifecycle.FileUploaded:     {KK: "Файл жүктелді", RU: "Файл загружен", EN: "A file was uploaded"},
	lifecycle.Submitted:        {KK: "Өтінім жіберілді", RU: "Заявка отправлена", EN: "The application was sent"},
	lifecycle.Withdrawn:        {KK: "Өтінім қайтарып алынды", RU: "Заявка отозвана", EN: "The application was withdrawn"},
	lifecycle.ExecutorAssigned: {KK: "Орындаушы тағайындалды", RU: "Назначен исполнитель", EN: "A case manager was assigned"},
	lifecycle.ExecutorRemoved: {
		KK: "Орындаушы өтінімнен босатылды", RU: "Исполнитель снят с заявки", EN: "A case manager was removed",
	},
	lifecycle.TakenIntoWork: {KK: "Өтінім жұмысқа алынды", RU: "Заявка принята в работу", EN: "The application was taken into work"},
	lifecycle.Returned: {
		KK: "Өтінім толықтыруға қайтарылды", RU: "Заявка возвращена на доработку", EN: "The application was returned for completion",
	},
	lifecycle.Resubmitted: {KK: "Өтінім қайта жіберілді", RU: "Заявка отправлена повторно", EN: "The application was sent again"},
	lifecycle.Answered:    {KK: "Жауап-кеңес берілді", RU: "Дан ответ-консультация", EN: "The response was given"},
	lifecycle.Approved:    {KK: "Оң шешім қабылданды", RU: "Принято положительное решение", EN: "The decision is positive"},
	lifecycle.Refused:     {KK: "Бас тарту туралы хабарлама", RU: "Уведомление об отказе", EN: "Notice of refusal"},
	lifecycle.DocumentIssued: {
		KK: "Құжат берілді", RU: "Выдан документ", EN: "A document was issued",
	},
	lifecycle.DocumentSigned: {
		KK: "Құжатқа сәтті қол қойылды", RU: "Документ успешно подписан", EN: "The document has been signed",
	},
	lifecycle.QuestionnaireAnswered: {KK: "Сауалнама толтырылды", RU: "Анкета заполнена", EN: "The questionnaire was answered"},
	lifecycle.Completed:             {KK: "Өтінім аяқталды", RU: "Заявка завершена", EN: "The application is completed"},
	lifecycle.DueDateMoved:          {KK: "Мерзім өзгертілді", RU: "Срок изменён", EN: "The due date was changed"},
	lifecycle.DueSoon:               {KK: "Мерзім аяқталуға жақын", RU: "Срок скоро истекает", EN: "The due date is near"},
	lifecycle.Overdue:               {KK: "Мерзім өтіп кетті", RU: "Срок истёк", EN: "The due date has passed"},
	lifecycle.Reminded:              {KK: "Еске салу", RU: "Напоминание", EN: "Reminder"},
}

// details words the reasons, kinds of documents, outcomes and reminders of lines.
var details = map[string]text.Text{
	"documents-incomplete": {KK: "құжаттар толық емес", RU: "документы неполные", EN: "documents are incomplete"},
	"data-incorrect":       {KK: "деректер дұрыс емес", RU: "данные неверны", EN: "data is incorrect"},
	"clarification-needed": {KK: "нақтылау қажет", RU: "требуется уточнение", EN: "a clarification is needed"},
	"requirements-not-met": {KK: "талаптарға сәйкес емес", RU: "не соответствует требованиям", EN: "requirements are not met"},
	"budget-exhausted":     {KK: "бюджет қаражаты таусылды", RU: "бюджет исчерпан", EN: "the budget is exhausted"},
	"duplicate":            {KK: "өтінім қайталанған", RU: "заявка повторная", EN: "the application is a duplicate"},
	"other":                {KK: "басқа себеп", RU: "другая причина", EN: "another reason"},

	"act":       {KK: "көрсетілген қызметтер актісі", RU: "акт оказанных услуг", EN: "act of services rendered"},
	"agreement": {KK: "келісім", RU: "соглашение", EN: "agreement"},
	"result":    {KK: "нәтиже", RU: "результат", EN: "result"},

	"answered":   {KK: "жауап берілді", RU: "дан ответ", EN: "answered"},
	"approved":   {KK: "оң шешім", RU: "положительное решение", EN: "positive decision"},
	"refused":    {KK: "теріс шешім", RU: "отрицательное решение", EN: "negative decision"},
	"not-signed": {KK: "құжатқа қол қойылмады", RU: "документ не подписан", EN: "the document was not signed"},

	"signature":     {KK: "құжатқа қол қойыңыз", RU: "подпишите документ", EN: "please sign the document"},
	"questionnaire": {KK: "сауалнаманы толтырыңыз", RU: "заполните анкету", EN: "please fill in the questionnaire"},
	"completion":    {KK: "өтінімді толықтырыңыз", RU: "дополните заявку", EN: "please complete the application"},
}

// system is what a thread calls the author of its system messages.
var system = text.Text{KK: "Жүйе", RU: "Система", EN: "System"}

// told words a line in the reader's language.
func told(line *lifecycle.Line, names map[string]string, l text.Language) string {
	words := happened[line.What].In(l)
	switch {
	case line.Person != "" && names[line.Person] != "":
		return words + ": " + names[line.Person]
	case details[line.Detail] != (text.Text{}):
		return words + ": " + details[line.Detail].In(l)
	case line.DueAt != nil:
		return words + ": " + dayOf(*line.DueAt)
	default:
		return words
	}
}

// dayOf writes the day of a moment as people in Kazakhstan do.
func dayOf(at time.Time) string { return calendar.Local(at).Format("02.01.2006") }
