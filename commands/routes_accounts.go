package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/infra/httpapi"
)

const (
	maxBody         = 64 << 10 // bytes of JSON
	bodyReadTimeout = 30 * time.Second
	accountsTag     = "Accounts"
)

// Idempotent lets a command be repeated.
type Idempotent struct {
	IdempotencyKey string `header:"Idempotency-Key" required:"false" doc:"Repeat with the same key and body to get the first answer again"`
}

type challengeBody struct {
	ChallengeID string    `json:"challengeId" format:"uuid"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

type challengeAnswer struct{ Body challengeBody }

func asChallenge(c Challenge, err error) (*challengeAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &challengeAnswer{Body: challengeBody{ChallengeID: c.ID, ExpiresAt: c.ExpiresAt}}, nil
}

type registrationInput struct {
	Idempotent
	Body struct {
		Kind         string   `json:"kind" enum:"individual,legal"`
		IIN          string   `json:"iin,omitempty" doc:"Of an individual"`
		BIN          string   `json:"bin,omitempty" doc:"Of a legal entity"`
		Organization string   `json:"organization,omitempty" doc:"Of a legal entity"`
		LastName     string   `json:"lastName,omitempty"`
		FirstName    string   `json:"firstName,omitempty"`
		MiddleName   string   `json:"middleName,omitempty"`
		Email        string   `json:"email,omitempty"`
		Phone        string   `json:"phone,omitempty"`
		Password     string   `json:"password,omitempty"`
		NotifyBy     []string `json:"notifyBy,omitempty"`
		Language     string   `json:"language,omitempty" doc:"kk, ru or en; that of the request if absent"`
	}
}

type codeInput struct {
	Idempotent
	Body struct {
		ChallengeID string `json:"challengeId"`
		Code        string `json:"code"`
	}
}

type signedInAnswer struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Position  string      `header:"Position" doc:"Give it as Min-Position to the first queries"`
	Body      struct {
		ID    string       `json:"id" format:"uuid"`
		Kind  account.Kind `json:"kind"`
		Name  string       `json:"name"`
		Login string       `json:"login"`
	}
}

func (r *Routes) asSignedIn(s SignedIn, err error) (*signedInAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &signedInAnswer{Position: positionHeader(s.Position)}
	lifetime := time.Duration(0)
	if s.Session.Stay {
		lifetime = s.Session.Expires.Sub(r.Commands.Accounts.deps.Now())
	}
	answer.SetCookie = r.Cookies.Session(s.Session.Token, lifetime)
	answer.Body.ID, answer.Body.Kind, answer.Body.Name, answer.Body.Login = s.ID, s.Kind, s.Name, s.Login
	return answer, nil
}

type nothing struct{}

func (r *Routes) registerAccounts(api huma.API) {
	huma.Register(api, operation("register", http.MethodPost, "/registrations", "Register", accountsTag, http.StatusAccepted), r.register)
	huma.Register(api, operation("confirm-registration", http.MethodPost, "/registrations/confirm",
		"Confirm a registration with the code", accountsTag, http.StatusCreated), r.confirmRegistration)
	huma.Register(api, operation("resend-code", http.MethodPost, "/challenges/{id}/resend",
		"Send a new code", accountsTag, http.StatusAccepted), r.resendCode)
	huma.Register(api, operation("sign-in", http.MethodPost, "/sessions", "Sign in", accountsTag, http.StatusAccepted), r.signIn)
	huma.Register(api, operation("confirm-sign-in", http.MethodPost, "/sessions/confirm",
		"Complete a sign-in with its code", accountsTag, http.StatusOK), r.confirmSignIn)
	huma.Register(api, httpapi.Private(operation("sign-out", http.MethodDelete, "/sessions/current", "Exit", accountsTag, http.StatusNoContent)), r.signOut)
	huma.Register(api, operation("request-password-reset", http.MethodPost, "/password-resets",
		"Ask for a link to set a new password", accountsTag, http.StatusAccepted), r.requestPasswordReset)
	huma.Register(api, operation("reset-password", http.MethodPost, "/password-resets/confirm",
		"Set a new password by the link", accountsTag, http.StatusNoContent), r.resetPassword)
	huma.Register(api, httpapi.Private(operation("change-password", http.MethodPut, "/me/password",
		"Change the password", accountsTag, http.StatusNoContent)), r.changePassword)
	huma.Register(api, httpapi.Private(operation("save-client-card", http.MethodPut, "/me/client-card",
		"Save the client card", accountsTag, http.StatusOK)), r.saveClientCard)
	huma.Register(api, httpapi.Private(operation("confirm-contact", http.MethodPost, "/me/contacts/confirm",
		"Confirm a new phone or e-mail address with its code", accountsTag, http.StatusNoContent)), r.confirmContact)
}

func (r *Routes) register(ctx context.Context, in *registrationInput) (*challengeAnswer, error) {
	req := request(ctx)
	form := Registration{
		Kind: in.Body.Kind, IIN: in.Body.IIN, BIN: in.Body.BIN, Organization: in.Body.Organization,
		LastName: in.Body.LastName, FirstName: in.Body.FirstName, MiddleName: in.Body.MiddleName,
		Email: in.Body.Email, Phone: in.Body.Phone, Password: in.Body.Password, Language: in.Body.Language,
		NotifyBy: in.Body.NotifyBy,
	}
	if form.Language == "" {
		form.Language = string(req.Language)
	}
	return asChallenge(r.Commands.Accounts.Register(ctx, req, form))
}

func (r *Routes) confirmRegistration(ctx context.Context, in *codeInput) (*signedInAnswer, error) {
	return r.asSignedIn(r.Commands.Accounts.ConfirmRegistration(ctx, request(ctx), in.Body.ChallengeID, in.Body.Code))
}

func (r *Routes) resendCode(ctx context.Context, in *struct {
	Idempotent
	ID string `path:"id"`
},
) (*challengeAnswer, error) {
	return asChallenge(r.Commands.Accounts.ResendCode(ctx, in.ID))
}

func (r *Routes) signIn(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		Login    string `json:"login" doc:"IIN or BIN"`
		Password string `json:"password"`
		Stay     bool   `json:"stay,omitempty" doc:"Stay in the system: the session lasts 30 days"`
	}
},
) (*challengeAnswer, error) {
	return asChallenge(r.Commands.Accounts.SignIn(ctx, request(ctx), in.Body.Login, in.Body.Password, in.Body.Stay))
}

func (r *Routes) confirmSignIn(ctx context.Context, in *codeInput) (*signedInAnswer, error) {
	return r.asSignedIn(r.Commands.Accounts.ConfirmSignIn(ctx, request(ctx), in.Body.ChallengeID, in.Body.Code))
}

func (r *Routes) signOut(ctx context.Context, _ *struct{ Idempotent }) (*struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}, error,
) {
	req, err := requestOf(ctx, "")
	if err != nil {
		return nil, err
	}
	if err := r.Commands.Accounts.SignOut(ctx, req); err != nil {
		return nil, err
	}
	answer := &struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
	}{SetCookie: r.Cookies.Ended()}
	return answer, nil
}

func (r *Routes) requestPasswordReset(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		Login string `json:"login" doc:"IIN or BIN"`
	}
},
) (*nothing, error) {
	return nil, r.Commands.Accounts.RequestPasswordReset(ctx, request(ctx), in.Body.Login)
}

func (r *Routes) resetPassword(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}
},
) (*nothing, error) {
	return nil, r.Commands.Accounts.ResetPassword(ctx, request(ctx), in.Body.Token, in.Body.Password)
}

func (r *Routes) changePassword(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		Current string `json:"current"`
		New     string `json:"new"`
	}
},
) (*nothing, error) {
	req, err := requestOf(ctx, "")
	if err != nil {
		return nil, err
	}
	return nil, r.Commands.Accounts.ChangePassword(ctx, req, in.Body.Current, in.Body.New)
}

// CardFields are the fields of the client card that a request changes; the others stay.
type CardFields struct {
	LastName              *string `json:"lastName,omitempty"`
	FirstName             *string `json:"firstName,omitempty"`
	MiddleName            *string `json:"middleName,omitempty"`
	Organization          *string `json:"organization,omitempty"`
	LegalForm             *string `json:"legalForm,omitempty"`
	RegistrationNumber    *string `json:"registrationNumber,omitempty"`
	RegistrationDate      *string `json:"registrationDate,omitempty" doc:"yyyy-mm-dd"`
	RegistrationAuthority *string `json:"registrationAuthority,omitempty"`
	Region                *string `json:"region,omitempty"`
	Locality              *string `json:"locality,omitempty"`
	Street                *string `json:"street,omitempty"`
	Building              *string `json:"building,omitempty"`
	Office                *string `json:"office,omitempty"`
	Postcode              *string `json:"postcode,omitempty"`
	HeadName              *string `json:"headName,omitempty"`
	HeadPosition          *string `json:"headPosition,omitempty"`
	Activity              *string `json:"activity,omitempty"`
	ActivityCode          *string `json:"activityCode,omitempty" doc:"OKED"`
	VATPayer              *bool   `json:"vatPayer,omitempty"`
	Bank                  *string `json:"bank,omitempty"`
	BIC                   *string `json:"bic,omitempty"`
	IBAN                  *string `json:"iban,omitempty"`
	KBE                   *string `json:"kbe,omitempty"`
	Website               *string `json:"website,omitempty"`
}

// CardInput is what a request changes of the card and of the contacts beside it.
type CardInput struct {
	CardFields
	Phone string `json:"phone,omitempty" doc:"A new one takes effect when its code is entered"`
	Email string `json:"email,omitempty" doc:"A new one takes effect when its code is entered"`
}

// SavedCardBody is the whole card with the contacts that are in effect.
type SavedCardBody struct {
	account.Card
	Phone        string         `json:"phone"`
	Email        string         `json:"email"`
	ConfirmPhone *challengeBody `json:"confirmPhone,omitempty" doc:"The code that was sent to the new phone"`
	ConfirmEmail *challengeBody `json:"confirmEmail,omitempty" doc:"The code that was sent to the new address"`
}

type savedCardAnswer struct {
	Written
	Body SavedCardBody
}

func (r *Routes) saveClientCard(ctx context.Context, in *struct {
	Idempotent
	IfMatch string `header:"If-Match" required:"false"`
	Body    CardInput
},
) (*savedCardAnswer, error) {
	req, err := requestOf(ctx, "")
	if err != nil {
		return nil, err
	}
	if req.IfMatch, err = httpapi.IfMatch(in.IfMatch); err != nil {
		return nil, err
	}
	fields, err := json.Marshal(in.Body.CardFields)
	if err != nil {
		return nil, fmt.Errorf("reading the fields of the card: %w", err)
	}
	saved, err := r.Commands.Accounts.SaveClientCard(ctx, req, fields, in.Body.Phone, in.Body.Email)
	if err != nil {
		return nil, err
	}
	answer := &savedCardAnswer{Written: writtenAt(saved.Outcome)}
	answer.ETag = httpapi.ETag(int64(saved.State.CardVersion))
	answer.Body = SavedCardBody{
		Card: saved.State.Card, Phone: saved.State.Phone, Email: saved.State.Email,
		ConfirmPhone: pending(saved.ConfirmPhone), ConfirmEmail: pending(saved.ConfirmEmail),
	}
	return answer, nil
}

func pending(c *Challenge) *challengeBody {
	if c == nil {
		return nil
	}
	return &challengeBody{ChallengeID: c.ID, ExpiresAt: c.ExpiresAt}
}

func (r *Routes) confirmContact(ctx context.Context, in *codeInput) (*struct{ Written }, error) {
	req, err := requestOf(ctx, "")
	if err != nil {
		return nil, err
	}
	outcome, err := r.Commands.Accounts.ConfirmContact(ctx, req, in.Body.ChallengeID, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return &struct{ Written }{writtenAt(outcome)}, nil
}
