package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
)

// AcceptDocument signs a document by simple acceptance, where the service lets that suffice. Errors: document-not-found,
// role-not-allowed, not-an-executor, not-a-signer, not-your-turn, already-signed, acceptance-not-allowed,
// document-superseded, not-awaiting-signature.
func (d *Documents) AcceptDocument(
	ctx context.Context, req Request, by application.Staff, id string,
) (SignedDocument, error) {
	s, err := d.signing(ctx, req, by, id)
	if err != nil {
		return SignedDocument{}, err
	}
	return d.sign(ctx, s, signature.Accept{Signer: s.signer, Account: req.Actor, At: d.deps.Now()})
}
