package readapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

// History is the verifiable history of the event log. Its errors are those of the package tlog.
type History interface {
	Key() string
	Witnesses() []string
	Trouble(ctx context.Context) error
	Finding(ctx context.Context) error
	Size(ctx context.Context) (uint64, error)
	Latest(ctx context.Context) (transparency.Signed, error)
	Checkpoint(ctx context.Context, size uint64) (transparency.Signed, error)
	IndexOf(ctx context.Context, position eventstore.Position) (uint64, error)
	Inclusion(ctx context.Context, index, size uint64) (transparency.Proof, error)
	Consistency(ctx context.Context, from, to uint64) (transparency.Consistency, error)
	Tile(ctx context.Context, level uint, index, size uint64) ([]transparency.Hash, error)
	// Cosign adds the valid signatures of known witnesses which a copy of a checkpoint has.
	Cosign(ctx context.Context, size uint64, copied []byte) (transparency.Signed, error)

	Proving
}

func (q *Queries) registerAuditLog(api huma.API) {
	public := func(id, path, summary string) huma.Operation {
		op := operation(id, "/audit/log"+path, summary, auditTag)
		op.Errors = []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
		return op
	}
	huma.Register(api, noted(public("audit-log-checkpoint", "/checkpoint",
		"The latest signed checkpoint of the event log: a note of C2SP tlog-checkpoint, with the signatures of witnesses")), q.logCheckpoint)
	huma.Register(api, noted(public("audit-log-checkpoint-of", "/checkpoints/{size}", "The signed checkpoint of a log of so many records")), q.logCheckpointOf)
	huma.Register(api, public("audit-log-consistency", "/consistency",
		"A proof that the log of one checkpoint continues the log of an earlier one (RFC 6962)"), q.logConsistency)
	cosign := public("audit-log-cosign", "/checkpoints/{size}/signatures",
		"Hand in the signature of a witness (C2SP tlog-cosignature). It counts by itself: only signatures of witnesses that the portal knows are taken")
	cosign.Method = http.MethodPost
	huma.Register(api, cosign, q.logCosign)
	huma.Register(api, auditOperation("audit-log", "/log", "The hash tree over the event log: how far it is, who signs, and whether anything is wrong", machine.AuditRead), q.logStatus)
	huma.Register(api, auditOperation("audit-log-inclusion", "/log/inclusion", "A proof that a record is in the log of a checkpoint (RFC 6962)", machine.AuditRead), q.logInclusion)
	tile := auditOperation("audit-log-tile", "/log/tiles/{level}/{index}", "256 hashes of the tree, or as many as the latest checkpoint covers, of 32 bytes each", machine.AuditRead)
	tile.Responses = map[string]*huma.Response{"200": {
		Description: "Hashes", Content: map[string]*huma.MediaType{octets: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(api, tile, q.logTile)
}

const (
	octets    = "application/octet-stream"
	plainText = "text/plain; charset=utf-8"
)

func noted(op huma.Operation) huma.Operation {
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The note", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	return op
}

type bytesOutput struct {
	ContentType string `header:"Content-Type"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

func noteOutput(signed transparency.Signed) *bytesOutput {
	return &bytesOutput{ContentType: plainText, Cache: "no-cache", Body: signed.Note}
}

func (q *Queries) logCheckpoint(ctx context.Context, _ *struct{}) (*bytesOutput, error) {
	latest, err := q.deps.History.Latest(ctx)
	if err != nil {
		return nil, logProblem(err)
	}
	return noteOutput(latest), nil
}

type sizeInput struct {
	Size uint64 `path:"size" doc:"Records"`
}

func (q *Queries) logCheckpointOf(ctx context.Context, in *sizeInput) (*bytesOutput, error) {
	signed, err := q.deps.History.Checkpoint(ctx, in.Size)
	if err != nil {
		return nil, logProblem(err)
	}
	return noteOutput(signed), nil
}

type consistencyInput struct {
	From uint64 `query:"from" required:"true" doc:"Records of the earlier log"`
	To   uint64 `query:"to" doc:"Records of the later one, at most those of the latest checkpoint; 0: just those"`
}

// consistencyProof is a proof for people's tools: the hashes are in base64.
type consistencyProof struct {
	From   uint64   `json:"from"`
	To     uint64   `json:"to"`
	Hashes []string `json:"hashes"`
}

func (q *Queries) logConsistency(ctx context.Context, in *consistencyInput) (*struct{ Body consistencyProof }, error) {
	to, err := q.covered(ctx, in.To)
	if err != nil {
		return nil, err
	}
	proof, err := q.deps.History.Consistency(ctx, in.From, to)
	if err != nil {
		return nil, logProblem(err)
	}
	return &struct{ Body consistencyProof }{consistencyProof{From: proof.From, To: proof.To, Hashes: inBase64(proof.Hashes)}}, nil
}

// covered is the size of a log that the latest checkpoint covers; 0 stands for its own. Error: not-found.
func (q *Queries) covered(ctx context.Context, size uint64) (uint64, error) {
	latest, err := q.deps.History.Latest(ctx)
	if err != nil {
		return 0, logProblem(err)
	}
	switch {
	case size == 0:
		return latest.Size, nil
	case size > latest.Size:
		return 0, problem.New(problem.NotFound, "checkpoint-not-found")
	default:
		return size, nil
	}
}

func inBase64(hashes []transparency.Hash) []string {
	list := make([]string, len(hashes))
	for i, hash := range hashes {
		list[i] = hash.String()
	}
	return list
}

type cosignInput struct {
	Size uint64 `path:"size" doc:"Records of the checkpoint"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"16384" doc:"The checkpoint, with the line of the witness's signature at its end"`
	}
}

// cosigners are the witnesses whose signatures a checkpoint has.
type cosigners struct {
	Witnesses []transparency.Cosigned `json:"witnesses"`
}

func (q *Queries) logCosign(ctx context.Context, in *cosignInput) (*struct{ Body cosigners }, error) {
	signed, err := q.deps.History.Cosign(ctx, in.Size, []byte(in.Body.Note))
	if err != nil {
		return nil, logProblem(err)
	}
	return &struct{ Body cosigners }{cosigners{signed.Witnesses}}, nil
}

// logStatus is how the verifiable history is doing.
type logStatus struct {
	Key       string                  `json:"key" doc:"The public key of the log: name+hash+key"`
	Records   uint64                  `json:"records" doc:"In the tree"`
	Signed    uint64                  `json:"signed" doc:"Of them by the latest checkpoint"`
	SignedAt  *time.Time              `json:"signedAt" doc:"When that was"`
	Witnesses []string                `json:"witnesses" doc:"Public keys of the witnesses whose signatures are taken"`
	Cosigned  []transparency.Cosigned `json:"cosigned" doc:"Witnesses that have signed the latest checkpoint"`
	Altered   bool                    `json:"altered" doc:"The log does not continue what was signed, and nothing is signed any more; or the last verification found it altered"`
}

func (q *Queries) logStatus(ctx context.Context, _ *struct{}) (*struct{ Body logStatus }, error) {
	h := q.deps.History
	size, err := h.Size(ctx)
	if err != nil {
		return nil, logProblem(err)
	}
	body := logStatus{Key: h.Key(), Records: size, Witnesses: h.Witnesses(), Cosigned: []transparency.Cosigned{}}
	if body.Witnesses == nil {
		body.Witnesses = []string{}
	}
	latest, err := h.Latest(ctx)
	switch {
	case err == nil:
		body.Signed, body.SignedAt = latest.Size, &latest.At
		body.Cosigned = append(body.Cosigned, latest.Witnesses...)
	case errors.Is(err, tlog.ErrAltered):
		body.Altered = true
	case !errors.Is(err, tlog.ErrNoCheckpoint):
		return nil, logProblem(err)
	}
	switch err := errors.Join(h.Trouble(ctx), h.Finding(ctx)); {
	case errors.Is(err, tlog.ErrAltered):
		body.Altered = true
	case err != nil:
		return nil, logProblem(err)
	}
	return &struct{ Body logStatus }{body}, nil
}

type inclusionInput struct {
	Position string `query:"position" doc:"The record, by its position in the log"`
	Index    uint64 `query:"index" doc:"Without a position: the record by its number, the first being 0"`
	Size     uint64 `query:"size" doc:"Records of the log, at most those of the latest checkpoint; 0: just those"`
}

// inclusionProof is a proof with the checkpoint that it is for, where there is one of that size.
type inclusionProof struct {
	Index      uint64   `json:"index"`
	Size       uint64   `json:"size"`
	Hashes     []string `json:"hashes"`
	Checkpoint string   `json:"checkpoint,omitempty" doc:"The signed checkpoint of a log of that size, if there is one"`
}

func (q *Queries) logInclusion(ctx context.Context, in *inclusionInput) (*struct{ Body inclusionProof }, error) {
	if in.Position != "" {
		position, err := eventstore.ParsePosition(in.Position)
		if err != nil {
			return nil, problem.Input(problem.Field{Location: "position", Code: "wrong-format"})
		}
		if in.Index, err = q.deps.History.IndexOf(ctx, position); err != nil {
			return nil, logProblem(err)
		}
	}
	size, err := q.covered(ctx, in.Size)
	if err != nil {
		return nil, err
	}
	proof, err := q.deps.History.Inclusion(ctx, in.Index, size)
	if err != nil {
		return nil, logProblem(err)
	}
	body := inclusionProof{Index: proof.Index, Size: proof.Size, Hashes: inBase64(proof.Hashes)}
	signed, err := q.deps.History.Checkpoint(ctx, size)
	switch {
	case err == nil:
		body.Checkpoint = string(signed.Note)
	case !errors.Is(err, tlog.ErrNoCheckpoint):
		return nil, logProblem(err)
	}
	return &struct{ Body inclusionProof }{body}, nil
}

type tileInput struct {
	Level uint   `path:"level" maximum:"7" doc:"The tile has hashes of level 8 × this of the tree; 0: leaves"`
	Index uint64 `path:"index" doc:"Of the tile in its level, the first being 0"`
}

func (q *Queries) logTile(ctx context.Context, in *tileInput) (*bytesOutput, error) {
	size, err := q.covered(ctx, 0)
	if err != nil {
		return nil, err
	}
	hashes, err := q.deps.History.Tile(ctx, in.Level, in.Index, size)
	if err != nil {
		return nil, logProblem(err)
	}
	out := &bytesOutput{ContentType: octets, Cache: "no-cache", Body: make([]byte, 0, len(hashes)*transparency.HashSize)}
	for i := range hashes {
		out.Body = append(out.Body, hashes[i][:]...)
	}
	return out, nil
}

// logProblem is what people are told of an error of the verifiable history.
func logProblem(err error) error {
	switch {
	case errors.Is(err, tlog.ErrNoCheckpoint), errors.Is(err, tlog.ErrBeyond), errors.Is(err, tlog.ErrNoRecord):
		return problem.New(problem.NotFound, "checkpoint-not-found")
	case errors.Is(err, tlog.ErrAltered):
		return problem.New(problem.Unavailable, "log-altered")
	case errors.Is(err, tlog.ErrBehind):
		return behind()
	case errors.Is(err, transparency.ErrWitness), errors.Is(err, transparency.ErrUnsigned), errors.Is(err, transparency.ErrCheckpoint):
		return problem.Input(problem.Field{Location: "note", Code: "cosignature-wrong"})
	default:
		return fmt.Errorf("looking at the verifiable history: %w", err)
	}
}
