package commands

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/webhook"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
)

// registerWebhooks adds what administrators do with webhooks.
func (r *Routes) registerWebhooks(api huma.API) {
	add := func(id, method, path, summary string, status int) huma.Operation {
		return httpapi.Only(operation(id, method, "/admin/webhooks"+path, summary, adminTag, status), string(account.Admin))
	}
	huma.Register(api, add("list-webhooks", http.MethodGet, "", "All webhooks, and how far each has got", http.StatusOK), r.listWebhooks)
	create := add("add-webhook", http.MethodPost, "", "Let another system be told what happens", http.StatusCreated)
	create.Description = "The answer holds the secret that requests are signed with. It is told here only."
	huma.Register(api, create, r.addWebhook)
	huma.Register(api, add("change-webhook", http.MethodPut, "/{webhookId}",
		"Give a webhook another address or other events; it goes on where it is", http.StatusNoContent), r.changeWebhook)
	renew := add("renew-webhook-secret", http.MethodPost, "/{webhookId}/secret", "Give a webhook another secret", http.StatusOK)
	renew.Description = "For a day requests are signed with the one before, too."
	huma.Register(api, renew, r.renewWebhookSecret)
	huma.Register(api, add("pause-webhook", http.MethodPost, "/{webhookId}/pause", "Stop a webhook", http.StatusNoContent),
		r.onWebhook(r.Commands.Webhooks.Pause))
	huma.Register(api, add("resume-webhook", http.MethodPost, "/{webhookId}/resume",
		"Let a webhook go on where it is, and try at once", http.StatusNoContent), r.onWebhook(r.Commands.Webhooks.Resume))
	huma.Register(api, add("remove-webhook", http.MethodDelete, "/{webhookId}", "End a webhook", http.StatusNoContent),
		r.onWebhook(r.Commands.Webhooks.Remove))
}

type webhookInput struct {
	Administered
	Webhook string `path:"webhookId"`
}

// onWebhook is a command that says nothing but which webhook it is about.
func (r *Routes) onWebhook(
	do func(ctx context.Context, req Request, id string) (Outcome[webhook.State], error),
) func(context.Context, *webhookInput) (*writtenAnswer, error) {
	return func(ctx context.Context, in *webhookInput) (*writtenAnswer, error) {
		req, err := in.request(ctx)
		if err != nil {
			return nil, err
		}
		return asWritten(do(ctx, req, in.Webhook))
	}
}

type webhookSecretAnswer struct {
	Written
	Body struct {
		ID     string `json:"id"`
		Secret string `json:"secret" doc:"whsec_ and 32 bytes in base64: the key of the HMAC-SHA256"`
	}
}

func secretAnswer(made WebhookSecret, err error) (*webhookSecretAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &webhookSecretAnswer{Written: writtenAt(made.Outcome)}
	answer.Body.ID, answer.Body.Secret = made.ID, made.Secret
	return answer, nil
}

func (r *Routes) addWebhook(ctx context.Context, in *struct {
	Administered
	Body struct {
		Name    string   `json:"name" doc:"Lower-case words joined by hyphens; of a program, not of a person" maxLength:"60"`
		URL     string   `json:"url" doc:"https, without user and password; not kept in clear" maxLength:"2000"`
		Types   []string `json:"types,omitempty" doc:"Of events, as the feed takes them; all if absent" maxItems:"100"`
		History bool     `json:"history,omitempty" doc:"Begin at the beginning of history, not now"`
	}
},
) (*webhookSecretAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return secretAnswer(r.Commands.Webhooks.Add(ctx, req, NewWebhook{
		Name: in.Body.Name, URL: in.Body.URL, Types: in.Body.Types, History: in.Body.History,
	}))
}

func (r *Routes) changeWebhook(ctx context.Context, in *struct {
	webhookInput
	Body struct {
		URL   string   `json:"url" maxLength:"2000"`
		Types []string `json:"types" doc:"All if empty" maxItems:"100"`
	}
},
) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asWritten(r.Commands.Webhooks.Change(ctx, req, in.Webhook, in.Body.URL, in.Body.Types))
}

func (r *Routes) renewWebhookSecret(ctx context.Context, in *webhookInput) (*webhookSecretAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return secretAnswer(r.Commands.Webhooks.RenewSecret(ctx, req, in.Webhook))
}

// shownWebhook is a webhook as administrators see it.
type shownWebhook struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	URL         string     `json:"url"`
	Types       []string   `json:"types" doc:"All if empty"`
	Status      string     `json:"status" enum:"active,paused,suspended"`
	Reason      string     `json:"reason,omitempty" doc:"Why it is suspended: a code"`
	AddedAt     time.Time  `json:"addedAt"`
	Through     string     `json:"through,omitempty" doc:"The position in the log up to which everything was delivered"`
	Behind      int        `json:"behind" doc:"Events of the log after that, of any type, at most 10000"`
	Delivered   int64      `json:"delivered" doc:"Events so far"`
	DeliveredAt *time.Time `json:"deliveredAt" doc:"The last time"`
	Attempts    int        `json:"attempts" doc:"That failed since"`
	Fault       string     `json:"fault,omitempty" doc:"Of the last attempt: a code, such as timeout or status-500"`
	NextAt      *time.Time `json:"nextAt" doc:"The next attempt, if one has failed"`
}

// mostBehind is how far it is counted how much a webhook has yet to be told.
const mostBehind = 10_000

func (r *Routes) listWebhooks(ctx context.Context, _ *struct{}) (*struct{ Body []shownWebhook }, error) {
	hooks, err := r.Commands.Webhooks.List(ctx)
	if err != nil {
		return nil, err
	}
	body := make([]shownWebhook, len(hooks))
	for i, h := range hooks {
		if body[i], err = r.Commands.Webhooks.show(ctx, h); err != nil {
			return nil, err
		}
	}
	return &struct{ Body []shownWebhook }{body}, nil
}

func (w *Webhooks) show(ctx context.Context, h webhook.Hook) (shownWebhook, error) {
	at, found, err := w.Deliveries().Read(ctx, h.ID)
	if err != nil {
		return shownWebhook{}, err
	}
	var through eventstore.Position
	if found {
		if through, err = eventstore.ParsePosition(at.Through); err != nil {
			return shownWebhook{}, err
		}
	} else if through, err = w.Start(ctx, h); err != nil {
		return shownWebhook{}, err
	}
	behind, err := w.deps.Events.EventsAfter(ctx, through, mostBehind)
	if err != nil {
		return shownWebhook{}, err
	}
	return shownWebhook{
		ID: h.ID, Name: h.Name, URL: h.URL, Types: h.Types, Status: string(h.Status), Reason: h.Reason, AddedAt: h.AddedAt,
		Through: through.String(), Behind: behind, Delivered: at.Delivered, DeliveredAt: whenSet(at.At), Attempts: at.Attempts,
		Fault: at.Fault, NextAt: whenSet(at.NextAt),
	}, nil
}

// whenSet is a time, if it is one.
func whenSet(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
