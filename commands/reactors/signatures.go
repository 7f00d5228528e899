package reactors

import (
	"context"
	"strings"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
)

const signatureStreams = "signature-"

// Signatures finishes what a process left undone that was killed between the stream of an application and that of the
// signatures under one of its documents. Mostly there is nothing to do: the command has done it.
func Signatures(documents *commands.Documents) Reactor {
	return Reactor{
		Name: "signatures", Streams: []string{applicationStreams, signatureStreams},
		Types: []string{"application.document-issued.", "signature.completed."},
		React: func(ctx context.Context, event codec.Envelope) error {
			req := commands.NewRequest("system")
			req.CorrelationID, req.CommandID = event.Meta.CorrelationID, event.Meta.CommandID
			switch event.Event.(type) {
			case application.DocumentIssued:
				return documents.Settle(ctx, req, strings.TrimPrefix(event.Stream, applicationStreams))
			case signature.FullySigned:
				return documents.SettleDocument(ctx, req, strings.TrimPrefix(event.Stream, signatureStreams))
			default:
				return nil
			}
		},
	}
}
