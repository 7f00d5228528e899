package readapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections"
	"services.example/portal/projections/applicationpage"
)

// asOfCase is a case as it stood at a moment.
type asOfCase struct {
	Moment      asOfMoment      `json:"moment"`
	View        string          `json:"view" enum:"whole,applicant,staff" doc:"Whose eyes it is seen with; whole: everything, as auditors see it"`
	Personal    bool            `json:"personal" doc:"false: what identifies people, and what they wrote, is withheld"`
	Application applicationPage `json:"application" doc:"The page as it was, in the form's version of then"`
	Passport    passport        `json:"passport" doc:"What the service said of itself, in the version that the application keeps; its provider as then"`
	Timeline    []timelineEntry `json:"timeline"`
	Thread      asOfThread      `json:"thread"`
	Readers     []asOfReader    `json:"readers" doc:"Who had read how far; the applicant sees only their own"`
	Documents   []documentPage  `json:"documents" doc:"To read or to sign, with their signatures"`
	Notices     []sentNotice    `json:"notices" doc:"What was told by SMS and e-mail, at most the last thousand"`
	Notes       []internalNote  `json:"notes,omitempty" doc:"The provider's internal notes, at most the last thousand; never for applicants"`
}

// asOfMoment is the moment that was answered for.
type asOfMoment struct {
	At       time.Time `json:"at" doc:"As it was asked for, or when the last event in it was stored"`
	Position string    `json:"position" doc:"Of the last event of the case in it: names the same moment for ever in this store"`
	Revision int64     `json:"revision" doc:"Of the last event of the application's stream in it"`
	Events   int       `json:"events" doc:"Of the case that had happened"`
}

// Views of a case.
const (
	viewWhole     = "whole"
	viewApplicant = "applicant"
	viewStaff     = "staff"
)

// AuditedCase names a case that an auditor reads.
type AuditedCase struct {
	Consistent
	Audited
	ID       string `path:"applicationId"`
	View     string `query:"view" enum:"whole,applicant,staff" default:"whole" doc:"applicant: exactly what the applicant saw; staff: what the provider's staff saw"`
	Account  string `query:"account" maxLength:"36" doc:"With view=staff: which of them, by account id: what was unread to them, and their own refused signatures"`
	Personal bool   `query:"personal" default:"true" doc:"false: without what identifies people and what they wrote"`
}

const (
	asOfSummary = "A case as it stood at a moment: status, form, files, thread, notices, executors, and who had read what"
	diffSummary = "What changed in a case between two moments, who did it, and what led to it"
)

func (q *Queries) registerAsOf(api huma.API) {
	own := func(id, path, summary string) huma.Operation {
		op := httpapi.Private(operation(id, "/applications/{id}"+path, summary+". For the applicant: what they could see then", applicationsTag))
		op.Errors = append(op.Errors, http.StatusUnprocessableEntity)
		return op
	}
	huma.Register(api, own("my-application-as-of", "/as-of", asOfSummary), q.ownAsOf)
	huma.Register(api, own("my-application-diff", "/as-of/diff", diffSummary), q.ownDiff)
	audited := func(id, path, summary string) huma.Operation {
		op := auditOperation(id, "/applications/{applicationId}"+path, summary, machine.AuditRead)
		op.Errors = append(op.Errors, http.StatusGone)
		return op
	}
	huma.Register(api, audited("audit-application", "", asOfSummary), q.auditAsOf)
	huma.Register(api, audited("audit-application-diff", "/diff", diffSummary), q.auditDiff)
}

// auditAsOf answers auditors, and the machines that read for them. That it was read is recorded first.
func (q *Queries) auditAsOf(ctx context.Context, in *struct {
	AuditedCase
	MomentInput
},
) (*struct{ Body asOfCase }, error) {
	m, err := in.moment()
	if err != nil {
		return nil, err
	}
	eyes, err := q.auditor(ctx, &in.AuditedCase)
	if err != nil {
		return nil, err
	}
	history, err := q.readHistory(ctx, eyes.decoder, in.ID, momentLocation(in.MomentInput), m)
	if err != nil {
		return nil, err
	}
	body, err := q.asOf(ctx, history, m, eyes)
	if err != nil {
		return nil, err
	}
	reading := access.Reading{What: access.AsOf, Application: in.ID, To: momentWritten(m, body.Moment), Personal: eyes.personal}
	if err := q.audited(ctx, in.Audited, reading); err != nil {
		return nil, err
	}
	return &struct{ Body asOfCase }{*body}, nil
}

// ownAsOf answers the applicant.
func (q *Queries) ownAsOf(ctx context.Context, in *struct {
	ApplicationInput
	MomentInput
},
) (*struct{ Body asOfCase }, error) {
	eyes, err := q.ownEyes(ctx, in.ApplicationInput)
	if err != nil {
		return nil, err
	}
	m, err := in.moment()
	if err != nil {
		return nil, err
	}
	history, err := q.readHistory(ctx, eyes.decoder, in.ID, momentLocation(in.MomentInput), m)
	if err != nil {
		return nil, err
	}
	body, err := q.asOf(ctx, history, m, eyes)
	if err != nil {
		return nil, err
	}
	return &struct{ Body asOfCase }{*body}, nil
}

// eyes are whose view of a case is shown.
type eyes struct {
	view     string
	account  string // with viewStaff: which of them; empty: any
	personal bool   // else what identifies people is withheld
	decoder  projections.Decoder
}

// auditor finds out what an auditor's eyes may see. Errors: application-not-found, for what is no id; invalid, for a reason
// that is none.
func (q *Queries) auditor(ctx context.Context, in *AuditedCase) (eyes, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return eyes{}, err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return eyes{}, applicationNotFound()
	}
	e := eyes{view: in.View, account: in.Account, personal: in.Personal && caller.Scope(string(machine.AuditPersonal)), decoder: q.deps.Codec}
	if !e.personal {
		e.decoder = q.deps.Codec.Withheld()
	}
	if _, faults := access.Reason(readReason(in.Reason)); len(faults) > 0 {
		return eyes{}, problem.Input(faults...)
	}
	return e, q.await(ctx, in.Consistent, applicationpage.Name)
}

// ownEyes are those of the applicant of an application that there is. Error: application-not-found, for everybody else.
func (q *Queries) ownEyes(ctx context.Context, in ApplicationInput) (eyes, error) {
	_, who, err := q.page(ctx, in)
	if err == nil && who.staff() {
		err = applicationNotFound()
	}
	return eyes{view: viewApplicant, personal: true, decoder: q.deps.Codec}, err
}

// readerFor is in which capacity an applicant's case is seen.
func (e eyes) readerFor(applicant string) reader {
	switch e.view {
	case viewApplicant:
		return reader{accountID: applicant, side: correspondence.Applicant}
	case viewStaff:
		return reader{accountID: e.account, side: correspondence.Staff}
	default:
		return reader{side: correspondence.Staff, everything: true}
	}
}

// momentLocation is where a request names its moment.
func momentLocation(in MomentInput) string {
	switch {
	case in.Position != "":
		return "position"
	case in.Revision != "":
		return "revision"
	default:
		return "at"
	}
}

// momentWritten is a moment as the record of readings keeps it.
func momentWritten(m moment, answered asOfMoment) string {
	if m.at != nil {
		return m.at.UTC().Format(time.RFC3339Nano)
	}
	return answered.Position
}
