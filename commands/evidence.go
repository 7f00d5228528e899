package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
)

const (
	// EvidenceTerm is how long after a signature its evidence is looked for, at least.
	EvidenceTerm = 14 * 24 * time.Hour
	// evidenceTries is how often, besides, it must have been looked for in vain by the same process: one that starts after
	// the term has passed gives the authorities a chance.
	evidenceTries = 5
)

// errStillMissing says that an authority gave nothing, and no reason.
var errStillMissing = errors.New("nobody gave the evidence that was asked for")

// keepReport keeps the report of a verification among the files of whom the document belongs to. It gives the report's hash.
func (d *Documents) keepReport(ctx context.Context, applicant string, report eds.Report) (signature.Evidence, error) {
	data, err := json.Marshal(report)
	if err != nil {
		return signature.Evidence{}, fmt.Errorf("writing the report of a verification: %w", err)
	}
	return d.keepPiece(ctx, applicant, eds.Evidence{Kind: eds.EvidenceReport, Data: data})
}

// keepEvidence keeps pieces of evidence, in their order.
func (d *Documents) keepEvidence(ctx context.Context, applicant string, evidence []eds.Evidence) ([]signature.Evidence, error) {
	var kept []signature.Evidence
	for _, piece := range evidence {
		one, err := d.keepPiece(ctx, applicant, piece)
		if err != nil {
			return nil, err
		}
		kept = append(kept, one)
	}
	return kept, nil
}

func (d *Documents) keepPiece(ctx context.Context, applicant string, piece eds.Evidence) (signature.Evidence, error) {
	stored, err := d.deps.Files.Put(ctx, applicant, bytes.NewReader(piece.Data), eds.MaxEvidence)
	if err != nil {
		return signature.Evidence{}, fmt.Errorf("storing evidence of a signature (%s): %w", piece.Kind, err)
	}
	return signature.Evidence{Kind: piece.Kind, SHA256: stored.SHA256}, nil
}

// CollectEvidence asks authorities for the evidence that the signatures under a document lack, and keeps what they give.
// Earlier is how often this process has tried that before. Error: some of it is still missing, and may be asked for again.
// What will never be had, and what was not to be had for EvidenceTerm, is given up, which is recorded.
func (d *Documents) CollectEvidence(ctx context.Context, req Request, id string, earlier int) error {
	if d.deps.Evidences == nil {
		return nil
	}
	state, err := d.streams.signatures.state(ctx, id)
	if err != nil {
		return err
	}
	var faults []error
	for _, proof := range state.Proofs {
		if proof.Complete || proof.GivenUp {
			continue
		}
		if err := d.collect(ctx, req.then(string(proof.Signer)), id, state, proof, earlier); err != nil {
			faults = append(faults, fmt.Errorf("evidence of the signature of the %s under document %s: %w", proof.Signer, id, err))
		}
	}
	return errors.Join(faults...)
}

// collect looks for what one signature lacks.
func (d *Documents) collect(
	ctx context.Context, req Request, id string, state signature.State, proof signature.Proof, earlier int,
) error {
	accepted, _ := state.Signature(proof.Signer)
	found, err := d.fetch(ctx, state.Applicant, accepted, proof)
	if len(found) > 0 {
		kept, kerr := d.keepEvidence(ctx, state.Applicant, found)
		if kerr != nil {
			return errors.Join(err, kerr)
		}
		after, aerr := d.streams.signatures.execute(ctx, req, id, func(signature.State) (signature.Command, error) {
			return signature.AttachEvidence{Signer: proof.Signer, Evidence: kept, At: d.deps.Now()}, nil
		})
		if aerr != nil {
			return errors.Join(err, aerr)
		}
		proof, _ = after.State.Proof(proof.Signer)
	}
	if proof.Complete {
		return nil
	}
	if err == nil {
		err = errStillMissing
	}
	code := d.hopeless(ctx, err, accepted.At, earlier)
	if code == "" {
		return err
	}
	_, gerr := d.streams.signatures.execute(ctx, req.next(), id, func(signature.State) (signature.Command, error) {
		return signature.GiveUpEvidence{Signer: proof.Signer, Code: code, At: d.deps.Now()}, nil
	})
	if gerr != nil {
		return errors.Join(err, gerr)
	}
	return fmt.Errorf("given up: %w", err)
}

// hopeless tells why evidence is not looked for any more; empty: it is.
func (d *Documents) hopeless(ctx context.Context, err error, signed time.Time, earlier int) string {
	var final *problem.Problem
	switch {
	case ctx.Err() != nil:
		return ""
	case errors.As(err, &final) && (final.Kind == problem.Invalid || final.Kind == problem.Gone):
		return final.Code
	case earlier+1 >= evidenceTries && !d.deps.Now().Before(signed.Add(EvidenceTerm)):
		return "evidence-unavailable"
	default:
		return ""
	}
}

// fetch asks for what a signature lacks, with what there is of it.
func (d *Documents) fetch(
	ctx context.Context, applicant string, accepted signature.Accepted, proof signature.Proof,
) ([]eds.Evidence, error) {
	cms, err := d.readFile(ctx, applicant, accepted.CMS, eds.MaxContainer)
	if err != nil {
		return nil, err
	}
	lacking := eds.Lacking{CMS: cms, Missing: proof.Missing(), ReceivedAt: accepted.At}
	for _, piece := range proof.Evidence {
		if piece.Kind == signature.EvidenceReport {
			continue
		}
		data, err := d.readFile(ctx, applicant, piece.SHA256, eds.MaxEvidence)
		if err != nil {
			return nil, err
		}
		lacking.Evidence = append(lacking.Evidence, eds.Evidence{Kind: piece.Kind, Data: data})
	}
	return d.deps.Evidences.Fetch(ctx, lacking)
}

// readFile reads a small file of the applicant's whole. Error: of kind Gone once the applicant was erased.
func (d *Documents) readFile(ctx context.Context, applicant, sha256 string, limit int64) (_ []byte, err error) {
	content, err := d.deps.Files.Open(ctx, applicant, sha256)
	if err != nil {
		return nil, fmt.Errorf("opening file %s: %w", sha256, err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	data, err := io.ReadAll(io.LimitReader(content, limit))
	if err != nil {
		return nil, fmt.Errorf("reading file %s: %w", sha256, err)
	}
	return data, nil
}
