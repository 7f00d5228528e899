package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"services.example/portal/domain/account"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
)

// Notice is what one event has to tell one person.
type Notice struct {
	Cause         codec.Envelope
	Recipient     string // account id
	Kind          string // what it tells, such as status-in_work
	ApplicationID string
	Channel       notification.Channel // empty: those that the recipient chose
	Words         func(text.Language) NoticeWords
}

// NoticeWords are the words of a notice in one language, for each channel.
type NoticeWords struct {
	SMS            string
	Subject, Email string
}

// NoticeApplication is what notices say of an application, and to whom.
type NoticeApplication struct {
	Applicant string // account id
	Number    string
	Service   text.Text // its name
	Executors []string  // account ids
}

// Application tells what notices say of an application. Error: application-not-found.
func (n *Notices) Application(ctx context.Context, id string) (NoticeApplication, error) {
	s, err := n.streams.applications.state(ctx, id)
	if err != nil {
		return NoticeApplication{}, err
	}
	if s.Status == "" {
		return NoticeApplication{}, notFound()
	}
	content, _, err := n.streams.serviceVersion(ctx, s.ServiceID, s.ServiceVersion)
	if err != nil {
		return NoticeApplication{}, err
	}
	return NoticeApplication{
		Applicant: s.Applicant, Number: s.Number, Service: content.Passport.Name, Executors: s.Executors,
	}, nil
}

// Request asks for the notices of one event to one person: one for each of their channels. Repeating it changes nothing,
// also when the person has chosen other channels meanwhile. People who are not there any more are passed by.
func (n *Notices) Request(ctx context.Context, notice Notice) error {
	recipient, err := n.streams.accounts.state(ctx, notice.Recipient)
	if err != nil {
		return err
	}
	if !recipient.Active || recipient.Erased {
		n.passBy(ctx, notice)
		return nil
	}
	wanted, err := n.channels(ctx, notice, recipient)
	if err != nil {
		return err
	}
	words := notice.Words(recipient.Language)
	for _, channel := range wanted {
		command := notification.Request{
			Recipient: notice.Recipient, Channel: channel, Kind: notice.Kind, ApplicationID: notice.ApplicationID,
			Language: string(recipient.Language), Text: words.SMS, At: n.deps.Now(),
		}
		if channel == notification.Email {
			command.Subject, command.Text = words.Subject, words.Email
		}
		id := notification.ID(notice.Cause.ID, notice.Recipient, channel)
		req := noticeRequest(id, "request")
		req.CausationID, req.CorrelationID = notice.Cause.Meta.CommandID, notice.Cause.Meta.CorrelationID
		_, err := n.streams.notifications.execute(ctx, req, id, func(notification.State) (notification.Command, error) {
			return command, nil
		})
		if errors.Is(err, codec.ErrKeyDestroyed) { // erased between the two
			n.passBy(ctx, notice)
			return nil
		}
		if err != nil {
			return fmt.Errorf("asking for a notice by %s: %w", channel, err)
		}
	}
	return nil
}

func (n *Notices) passBy(ctx context.Context, notice Notice) {
	slog.InfoContext(ctx, "no notice to an account that is not active", "account", notice.Recipient, "kind", notice.Kind,
		"cause", notice.Cause.ID.String())
}

// channels are those by which a person is to be told. Who was told by a channel that they have left since is not told the
// same by the new one.
func (n *Notices) channels(ctx context.Context, notice Notice, recipient account.State) ([]notification.Channel, error) {
	if notice.Channel != "" {
		return []notification.Channel{notice.Channel}, nil
	}
	var wanted []notification.Channel
	for _, channel := range []notification.Channel{notification.SMS, notification.Email} {
		if chosen(recipient, channel) {
			wanted = append(wanted, channel)
			continue
		}
		before, err := n.streams.notifications.state(ctx, notification.ID(notice.Cause.ID, notice.Recipient, channel))
		if err != nil {
			return nil, err
		}
		if before.Status != "" {
			return nil, nil
		}
	}
	return wanted, nil
}

func chosen(recipient account.State, channel notification.Channel) bool {
	for _, c := range recipient.NotifyBy {
		if string(c) == string(channel) {
			return true
		}
	}
	return false
}
