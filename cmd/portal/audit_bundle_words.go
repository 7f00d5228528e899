package main

import "services.example/portal/domain/text"

// bundleWords are what is said of the bundle of a case that is checked.
var bundleWords = map[string]text.Text{
	"files": {
		KK: "Файл бүтін: ішіндегі %d файлдың әрқайсысы тізімдегідей.", RU: "Файл цел: каждый из %d файлов в нём таков, как в описи.",
		EN: "The file is whole: each of the %d files in it is the one in the list.",
	},
	"files-wrong": {
		KK: "Бұл іс топтамасы емес немесе ол бүлінген.", RU: "Это не пакет дела, или он повреждён.", EN: "This is no bundle of a case, or it was damaged.",
	},
	"no-key": {
		KK: "Кілт берілмеді: топтаманың өз кілті алынды, оны кез келген адам жасай алады. Портал жариялаған кілтпен салыстырыңыз: %s",
		RU: "Ключ не дан: взят ключ из самого пакета, его мог сделать кто угодно. Сравните с ключом, который публикует портал: %s",
		EN: "No key was given: that of the bundle itself is taken, which anybody can have made. Compare it with the one that the portal publishes: %s",
	},
	"statement": {
		KK: "Тізімге портал журналының кілтімен қол қойылған.", RU: "Опись подписана ключом журнала портала.",
		EN: "The list is signed with the key of the portal's log.",
	},
	"statement-wrong": {
		KK: "Тізімге бұл кілтпен қол қойылмаған.", RU: "Опись не подписана этим ключом.", EN: "The list is not signed with this key.",
	},
	"checkpoint": {
		KK: "Журналдың қол қойылған күйі: %d жазба, %s.", RU: "Подписанное состояние журнала: %d записей, %s.",
		EN: "Signed state of the log: %d records, %s.",
	},
	"checkpoint-wrong": {
		KK: "Журнал күйінің қолтаңбасы жарамсыз.", RU: "Подпись состояния журнала недействительна.", EN: "The signature of the log's state is not valid.",
	},
	"no-witness": {
		KK: "Куәнің кілті берілмеді (--witness): порталдың құпия кілті қолында бар адам басқа журнал жасай алар еді.",
		RU: "Ключ свидетеля не дан (--witness): владелец секретного ключа портала мог бы составить и другой журнал.",
		EN: "No key of a witness was given (--witness): whoever holds the portal's own secret key could have made another log.",
	},
	"witness": {KK: "Куә қол қойды: %s, %s.", RU: "Подписал свидетель: %s, %s.", EN: "Signed by a witness: %s, %s."},
	"witness-missing": {
		KK: "Аталған куәлердің %d қол қоймаған.", RU: "Не подписали названные свидетели: %d.", EN: "Of the named witnesses have not signed: %d.",
	},
	"records": {
		KK: "%d жазбаның бәрі сол журналда, өз орнында (№ %d – № %d): ешқайсысы өзгертілмеген, қосылмаған, орны ауыстырылмаған.",
		RU: "Все %d записей — в этом журнале, на своих местах (№ %d – № %d): ни одна не изменена, не вставлена и не переставлена.",
		EN: "All %d records are in that log, each at its place (no. %d to no. %d): none was changed, inserted or reordered.",
	},
	"records-wrong": {
		KK: "Жазба журналға сай келмейді.", RU: "Запись не соответствует журналу.", EN: "A record does not fit the log.",
	},
	"whole": {
		KK: "Істің %d ағыны үзіліссіз, басқа істің жазбасы жоқ.", RU: "Все %d потоков дела без пропусков, чужих записей нет.",
		EN: "The %d streams of the case have no gaps, and no record is of another case.",
	},
	"whole-wrong": {
		KK: "Жазбалар бір істің толық жазбалары емес.", RU: "Записи не составляют одного полного дела.",
		EN: "The records are not those of one whole case.",
	},
	"fields": {
		KK: "Шифрланған деректер дәл сол жазылғандары: %d жазба.", RU: "Зашифрованные данные — именно те, что были записаны: %d записей.",
		EN: "What is shown of encrypted data is what was recorded: %d records.",
	},
	"fields-wrong": {
		KK: "Көрсетілген деректер жазбадағы емес.", RU: "Показаны не те данные, что в записи.", EN: "What is shown is not what was recorded.",
	},
	"fields-unbound": {
		KK: "%d ескі жазбаның шифрланған деректерін портал сөзі ғана растайды.", RU: "Зашифрованные данные %d старых записей подтверждает лишь слово портала.",
		EN: "For the encrypted data of %d old records there is the portal's word alone.",
	},
	"fields-sealed": {
		KK: "%d жазбаның дербес деректері жойылған немесе көрсетілмеген.", RU: "Персональные данные %d записей уничтожены или не показаны.",
		EN: "The personal data of %d records was erased, or is not shown.",
	},
	"unknown-event": {
		KK: "Бағдарлама бұл түрді білмейді: %s. Жаңа нұсқасын алыңыз.", RU: "Программа не знает этого вида: %s. Возьмите более новую.",
		EN: "This program does not know the type %s. Take a newer one.",
	},
	"attached": {
		KK: "Файлдар мен құжаттар жазбалардағыдай: %d.", RU: "Файлы и документы — те, что названы в записях: %d.",
		EN: "Files and documents are those that the records name: %d.",
	},
	"attached-wrong": {
		KK: "Файлдар жазбаларға сай келмейді.", RU: "Файлы не соответствуют записям.", EN: "The files do not fit the records.",
	},
	"file-erased": {
		KK: "Файл адам деректерімен бірге жойылған: %s", RU: "Файл уничтожен вместе с данными лица: %s", EN: "The file was erased with the person's data: %s",
	},
	"file-lost": {
		KK: "Файл порталда табылмаған: %s", RU: "Файла на портале не нашлось: %s", EN: "The portal did not find the file: %s",
	},
	"signature": {
		KK: "ЭЦҚ жарамды: %s, %d-нұсқа, %s.", RU: "ЭЦП действительна: %s, версия %d, %s.", EN: "The digital signature is valid: %s, version %d, %s.",
	},
	"signature-accepted": {
		KK: "Батырмамен келісілген: %s, %d-нұсқа, %s.", RU: "Согласие нажатием кнопки: %s, версия %d, %s.", EN: "Accepted by a button: %s, version %d, %s.",
	},
	"signature-unproven": {
		KK: "ЭЦҚ жарамды, бірақ толық дәлелденбеген: %s, %d-нұсқа, %s.", RU: "ЭЦП действительна, но доказана не полностью: %s, версия %d, %s.",
		EN: "The digital signature is valid, but not proven in full: %s, version %d, %s.",
	},
	"signature-wrong": {KK: "Қолтаңба жарамсыз.", RU: "Подпись недействительна.", EN: "A signature is not valid."},
	"made": {
		KK: "Есептер мен оқиғалар жазбалардан қайта жасалды: бірдей.", RU: "Отчёты и события составлены по записям заново: совпадают.",
		EN: "Reports and events were made again of the records: they are the same.",
	},
	"made-other": {
		KK: "Бағдарлама бұл файлды басқаша жасайды: %s. Порталдың нұсқасы басқа болуы мүмкін; бұл файлға емес, жазбаларға сеніңіз.",
		RU: "Эта программа составляет файл иначе: %s. Возможно, портал другой версии; верьте записям, а не этому файлу.",
		EN: "This program makes that file otherwise: %s. The portal may have been of another version; go by the records, not by this file.",
	},
	"made-wrong": {KK: "Есеп жоқ.", RU: "Нет отчёта.", EN: "A report is missing."},
	"verdict-proven": {
		KK: "№ %s ісі дәл осылай болды: ештеңе қосылмаған, алынбаған, орны ауыстырылмаған.",
		RU: "Дело № %s было именно так: ничего не добавлено, не убрано и не переставлено.",
		EN: "The case %s happened so: nothing was added, removed or reordered.",
	},
	"verdict-unproven": {
		KK: "№ %s: қайшылық табылмады, бірақ [?] белгіленгені дәлелденбеген.",
		RU: "№ %s: противоречий нет, но отмеченное [?] не доказано.",
		EN: "%s: nothing is wrong, but what is marked [?] is not proven.",
	},
	"verdict-wrong": {
		KK: "Бұл топтамаға сенуге болмайды: [-] белгіленгенді қараңыз.", RU: "Этому пакету верить нельзя: см. отмеченное [-].",
		EN: "This bundle cannot be believed: see what is marked [-].",
	},
	"portal-word": {
		KK: "Ағын соңында ештеңе, хабарландырулардың бірі де қалдырылмағаны және адамдардың аты-жөні - порталдың қол қойған сөзі; оны толық журнал бойынша аудитор тексере алады.",
		RU: "Что в конце потоков ничего не опущено и ни одно уведомление не пропущено, а также имена людей - подписанное слово портала; аудитор может сверить его с полным журналом.",
		EN: "That nothing is left out at the end of a stream, no notice as a whole, and the names of people, are the portal's signed word; an auditor can compare it with the whole log.",
	},
}
