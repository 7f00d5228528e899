package casefile

import "services.example/portal/domain/text"

// words are those of the report. What happened is worded in readapi/sentences.
var words = map[string]text.Text{
	"title": {KK: "Өтінім ісі № ", RU: "Дело заявки № ", EN: "Case of application "},
	"lead": {
		KK: "Бұл есеп істің жазбаларынан жасалған. Тексеру бағдарламасы оны сол жазбалардан қайта жасап, салыстырады.",
		RU: "Этот отчёт составлен по записям дела. Программа проверки составляет его заново по тем же записям и сравнивает.",
		EN: "This report is made of the records of the case. The program that checks it makes it again of the same records and compares.",
	},
	"lead-names": {
		KK: "Адамдардың аты-жөні іс жазбаларына кірмейді: оларды портал есеп жасалғанда қосқан.",
		RU: "Имена людей не входят в записи дела: их добавил портал при составлении отчёта.",
		EN: "The names of people are no part of the records: the portal added them when the report was made.",
	},
	"yes": {KK: "иә", RU: "да", EN: "yes"}, "no": {KK: "жоқ", RU: "нет", EN: "no"},

	"applicant":   {KK: "Өтініш беруші", RU: "Заявитель", EN: "Applicant"},
	"service":     {KK: "Қызмет", RU: "Услуга", EN: "Service"},
	"version":     {KK: "Қызмет нұсқасы", RU: "Версия услуги", EN: "Version of the service"},
	"provider":    {KK: "Қызмет көрсетуші", RU: "Услугодатель", EN: "Provider"},
	"status":      {KK: "Мәртебе", RU: "Статус", EN: "Status"},
	"outcome":     {KK: "Нәтиже", RU: "Итог", EN: "Outcome"},
	"executors":   {KK: "Орындаушылар", RU: "Исполнители", EN: "Case managers"},
	"started":     {KK: "Басталды", RU: "Начата", EN: "Started"},
	"submitted":   {KK: "Жіберілді", RU: "Отправлена", EN: "Sent"},
	"due":         {KK: "Мерзімі", RU: "Срок", EN: "Due"},
	"withdrawn":   {KK: "Қайтарып алынды", RU: "Отозвана", EN: "Withdrawn"},
	"completed":   {KK: "Аяқталды", RU: "Завершена", EN: "Completed"},
	"as-of":       {KK: "Соңғы жазба", RU: "Последняя запись", EN: "Last record"},
	"erased-name": {KK: "(дерегі жойылған)", RU: "(данные уничтожены)", EN: "(data erased)"},

	"form":       {KK: "Өтінімнің мазмұны", RU: "Содержание заявки", EN: "What the application says"},
	"form-empty": {KK: "Толтырылған жоқ.", RU: "Не заполнено.", EN: "Nothing was filled in."},
	"step-empty": {KK: "толтырылмаған", RU: "не заполнено", EN: "not filled in"},

	"files":       {KK: "Файлдар", RU: "Файлы", EN: "Files"},
	"files-empty": {KK: "Файл жоқ.", RU: "Файлов нет.", EN: "There are no files."},
	"size":        {KK: "Көлемі, байт", RU: "Размер, байт", EN: "Size, bytes"},
	"in-bundle":   {KK: "Топтамадағы орны", RU: "Место в пакете", EN: "In the bundle"},

	"documents":       {KK: "Құжаттар мен қолтаңбалар", RU: "Документы и подписи", EN: "Documents and signatures"},
	"documents-empty": {KK: "Құжат берілген жоқ.", RU: "Документы не выдавались.", EN: "No document was issued."},
	"act":             {KK: "Көрсетілген қызметтер актісі", RU: "Акт оказанных услуг", EN: "Act of services rendered"},
	"agreement":       {KK: "Келісім", RU: "Соглашение", EN: "Agreement"},
	"result":          {KK: "Нәтиже құжаты", RU: "Документ результата", EN: "Result"},
	"superseded":      {KK: "Келесі нұсқамен ауыстырылған", RU: "Заменён следующей версией", EN: "Replaced by a later version"},
	"signed-by-all":   {KK: "Барлығы қол қойды", RU: "Подписан всеми", EN: "Signed by all"},
	"sign-applicant":  {KK: "Өтініш берушінің қолтаңбасы", RU: "Подпись заявителя", EN: "Signature of the applicant"},
	"sign-provider":   {KK: "Қызмет көрсетушінің қолтаңбасы", RU: "Подпись услугодателя", EN: "Signature of the provider"},
	"eds":             {KK: "ЭЦҚ", RU: "ЭЦП", EN: "digital signature"},
	"acceptance":      {KK: "батырмамен келісім", RU: "согласие нажатием кнопки", EN: "acceptance by a button"},
	"waiting":         {KK: "күтілуде", RU: "ожидается", EN: "waited for"},
	"evidence":        {KK: "Дәлелдер", RU: "Доказательства", EN: "Evidence"},

	"thread":       {KK: "Хат алмасу", RU: "Переписка", EN: "Correspondence"},
	"thread-empty": {KK: "Хабарлама жоқ.", RU: "Сообщений нет.", EN: "There are no messages."},
	"of-applicant": {KK: "өтініш беруші", RU: "заявитель", EN: "applicant"},
	"of-staff":     {KK: "қызмет көрсетуші", RU: "услугодатель", EN: "provider"},
	"attached":     {KK: "Тіркелген файл", RU: "Приложен файл", EN: "Attached"},
	"notice":       {KK: "Хабарлама (SMS немесе пошта арқылы да)", RU: "Уведомление (также по SMS или почте)", EN: "Notice, also by SMS or e-mail"},

	"readings":       {KK: "Кім, қашан, қай жерге дейін оқыды", RU: "Кто, когда и докуда прочитал", EN: "Who had read how far, and when"},
	"readings-empty": {KK: "Оқылғаны туралы жазба жоқ.", RU: "Записей о прочтении нет.", EN: "There are no records of reading."},
	"read-up-to": {
		KK: "оқылған хабарламалар: %d; өтінім оқиғалары: %d", RU: "прочитано сообщений: %d; событий заявки: %d",
		EN: "messages read: %d; events of the application: %d",
	},

	"notices":       {KK: "SMS және электрондық пошта", RU: "SMS и электронная почта", EN: "SMS and e-mail"},
	"notices-empty": {KK: "Ештеңе жіберілген жоқ.", RU: "Ничего не отправлялось.", EN: "Nothing was sent."},
	"requested":     {KK: "сұралды", RU: "запрошено", EN: "asked for"},
	"postponed":     {KK: "кейінге қалдырылды", RU: "отложено", EN: "postponed"},
	"sent":          {KK: "жіберілді", RU: "отправлено", EN: "sent"},
	"delivered":     {KK: "жеткізілді", RU: "доставлено", EN: "delivered"},
	"failed":        {KK: "жеткізілмеді", RU: "не доставлено", EN: "failed"},
	"resumed":       {KK: "қайта сұралды", RU: "возобновлено", EN: "taken up again"},

	"notes":       {KK: "Ішкі жазбалар", RU: "Внутренние заметки", EN: "Internal notes"},
	"notes-empty": {KK: "Жазба жоқ.", RU: "Заметок нет.", EN: "There are none."},

	"chronicle": {KK: "Оқиғалар тізбегі", RU: "Хронология", EN: "What happened, record by record"},
	"chronicle-lead": {
		KK: "Әр жолдың алдында: жазбаның журналдағы нөмірі, ағыны және ондағы реті. Уақыт Алматы бойынша.",
		RU: "В начале строки: номер записи в журнале, её поток и место в нём. Время алматинское.",
		EN: "Each begins with the number of the record in the log, its stream, and its place there. Times are those of Almaty.",
	},
	"chronicle-more": {
		KK: "Тағы %d жазба events.ndjson файлында.", RU: "Ещё %d записей — в файле events.ndjson.", EN: "%d more records are in events.ndjson.",
	},

	"proof": {KK: "Қалай тексеруге болады", RU: "Как проверить", EN: "How to check this"},
	"proof-lead": {
		KK: "Порталсыз және интернетсіз: portal audit verify-bundle ФАЙЛ --key КІЛТ. Кілтті сенімді жерден алыңыз.",
		RU: "Без портала и без сети: portal audit verify-bundle ФАЙЛ --key КЛЮЧ. Ключ возьмите из надёжного источника.",
		EN: "Without the portal and without a network: portal audit verify-bundle FILE --key KEY. Take the key from where you trust it.",
	},
	"log-key":  {KK: "Журналдың ашық кілті", RU: "Открытый ключ журнала", EN: "Public key of the log"},
	"log-size": {KK: "Қол қойылған журналдағы жазбалар", RU: "Записей в подписанном журнале", EN: "Records in the signed log"},
	"log-root": {KK: "Журнал ағашының түбірі", RU: "Корень дерева журнала", EN: "Root of the log's tree"},
	"log-at":   {KK: "Қол қойылған уақыт", RU: "Время подписи", EN: "Signed at"},
	"records":  {KK: "Істегі жазбалар", RU: "Записей в деле", EN: "Records of the case"},
	"erased-records": {
		KK: "Дербес деректері жойылған жазбалар", RU: "Записей, где персональные данные уничтожены", EN: "Records whose personal data was erased",
	},

	"status-draft":              {KK: "жоба", RU: "черновик", EN: "draft"},
	"status-submitted":          {KK: "жіберілді", RU: "отправлена", EN: "sent"},
	"status-in_work":            {KK: "жұмыста", RU: "в работе", EN: "in work"},
	"status-returned":           {KK: "толықтыруға қайтарылды", RU: "возвращена на доработку", EN: "returned for completion"},
	"status-answered":           {KK: "жауап берілді", RU: "дан ответ", EN: "answered"},
	"status-approved":           {KK: "мақұлданды", RU: "одобрена", EN: "approved"},
	"status-awaiting_signature": {KK: "қол қоюды күтуде", RU: "ожидает подписи", EN: "awaiting signature"},
	"status-refused":            {KK: "бас тартылды", RU: "отказано", EN: "refused"},
	"status-completed":          {KK: "аяқталды", RU: "завершена", EN: "completed"},
	"status-withdrawn":          {KK: "қайтарып алынды", RU: "отозвана", EN: "withdrawn"},
	"status-deleted":            {KK: "жоба жойылды", RU: "черновик удалён", EN: "draft deleted"},

	"outcome-answered":   {KK: "жауап берілді", RU: "дан ответ", EN: "answered"},
	"outcome-approved":   {KK: "оң шешім", RU: "положительное решение", EN: "positive decision"},
	"outcome-refused":    {KK: "бас тарту", RU: "отказ", EN: "refusal"},
	"outcome-not-signed": {KK: "құжатқа қол қойылмады", RU: "документ не подписан", EN: "the document was not signed"},

	"questionnaire": {KK: "Сауалнама", RU: "Анкета", EN: "Questionnaire"},
}
