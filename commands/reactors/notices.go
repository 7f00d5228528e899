package reactors

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// Notices asks for notices: to the applicant on every change of the status, on messages of the staff and on reminders, and
// to the executors on what concerns them. SiteURL is where the links in e-mails begin.
func Notices(use *commands.Notices, events eventstore.Store, decoder Decoder, siteURL string) Reactor {
	n := &notices{use: use, events: events, decoder: decoder, site: strings.TrimRight(siteURL, "/")}
	return Reactor{
		Name:    "notices",
		Streams: []string{applicationStreams, messageStreams},
		Types: []string{
			"application.submitted.", "application.resubmitted.", "application.taken-into-work.", "application.returned.",
			"application.answered.", "application.approved.", "application.refused.", "application.document-issued.",
			"application.document-signed.", "application.completed.", "application.withdrawn.", "application.reminded.",
			"application.executor-assigned.", "application.due-soon.", "application.overdue.", "correspondence.message-posted.",
		},
		// Most messages are the applicants' own, and they know what they wrote.
		Passes: func(stream string, meta codec.Metadata) bool {
			return strings.HasPrefix(stream, messageStreams) && meta.Actor == meta.Subject
		},
		Leaves: []string{"notification-"},
		React:  n.react,
	}
}

const (
	applicationStreams = "application-"
	messageStreams     = "correspondence-"
)

type notices struct {
	use     *commands.Notices
	events  eventstore.Store
	decoder Decoder
	site    string
}

func (n *notices) react(ctx context.Context, event codec.Envelope) error {
	if posted, ok := event.Event.(correspondence.MessagePosted); ok {
		return n.onMessage(ctx, event, posted)
	}
	id, found := strings.CutPrefix(event.Stream, applicationStreams)
	if !found {
		return nil
	}
	about := about{id: id, cause: event}
	switch e := event.Event.(type) {
	case application.ExecutorAssigned:
		if event.Meta.Actor == e.Executor {
			return nil // whoever assigns themselves knows
		}
		return n.tellStaff(ctx, about, assigned, e.Executor)
	case application.DueSoon:
		return n.tellStaff(ctx, about, dueSoon)
	case application.Overdue:
		return n.tellStaff(ctx, about, overdue)
	case application.ApplicantReminded:
		if of, known := reminders[e.Of]; known {
			return n.tell(ctx, about, of)
		}
		return nil
	case application.DocumentIssued:
		if !slices.Contains(e.Signers, string(signature.Applicant)) {
			return nil
		}
		return n.tell(ctx, about, toSign)
	default:
		return n.onStatus(ctx, about)
	}
}

// about is what a notice is about: an application, and what happened to it.
type about struct {
	id    string
	cause codec.Envelope
}

// onStatus tells the applicant of a new status.
func (n *notices) onStatus(ctx context.Context, a about) error {
	switch e := a.cause.Event.(type) {
	case application.Submitted:
		return n.tell(ctx, a, submitted)
	case application.Resubmitted:
		return n.tell(ctx, a, resubmitted)
	case application.TakenIntoWork:
		return n.tell(ctx, a, inWork)
	case application.ReturnedForCompletion:
		return n.tell(ctx, a, returned, because(e.Reason), quoted(e.Text))
	case application.ResponseIssued:
		return n.tell(ctx, a, answered, quoted(e.Text))
	case application.DecidedPositive:
		return n.tell(ctx, a, approved, quoted(e.Text))
	case application.RefusalIssued:
		return n.tell(ctx, a, refused, because(e.Reason), quoted(e.Text))
	case application.DocumentSigned:
		return n.tell(ctx, a, signed)
	case application.ApplicationCompleted:
		if e.Outcome == application.OutcomeRefused {
			return nil // the notice of refusal has said it
		}
		return n.tell(ctx, a, completed, func(l text.Language) string { return outcomes[e.Outcome].In(l) })
	case application.Withdrawn:
		return n.tell(ctx, a, withdrawn)
	default:
		return nil
	}
}

// tell asks for a notice to the applicant.
func (n *notices) tell(ctx context.Context, a about, what notice, more ...func(text.Language) string) error {
	app, err := n.application(ctx, a)
	if app == nil {
		return err
	}
	return n.use.Request(ctx, commands.Notice{
		Cause: a.cause, Recipient: app.Applicant, Kind: what.kind, ApplicationID: a.id,
		Words: what.words(*app, n.link(a.id), more...),
	})
}

// tellStaff asks for an e-mail to these executors; to all of the application, if none is named.
func (n *notices) tellStaff(ctx context.Context, a about, what notice, executors ...string) error {
	app, err := n.application(ctx, a)
	if app == nil {
		return err
	}
	if len(executors) == 0 {
		executors = app.Executors
	}
	for _, executor := range executors {
		err := n.use.Request(ctx, commands.Notice{
			Cause: a.cause, Recipient: executor, Kind: what.kind, ApplicationID: a.id, Channel: notification.Email,
			Words: what.words(*app, n.link(a.id)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// application is what notices say of an application; nil if there is none, which no later try changes.
func (n *notices) application(ctx context.Context, a about) (*commands.NoticeApplication, error) {
	app, err := n.use.Application(ctx, a.id)
	var gone *problem.Problem
	if errors.As(err, &gone) && gone.Kind == problem.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &app, nil
}

// link is where the application is; empty where nobody has said where the portal is.
func (n *notices) link(id string) string {
	if n.site == "" {
		return ""
	}
	return n.site + "/applications/" + id
}

// onMessage tells the applicant that the staff has written. The manager's own notice is told always and with its text.
func (n *notices) onMessage(ctx context.Context, event codec.Envelope, posted correspondence.MessagePosted) error {
	id, found := strings.CutPrefix(event.Stream, messageStreams)
	if !found || posted.Side != correspondence.Staff {
		return nil
	}
	a := about{id: id, cause: event}
	if !posted.Notice {
		first, err := n.begins(ctx, event, posted)
		if err != nil || !first {
			return err
		}
		return n.tell(ctx, a, message, quoted(posted.Text))
	}
	app, err := n.application(ctx, a)
	if app == nil || posted.Text == "" {
		return err // erased since
	}
	return n.use.Request(ctx, commands.Notice{
		Cause: event, Recipient: app.Applicant, Kind: own.kind, ApplicationID: id,
		Words: withText(own.words(*app, n.link(id), quoted(posted.Text)), posted.Text),
	})
}

const (
	// quiet is for how long after a notice of a plain message the next ones are not told of.
	quiet = 10 * time.Minute
	// lookBack bounds how many messages are looked at to find out when that was.
	lookBack = 1000
)

// begins tells whether a plain message of the staff is to be told of: whether the one told of before is quiet ago. That
// follows from the messages alone, so that it is the same whenever it is asked.
func (n *notices) begins(ctx context.Context, event codec.Envelope, posted correspondence.MessagePosted) (bool, error) {
	times := []time.Time{posted.At} // of the staff's plain messages, the latest first
	read := eventstore.StreamRead{From: event.Revision - 1, Backwards: true, Limit: lookBack}
	if event.Revision == 0 {
		return true, nil
	}
	for recorded, err := range n.events.ReadStream(ctx, event.Stream, read) {
		if err != nil {
			return false, err
		}
		envelope, err := n.decoder.Decode(ctx, recorded)
		var unknown *codec.UnknownTypeError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return false, err
		}
		earlier, ok := envelope.Event.(correspondence.MessagePosted)
		if !ok || earlier.Side != correspondence.Staff || earlier.Notice {
			continue
		}
		if times[len(times)-1].Sub(earlier.At) >= quiet {
			break // whatever was told before, the message after this pause was told of
		}
		times = append(times, earlier.At)
	}
	told := len(times) - 1
	for i := told - 1; i >= 0; i-- {
		if times[i].Sub(times[told]) >= quiet {
			told = i
		}
	}
	return told == 0, nil
}
