package feed

// streams says what is published of an aggregate.
type streams struct {
	// public aggregates say nothing of anybody: the catalogue. Everything in them is given as it is, but for what is marked
	// personal.
	public bool
	// subject is what a stream's name, after its prefix, is the id of. Empty: of something public.
	subject string
	// only lists the events that are published, without their versions. Nil: all of the aggregate.
	only []string
}

// What pseudonyms stand for. The same id has the same pseudonym wherever it appears as the same.
const (
	anAccount     = "account"
	anApplication = "application"
	aDocument     = "document"
	aFile         = "file"
	aMessage      = "message"
	aNotice       = "notification"
	anEvent       = "event"
	aCommand      = "command"
)

// The choices that are no pseudonym.
const (
	withheld    = ""
	givenAsItIs = "as it is"
	notChosen   = "not chosen" // codes are given; what may be any text is not
)

// publishedStreams are the aggregates of which other systems hear. Not among them: who signs in and how, sanctions, the
// staff's notes, who read whose history, erasures in preparation, service accounts, webhooks.
var publishedStreams = map[string]streams{
	"account": {subject: anAccount, only: []string{
		"account.registration-confirmed.", "account.client-card-saved.", "account.notification-method-changed.",
		"account.language-changed.", "account.erased.",
	}},
	"application":    {subject: anApplication},
	"calendar":       {public: true},
	"catalogue":      {public: true},
	"correspondence": {subject: anApplication},
	"notification":   {subject: aNotice},
	"provider":       {public: true},
	"reading":        {subject: anApplication},
	"service":        {public: true},
	"signature":      {subject: aDocument},
}

// choices says what is given of a plain text, by the name of its member, or by its struct and name where that differs. What
// is not named is withheld, and named by a test that fails.
var choices = map[string]string{
	"account":   anAccount,
	"applicant": anAccount,
	"author":    anAccount,
	"executor":  anAccount,
	"reader":    anAccount,
	"recipient": anAccount,

	"applicationId": anApplication,
	"documentId":    aDocument,
	"supersedes":    aDocument,
	"fileId":        aFile,
	"fileIds":       aFile,
	"messageId":     aMessage,

	// Of the catalogue, or codes that can mean nothing else.
	"mime":         givenAsItIs,
	"providerId":   givenAsItIs,
	"serviceId":    givenAsItIs,
	"stepId":       givenAsItIs,
	"StepState.id": givenAsItIs,

	// One of a short list of codes here; elsewhere the same name may be that of a person or of their words.
	"ApplicantReminded.of":         givenAsItIs,
	"DocumentIssued.by":            givenAsItIs,
	"DocumentIssued.kind":          givenAsItIs,
	"DocumentIssued.signers":       givenAsItIs,
	"EvidenceGivenUp.code":         givenAsItIs,
	"Failed.reason":                givenAsItIs,
	"Postponed.reason":             givenAsItIs,
	"Prepared.kind":                givenAsItIs,
	"QuestionScore.question":       givenAsItIs,
	"RefusalIssued.reason":         givenAsItIs,
	"Rejected.code":                givenAsItIs,
	"Requested.kind":               givenAsItIs,
	"Requested.language":           givenAsItIs,
	"ReturnedForCompletion.reason": givenAsItIs,

	// People know these, or they are the same wherever a file or a person appears.
	"changeId":       withheld,
	"cms":            withheld,
	"number":         withheld,
	"ref":            withheld,
	"registrationId": withheld,
	"report":         withheld,
	"resetId":        withheld,
	"runningNumber":  withheld,
	"sessionRef":     withheld,
	"sha256":         withheld,
}
