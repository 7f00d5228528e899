package edscheck

import "services.example/portal/domain/text"

// Words are what is said of a signature that is checked years later. What is wrong with one is in messages.yaml.
var Words = map[string]text.Text{
	"document":    {KK: "Құжат", RU: "Документ", EN: "Document"},
	"signature":   {KK: "Қолтаңба", RU: "Подпись", EN: "Signature"},
	"owner":       {KK: "Қол қойған", RU: "Подписал(а)", EN: "Signed by"},
	"iin":         {KK: "ЖСН", RU: "ИИН", EN: "IIN"},
	"bin":         {KK: "БСН", RU: "БИН", EN: "BIN"},
	"certificate": {KK: "Сертификат", RU: "Сертификат", EN: "Certificate"},
	"algorithm":   {KK: "Алгоритм", RU: "Алгоритм", EN: "Algorithm"},
	"time":        {KK: "Сенімді уақыт", RU: "Доверенное время", EN: "Trusted time"},
	"claimed":     {KK: "Қол қоюшы айтқан уақыт", RU: "Время по словам подписавшего", EN: "Time that the signer claims"},
	"received":    {KK: "Портал қабылдаған уақыт", RU: "Время приёма порталом", EN: "Received by the portal"},
	"then":        {KK: "Қабылдағанда тексерген", RU: "Проверено при приёме", EN: "Verified at receipt"},

	"signer-applicant": {KK: "өтініш беруші", RU: "заявитель", EN: "applicant"},
	"signer-provider":  {KK: "қызмет көрсетуші", RU: "услугодатель", EN: "provider"},

	"from-time-stamp": {
		KK: "уақыт белгісі дәлелдейді", RU: "доказано меткой времени", EN: "proven by a time stamp",
	},
	"from-receipt": {
		KK: "қабылданған уақыт, оны ештеңе дәлелдемейді", RU: "время приёма, ничем не доказано", EN: "that of receipt, proven by nothing",
	},

	"verdict-valid": {
		KK: "ЖАРАМДЫ: барлығын сақталған дәлелдер растайды",
		RU: "ДЕЙСТВИТЕЛЬНА: всё подтверждается сохранёнными доказательствами",
		EN: "VALID: what was kept proves everything",
	},
	"verdict-unproven": {
		KK: "ЖАРАМДЫ, бірақ толық дәлелденбеген",
		RU: "ДЕЙСТВИТЕЛЬНА, но доказана не полностью",
		EN: "VALID, but not proven in full",
	},
	"verdict-invalid": {KK: "ЖАРАМСЫЗ", RU: "НЕДЕЙСТВИТЕЛЬНА", EN: "NOT VALID"},
	"verdict-accepted": {
		KK: "ЭЦҚ емес: порталда батырманы басып келіскен, мұнда тексеретін ештеңе жоқ",
		RU: "Не ЭЦП: согласие нажатием кнопки на портале, проверять здесь нечего",
		EN: "No digital signature: accepted by a press of a button in the portal; there is nothing to check here",
	},

	"gap-time": {
		KK: "Уақыт белгісі жоқ: қабылданған уақыт тек айтылған, оны ештеңе дәлелдемейді.",
		RU: "Метки времени нет: время приёма только названо, ничто его не доказывает.",
		EN: "There is no time stamp: the time of receipt is only named, nothing proves it.",
	},
	"gap-revocation": {
		KK: "Сертификаттың сол сәтте кері қайтарылмағанын дәлелдейтін жауап сақталмаған.",
		RU: "Не сохранён ответ, который доказывал бы, что сертификат тогда не был отозван.",
		EN: "No answer was kept that proves that the certificate was not revoked then.",
	},
	"other-certificate": {
		KK: "Қабылдағандағы есепте басқа сертификат жазылған.",
		RU: "В отчёте о приёме записан другой сертификат.",
		EN: "The report of the receipt names another certificate.",
	},

	"step-container": {
		KK: "Қолтаңба контейнері дұрыс құрылған, алгоритмдері рұқсат етілген",
		RU: "Контейнер подписи построен верно, алгоритмы разрешены",
		EN: "The container is well formed, and its algorithms are allowed",
	},
	"step-document": {
		KK: "Қолтаңба дәл осы құжатқа қойылған",
		RU: "Подпись поставлена именно под этим документом",
		EN: "The signature is over exactly this document",
	},
	"step-signature": {
		KK: "Қолтаңба сертификаттағы кілтпен жасалған",
		RU: "Подпись сделана ключом из сертификата",
		EN: "The key of the certificate made the signature",
	},
	"step-time": {
		KK: "Қол қоюшы айтқан уақыт сенімді уақытқа сай",
		RU: "Время по словам подписавшего согласуется с доверенным",
		EN: "The time that the signer claims agrees with the trusted time",
	},
	"step-chain": {
		KK: "Сертификатты сенімді куәландырушы орталық берген, ол сол сәтте күшінде болған",
		RU: "Сертификат выдан доверенным удостоверяющим центром и тогда действовал",
		EN: "A trusted authority issued the certificate, and it was valid then",
	},
	"step-usage": {
		KK: "Сертификат қол қоюға арналған",
		RU: "Сертификат предназначен для подписи",
		EN: "The certificate is for signing",
	},
	"step-owner": {
		KK: "Сертификат осылай қол қоя алатын адамдікі",
		RU: "Сертификат принадлежит тому, кто вправе так подписывать",
		EN: "The certificate is of somebody who may sign so",
	},
	"step-revocation": {
		KK: "Сертификат сол сәтте кері қайтарылмаған",
		RU: "Сертификат тогда не был отозван",
		EN: "The certificate was not revoked then",
	},
}
