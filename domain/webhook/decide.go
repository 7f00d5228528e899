package webhook

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"services.example/portal/domain/problem"
)

// The bounds of webhooks.
const (
	MaxHooks      = 100
	MaxURL        = 2000           // bytes
	SecretOverlap = 24 * time.Hour // for how long the secret before the present one is used, too
)

// Command is something that somebody wants of the webhooks.
type Command interface{ isWebhookCommand() }

// Add asks for a webhook.
type Add struct {
	ID      string // a new UUID
	Name    string
	URL     string
	Types   []string // checked by whoever knows the feed
	History bool
	Plain   bool // addresses without TLS are allowed
	At      time.Time
}

// Change asks for another address or other events.
type Change struct {
	ID    string
	URL   string
	Types []string
	Plain bool
	At    time.Time
}

// RenewSecret asks for another secret.
type RenewSecret struct {
	ID         string
	Generation int // the one that is wanted: asked for twice, it is one
	At         time.Time
}

// Pause asks for deliveries to stop.
type Pause struct {
	ID string
	At time.Time
}

// Suspend says that the receiver is gone. Changes are those of the webhook when that was found out.
type Suspend struct {
	ID      string
	Reason  string
	Changes int
	At      time.Time
}

// Resume asks for deliveries to go on.
type Resume struct {
	ID string
	At time.Time
}

// Remove asks for the end of a webhook.
type Remove struct {
	ID string
	At time.Time
}

func (Add) isWebhookCommand()         {}
func (Change) isWebhookCommand()      {}
func (RenewSecret) isWebhookCommand() {}
func (Pause) isWebhookCommand()       {}
func (Suspend) isWebhookCommand()     {}
func (Resume) isWebhookCommand()      {}
func (Remove) isWebhookCommand()      {}

// Decide answers a command with the events that carry it out: none where it is in effect. Errors: invalid with every fault,
// webhook-name-taken, too-many-webhooks, webhook-not-found.
func Decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Add:
		return decideAdd(s, c)
	case Change:
		return decideChange(s, c)
	case RenewSecret:
		return on(s, c.ID, func(h Hook) []Event {
			if c.Generation <= h.Generation {
				return nil
			}
			return []Event{SecretRenewed{Webhook: h.ID, Generation: h.Generation + 1, At: c.At}}
		})
	case Pause:
		return on(s, c.ID, func(h Hook) []Event {
			if h.Status == StatusPause {
				return nil
			}
			return []Event{Paused{Webhook: h.ID, At: c.At}}
		})
	case Suspend:
		return on(s, c.ID, func(h Hook) []Event {
			if h.Status != Active || h.Changes != c.Changes {
				return nil
			}
			return []Event{Suspended{Webhook: h.ID, Reason: c.Reason, At: c.At}}
		})
	case Resume:
		return on(s, c.ID, func(h Hook) []Event {
			if h.Status == Active {
				return nil
			}
			return []Event{Resumed{Webhook: h.ID, At: c.At}}
		})
	case Remove:
		if slices.Contains(s.Ended, c.ID) {
			return nil, nil
		}
		return on(s, c.ID, func(h Hook) []Event { return []Event{Removed{Webhook: h.ID, At: c.At}} })
	default:
		return nil, fmt.Errorf("decide on a webhook: unknown command %T", command)
	}
}

// on decides about a webhook that exists. Error: webhook-not-found.
func on(s State, id string, decide func(Hook) []Event) ([]Event, error) {
	h, found := s.Find(id)
	if !found {
		return nil, problem.New(problem.NotFound, "webhook-not-found")
	}
	return decide(h), nil
}

// namePattern fits names such as statistics-office: they are in clear, so they are those of programs.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const maxName = 60

// manyDigits is what people would type for a person: an IIN, a BIN, a phone.
var manyDigits = regexp.MustCompile(`[0-9](-?[0-9]){6}`)

func decideAdd(s State, c Add) ([]Event, error) {
	faults := checkURL(c.URL, c.Plain)
	if len(c.Name) > maxName || !namePattern.MatchString(c.Name) || manyDigits.MatchString(c.Name) {
		faults = append(faults, problem.Field{Location: "name", Code: "webhook-name-wrong"})
	}
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	if _, known := s.Find(c.ID); known || slices.Contains(s.Ended, c.ID) {
		return nil, nil
	}
	if slices.ContainsFunc(s.Hooks, func(h Hook) bool { return h.Name == c.Name }) {
		return nil, problem.New(problem.WrongState, "webhook-name-taken")
	}
	if len(s.Hooks) >= MaxHooks {
		return nil, problem.New(problem.WrongState, "too-many-webhooks")
	}
	return []Event{Added{Webhook: c.ID, Name: c.Name, URL: c.URL, Types: list(c.Types), History: c.History, At: c.At}}, nil
}

func decideChange(s State, c Change) ([]Event, error) {
	if err := problem.Input(checkURL(c.URL, c.Plain)...); err != nil {
		return nil, err
	}
	types := list(c.Types)
	return on(s, c.ID, func(h Hook) []Event {
		if h.URL == c.URL && slices.Equal(h.Types, types) {
			return nil
		}
		return []Event{Changed{Webhook: h.ID, URL: c.URL, Types: types, At: c.At}}
	})
}

// list is never null in what is stored.
func list(types []string) []string { return append([]string{}, types...) }

// checkURL refuses what no request should go to, whoever answers there. Where a name leads is looked at when the request is
// made.
func checkURL(text string, plain bool) []problem.Field {
	fault := func(code string, params map[string]string) []problem.Field {
		return []problem.Field{{Location: "url", Code: code, Params: params}}
	}
	if text == "" {
		return fault("required", nil)
	}
	if len(text) > MaxURL {
		return fault("too-long", map[string]string{"max": strconv.Itoa(MaxURL)})
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.User != nil || strings.Contains(text, "#") || !visible(text) {
		return fault("webhook-url-wrong", nil)
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") || port == "0" || tooHigh(port) {
		return fault("webhook-url-wrong", nil)
	}
	if u.Scheme != "https" && (!plain || u.Scheme != "http") {
		return fault("webhook-url-not-https", nil)
	}
	return nil
}

func tooHigh(port string) bool {
	if port == "" {
		return false
	}
	_, err := strconv.ParseUint(port, 10, 16)
	return err != nil
}

// visible tells whether a text is printable ASCII without spaces, as addresses are on the wire.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' })
}
