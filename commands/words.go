package commands

import "services.example/portal/domain/text"

// What people get by SMS and e-mail. The code comes first: phones offer it without opening the message. An SMS in
// Cyrillic has 70 characters.
var (
	registrationSMS = text.Text{
		KK: "%s – порталда тіркелу коды. Оны ешкімге айтпаңыз.",
		RU: "%s – код регистрации на портале. Никому его не сообщайте.",
		EN: "%s is your portal registration code. Do not share it.",
	}
	signInSMS = text.Text{
		KK: "%s – порталға кіру коды. Оны ешкімге айтпаңыз.",
		RU: "%s – код для входа на портал. Никому его не сообщайте.",
		EN: "%s is your portal sign-in code. Do not share it.",
	}
	contactSMS = text.Text{
		KK: "%s – портал үшін нөмірді растау коды.",
		RU: "%s – код подтверждения номера для портала.",
		EN: "%s is the code that confirms your number for the portal.",
	}
	contactEmailSubject = text.Text{
		KK: "Электрондық мекенжайды растау",
		RU: "Подтверждение электронной почты",
		EN: "Confirm your e-mail address",
	}
	contactEmail = text.Text{
		KK: "Портал үшін электрондық мекенжайыңызды растау коды: %s\n\nЕгер сіз мекенжайды өзгертпесеңіз, бұл хатқа назар аудармаңыз.\n",
		RU: "Код подтверждения вашего адреса для портала: %s\n\nЕсли вы не меняли адрес, не обращайте внимания на это письмо.\n",
		EN: "The code that confirms your address for the portal: %s\n\nIf you did not change your address, ignore this message.\n",
	}
	resetSubject = text.Text{
		KK: "Құпия сөзді қалпына келтіру",
		RU: "Восстановление пароля",
		EN: "Restore your password",
	}
	resetEmail = text.Text{
		KK: "Жаңа құпия сөз орнату үшін мына сілтемені ашыңыз:\n\n%s\n\nСілтеме бір сағат жарамды және бір рет қана қолданылады. Егер сіз сұрамаған болсаңыз, бұл хатқа назар аудармаңыз.\n",
		RU: "Чтобы задать новый пароль, откройте ссылку:\n\n%s\n\nСсылка действует один час и только один раз. Если вы этого не запрашивали, не обращайте внимания на это письмо.\n",
		EN: "Open this link to set a new password:\n\n%s\n\nThe link works once, within one hour. If you did not ask for it, ignore this message.\n",
	}
	contactCorrectedSMS = text.Text{
		KK: "Порталдағы нөміріңіз ауыстырылды. Бұл сіз болмасаңыз, қолдауға айтыңыз",
		RU: "Ваш номер на портале заменён. Если это не вы, сообщите в поддержку",
		EN: "Your number on the portal was replaced. If this was not you, tell support.",
	}
	contactCorrectedSubject = text.Text{
		KK: "Электрондық мекенжайыңыз ауыстырылды",
		RU: "Ваш адрес электронной почты заменён",
		EN: "Your e-mail address was replaced",
	}
	contactCorrectedEmail = text.Text{
		KK: "Жеке басыңыз тексерілгеннен кейін порталдағы электрондық мекенжайыңыз ауыстырылды, сеанстардың бәрі аяқталды. Егер мұны сіз сұрамаған болсаңыз, қолдау қызметіне дереу хабарлаңыз.\n",
		RU: "После проверки личности ваш адрес на портале заменён, все сеансы завершены. Если вы об этом не просили, немедленно сообщите в службу поддержки.\n",
		EN: "After a check of your identity your address on the portal was replaced, and all sessions have ended. If you did not ask for this, tell the support service at once.\n",
	}
	passwordChangedSubject = text.Text{
		KK: "Құпия сөз өзгертілді",
		RU: "Пароль изменён",
		EN: "Your password was changed",
	}
	passwordChangedEmail = text.Text{
		KK: "Порталдағы құпия сөзіңіз өзгертілді, басқа сеанстардың бәрі аяқталды. Егер мұны сіз жасамаған болсаңыз, құпия сөзді дереу қалпына келтіріңіз.\n",
		RU: "Ваш пароль на портале изменён, все остальные сеансы завершены. Если это сделали не вы, немедленно восстановите пароль.\n",
		EN: "Your portal password was changed and all other sessions have ended. If this was not you, restore your password at once.\n",
	}
	erasureOrderedSubject = text.Text{
		KK: "Деректеріңіз жойылады",
		RU: "Ваши данные будут удалены",
		EN: "Your data will be erased",
	}
	erasureOrderedEmail = text.Text{
		KK: "Портал сіздің деректеріңізді жою туралы шешім қабылдады. Тіркелгіңіз жабылды, деректер бір тәулік ішінде қалпына келтірілмейтіндей жойылады. Егер мұны сіз сұрамаған болсаңыз, қолдау қызметіне дереу хабарлаңыз.\n",
		RU: "Портал принял решение удалить ваши данные. Учётная запись закрыта, данные будут безвозвратно уничтожены в течение суток. Если вы об этом не просили, немедленно сообщите в службу поддержки.\n",
		EN: "The portal has decided to erase your data. Your account is closed, and the data will be destroyed for good within a day. If you did not ask for this, tell the support service at once.\n",
	}
	erasureHoldsEmail = text.Text{
		KK: "Қол қойылған құжаттар мен олардың қолтаңбаларын заң сақтауды талап етеді: олар сақтау мерзімі біткенше бөлек сақталады, содан кейін жойылады.\n",
		RU: "Подписанные документы и подписи под ними закон требует хранить: они сохраняются отдельно до конца срока хранения и затем уничтожаются.\n",
		EN: "The law asks for signed documents and their signatures to be kept: they are kept apart until their term has passed, and are then destroyed.\n",
	}
)
