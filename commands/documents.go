package commands

import (
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eventstore"
)

// Documents are the use cases of documents and the signatures under them. A document is an event of its application; its
// signatures are a stream of their own. What belongs to both is written to one after the other, and Settle finishes what
// a crash interrupted.
type Documents struct {
	deps    Deps
	streams *streams
}

func newDocuments(deps Deps, streams *streams) *Documents {
	if deps.Verifier == nil {
		deps.Verifier = eds.None{}
	}
	return &Documents{deps: deps, streams: streams}
}

// theSigningApplicant says that the events of a document's signatures lie under its applicant's key.
func theSigningApplicant(_ string, s signature.State, c signature.Command) string {
	if prepare, ok := c.(signature.Prepare); ok {
		return prepare.Applicant
	}
	return s.Applicant
}

// signing is somebody who is about to sign a document.
type signing struct {
	id          string // the document's
	application Application
	document    application.Document
	state       signature.State
	signer      signature.Signer // as whom the caller signs
	req         Request
}

// signing finds out as whom the caller signs a document. Whoever applied signs as the applicant, also among their own
// staff. Errors: document-not-found for everybody who has nothing to do with it; role-not-allowed, not-an-executor;
// document-superseded, application-ended.
func (d *Documents) signing(ctx context.Context, req Request, by application.Staff, id string) (signing, error) {
	if _, err := uuid.Parse(id); err != nil {
		return signing{}, documentNotFound()
	}
	state, err := d.streams.signatures.state(ctx, id)
	if err != nil {
		return signing{}, err
	}
	if !state.Open() {
		return signing{}, documentNotFound()
	}
	at, err := d.load(ctx, state.ApplicationID)
	if err != nil {
		return signing{}, err
	}
	document, found := at.State.Document(id)
	if !found {
		return signing{}, documentNotFound()
	}
	s := signing{id: id, application: at, document: document, state: state, req: req, signer: signature.Provider}
	s.req.IfMatch = nil
	if by.Account == at.State.Applicant {
		s.signer, s.req.Role = signature.Applicant, string(account.Applicant)
	} else if err := application.May(at.State, by, at.Service.Passport.ProviderID, application.SignForProvider); err != nil {
		var refused *problem.Problem
		if errors.As(err, &refused) && refused.Kind == problem.NotFound {
			return signing{}, documentNotFound()
		}
		return signing{}, err
	}
	return s, s.possible()
}

// possible tells whether the application still waits for signatures under this document. One that is there already may be
// given again.
func (s *signing) possible() error {
	_, signed := s.state.Signature(s.signer)
	switch {
	case signed:
		return nil
	case s.document.Superseded:
		return problem.New(problem.WrongState, "document-superseded")
	case s.application.State.Status != application.AwaitingSignature:
		return problem.New(problem.WrongState, "not-awaiting-signature")
	default:
		return nil
	}
}

func documentNotFound() error { return problem.New(problem.NotFound, "document-not-found") }

// load gives an application as it is now, with its service version. Error: application-not-found.
func (d *Documents) load(ctx context.Context, id string) (Application, error) {
	at, err := d.streams.applications.load(ctx, id)
	if err != nil {
		return Application{}, err
	}
	if at.state.Status == "" {
		return Application{}, notFound()
	}
	content, _, err := d.streams.serviceVersion(ctx, at.state.ServiceID, at.state.ServiceVersion)
	if err != nil {
		return Application{}, err
	}
	outcome := Outcome[application.State]{State: at.state, Revision: at.revision, Position: at.position}
	return Application{Outcome: outcome, ID: id, Service: content}, nil
}

// SignedDocument is a document after somebody has signed it. Its position is that of what was written last, in whichever
// stream.
type SignedDocument struct {
	Outcome[signature.State]
	ID     string
	Signer signature.Signer
	Signed bool               // by everybody
	Status application.Status // of the application
}

// sign gives a command of the signer, and does what follows.
func (d *Documents) sign(ctx context.Context, s signing, command signature.Command) (SignedDocument, error) {
	outcome, err := d.streams.signatures.execute(ctx, s.req, s.id, func(signature.State) (signature.Command, error) {
		return command, nil
	})
	if err != nil {
		return SignedDocument{}, err
	}
	after, position, err := d.settle(ctx, s.req, s.application.ID)
	if err != nil {
		return SignedDocument{}, err
	}
	outcome.Position = later(position, outcome.Position)
	return SignedDocument{
		Outcome: outcome, ID: s.id, Signer: s.signer, Signed: outcome.State.Complete, Status: after.State.Status,
	}, nil
}

func later(a, b eventstore.Position) eventstore.Position {
	if a.Before(b) {
		return b
	}
	return a
}

// Settle makes the signatures of an application's documents agree with the application: what was issued can be signed,
// what was replaced cannot, and what everybody has signed is recorded as signed. Giving it again changes nothing.
func (d *Documents) Settle(ctx context.Context, req Request, applicationID string) error {
	_, _, err := d.settle(ctx, req, applicationID)
	if problem.Has(err, "application-not-found") {
		return nil
	}
	return err
}

// SettleDocument settles the application that a document belongs to.
func (d *Documents) SettleDocument(ctx context.Context, req Request, id string) error {
	state, err := d.streams.signatures.state(ctx, id)
	if err != nil || !state.Open() {
		return err
	}
	return d.Settle(ctx, req, state.ApplicationID)
}

// settle gives the application as it is afterwards, and the position of what was written last.
func (d *Documents) settle(ctx context.Context, req Request, id string) (Application, eventstore.Position, error) {
	at, err := d.load(ctx, id)
	if err != nil {
		return Application{}, eventstore.Position{}, err
	}
	position := at.Position
	for _, document := range at.State.Documents {
		if len(document.Signers) == 0 || document.Signed {
			continue
		}
		signatures, err := d.settleSignatures(ctx, req, at, document)
		if err != nil {
			return Application{}, eventstore.Position{}, err
		}
		position = later(position, signatures.Position)
		if !signatures.State.Complete {
			continue
		}
		if at.Outcome, err = d.recordSigned(ctx, req, at, document, signatures.State); err != nil {
			return Application{}, eventstore.Position{}, err
		}
		position = later(position, at.Position)
	}
	return at, position, nil
}

// settleSignatures opens a document for signing, and closes one that was replaced.
func (d *Documents) settleSignatures(
	ctx context.Context, req Request, at Application, document application.Document,
) (Outcome[signature.State], error) {
	now, err := d.streams.signatures.load(ctx, document.ID)
	outcome := Outcome[signature.State]{State: now.state, Revision: now.revision, Position: now.position}
	if err == nil && !outcome.State.Open() {
		outcome, err = d.streams.signatures.execute(ctx, req.about(document.ID, "prepare"), document.ID,
			func(signature.State) (signature.Command, error) { return prepare(at, document), nil })
	}
	if err == nil && document.Superseded && !outcome.State.Withdrawn && !outcome.State.Complete {
		outcome, err = d.streams.signatures.execute(ctx, req.about(document.ID, "withdraw"), document.ID,
			func(signature.State) (signature.Command, error) { return signature.Withdraw{At: d.deps.Now()}, nil })
		if problem.Has(err, "document-signed") { // meanwhile: it was signed and replaced at once
			now, err = d.streams.signatures.load(ctx, document.ID)
			outcome = Outcome[signature.State]{State: now.state, Revision: now.revision, Position: now.position}
		}
	}
	return outcome, err
}

func prepare(at Application, document application.Document) signature.Prepare {
	c := signature.Prepare{
		ApplicationID: at.ID, Applicant: at.State.Applicant, ProviderID: at.Service.Passport.ProviderID,
		Kind: document.Kind, Version: document.Version, SHA256: document.File.SHA256,
		By: signature.Method(document.By), At: document.IssuedAt,
	}
	for _, signer := range document.Signers {
		c.Signers = append(c.Signers, signature.Signer(signer))
	}
	return c
}

// recordSigned tells the application that everybody has signed a document. It is the deed of whoever signed last. An
// application that cannot take it any more, because it has ended or the document was replaced meanwhile, stays as it is.
func (d *Documents) recordSigned(
	ctx context.Context, req Request, at Application, document application.Document, s signature.State,
) (Outcome[application.State], error) {
	record := req.about(document.ID, "signed")
	if n := len(s.Accepted); n > 0 {
		record.Actor = cmp.Or(s.Accepted[n-1].Account, record.Actor)
	}
	outcome, err := d.streams.applications.execute(ctx, record, at.ID,
		func(application.State) (application.Command, error) {
			return application.RecordSigned{
				Workflow: at.Service.Workflow, DocumentID: document.ID, At: d.deps.Now(),
			}, nil
		})
	var refused *problem.Problem
	if errors.As(err, &refused) && refused.Kind == problem.WrongState {
		return at.Outcome, nil
	}
	return outcome, err
}

// about returns the request of a command that follows from this one. Its id follows from the document alone: whoever gives
// it, and however often, it is the same command.
func (r Request) about(document, what string) Request {
	r.CausationID = r.CommandID
	r.CommandID = uuid.NewSHA1(uuid.MustParse(document), []byte(what))
	r.BodyHash, r.IfMatch = "", nil
	return r
}
