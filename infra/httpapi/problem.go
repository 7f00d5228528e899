package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// Document is an RFC 9457 problem: what an HTTP answer says when a request was refused.
type Document struct { //nolint:errname // a problem document, in the words of RFC 9457
	Type   string       `json:"type" doc:"The code as a URI"`
	Title  string       `json:"title" doc:"What kind of refusal this is, in the reader's language"`
	Status int          `json:"status" doc:"The HTTP status"`
	Detail string       `json:"detail,omitempty" doc:"What went wrong and what to do, in the reader's language"`
	Code   string       `json:"code" doc:"Stable, kebab-case"`
	Errors []FieldFault `json:"errors,omitempty" doc:"For input: every fault, where it is"`

	retryAfter time.Duration
}

// FieldFault is one fault of the input.
type FieldFault struct {
	Location string `json:"location"`
	Message  string `json:"message"`
	Code     string `json:"code"`
}

// Error names the code.
func (d *Document) Error() string { return d.Code }

// GetStatus returns the HTTP status.
func (d *Document) GetStatus() int { return d.Status }

// ContentType is that of RFC 9457.
func (d *Document) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns Retry-After where the problem says when to try again.
func (d *Document) GetHeaders() http.Header {
	header := http.Header{}
	if d.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(d.retryAfter.Seconds()))))
	}
	return header
}

// statusOf is the one table from kinds of problems to HTTP.
var statusOf = map[problem.Kind]int{
	problem.Invalid:         http.StatusUnprocessableEntity,
	problem.Malformed:       http.StatusBadRequest,
	problem.Unauthenticated: http.StatusUnauthorized,
	problem.NotFound:        http.StatusNotFound,
	problem.WrongState:      http.StatusConflict,
	problem.Gone:            http.StatusGone,
	problem.Stale:           http.StatusPreconditionFailed,
	problem.TooLarge:        http.StatusRequestEntityTooLarge,
	problem.WrongType:       http.StatusUnsupportedMediaType,
	problem.TooMany:         http.StatusTooManyRequests,
	problem.Unavailable:     http.StatusServiceUnavailable,
	problem.NotAllowed:      http.StatusMethodNotAllowed,
	problem.Forbidden:       http.StatusForbidden,
}

// Render words a problem in a language.
func Render(l text.Language, p *problem.Problem) *Document {
	status, known := statusOf[p.Kind]
	if !known {
		status = http.StatusInternalServerError
	}
	d := &Document{
		Type: "urn:problem:" + p.Code, Title: Message(l, "status-"+strconv.Itoa(status), nil), Status: status,
		Detail: Message(l, p.Code, nil), Code: p.Code, retryAfter: p.RetryAfter,
	}
	if d.retryAfter == 0 && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) {
		d.retryAfter = time.Second
	}
	d.Errors = Faults(l, p.Fields)
	if len(d.Errors) == 1 && d.Detail == "" {
		d.Detail = d.Errors[0].Message
	}
	return d
}

// Faults words faults in a language. The list is never nil.
func Faults(l text.Language, fields []problem.Field) []FieldFault {
	faults := make([]FieldFault, len(fields))
	for i, f := range fields {
		faults[i] = FieldFault{Location: f.Location, Code: f.Code, Message: Message(l, f.Code, f.Params)}
	}
	return faults
}

// Fail turns an error of a use case into the answer to give. A problem is told to the caller; anything else is logged
// here, once, and told as unavailable or internal, without its text.
func Fail(ctx context.Context, err error) *Document {
	var d *Document
	if errors.As(err, &d) {
		return d
	}
	return Render(LanguageOf(ctx), asProblem(ctx, err))
}

func asProblem(ctx context.Context, err error) *problem.Problem {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(context.Cause(ctx), &p): // whatever failed for it: WhileValid
		return p
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, readstore.ErrUnavailable), errors.Is(err, codec.ErrUnavailable):
		slog.ErrorContext(ctx, "store unavailable", "correlation", correlationOf(ctx), "error", err)
		return &problem.Problem{Kind: problem.Unavailable, Code: "store-unavailable", RetryAfter: time.Second}
	case errors.Is(err, readstore.ErrCursor):
		return problem.New(problem.Malformed, "bad-cursor")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &problem.Problem{Kind: problem.Unavailable, Code: "timed-out", RetryAfter: time.Second}
	default:
		slog.ErrorContext(ctx, "request failed", "correlation", correlationOf(ctx), "error", err)
		return &problem.Problem{Code: "internal"}
	}
}

// Write answers a request with a problem, for handlers outside huma.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	d := Fail(r.Context(), err)
	for name, values := range d.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", d.ContentType(""))
	w.WriteHeader(d.Status)
	if err := json.NewEncoder(w).Encode(d); err != nil {
		slog.DebugContext(r.Context(), "answer not written", "error", err)
	}
}

// newError is huma's way to make an error document: for its own findings, and for whatever a handler returned.
func newError(hctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
	if hctx == nil {
		return document(context.Background(), status, errs)
	}
	d := document(hctx.Context(), status, errs)
	for name, values := range d.GetHeaders() {
		hctx.SetHeader(name, values[0]) // huma takes no headers from what this function returns
	}
	return d
}

func document(ctx context.Context, status int, errs []error) *Document {
	var own *Document
	if joined := errors.Join(errs...); status == http.StatusInternalServerError || errors.As(joined, &own) {
		return Fail(ctx, joined)
	}
	p := &problem.Problem{}
	switch status {
	case http.StatusBadRequest:
		p.Kind, p.Code = problem.Malformed, "malformed"
	case http.StatusNotFound:
		p.Kind, p.Code = problem.NotFound, "not-found"
	case http.StatusRequestTimeout:
		p.Kind, p.Code = problem.Malformed, "body-too-slow"
	case http.StatusRequestEntityTooLarge:
		p.Kind, p.Code = problem.TooLarge, "body-too-large"
	case http.StatusUnsupportedMediaType:
		p.Kind, p.Code = problem.WrongType, "json-expected"
	default:
		p.Kind, p.Code = problem.Invalid, "invalid"
	}
	for _, err := range errs {
		if f, found := faultOf(err); found {
			p.Fields = append(p.Fields, f)
		}
	}
	inOrder(p.Fields)
	if p.Kind != problem.Invalid {
		if slices.ContainsFunc(p.Fields, func(f problem.Field) bool { return f.Code == errDuplicateMember.Error() }) {
			p.Code = errDuplicateMember.Error()
		}
		p.Fields = nil // the one finding is that the body cannot be read; its text may quote it
	}
	return Render(LanguageOf(ctx), p)
}

// inOrder gives the same faults in the same order every time. Huma finds unknown members in the order of a Go map: they
// come last, by location.
func inOrder(faults []problem.Field) {
	unknown := func(f problem.Field) string {
		if f.Code == "unknown-field" {
			return f.Location + " "
		}
		return ""
	}
	slices.SortStableFunc(faults, func(a, b problem.Field) int { return strings.Compare(unknown(a), unknown(b)) })
}

// faultOf reads a finding of huma's validation, whose messages configure has replaced by codes.
func faultOf(err error) (problem.Field, bool) {
	var detailer huma.ErrorDetailer
	if !errors.As(err, &detailer) {
		return problem.Field{}, false
	}
	detail := detailer.ErrorDetail()
	code, param, _ := strings.Cut(detail.Message, "|")
	f := problem.Field{Location: strings.TrimPrefix(strings.TrimPrefix(detail.Location, "body"), "."), Code: code}
	switch {
	case code == "required" && param != "":
		if f.Location != "" {
			f.Location += "."
		}
		f.Location += param
	case !Worded(code):
		f.Code = "wrong-format"
	case param != "":
		f.Params = map[string]string{"limit": param}
	}
	return f, true
}
