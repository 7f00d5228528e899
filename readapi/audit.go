package readapi

import (
	"context"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/access"
	"services.example/portal/domain/machine"
	"services.example/portal/infra/httpapi"
)

const auditTag = "Audit"

// Audited is what every reading of history has to say of itself.
type Audited struct {
	Reason string `header:"Audit-Reason" required:"false" doc:"Required: why this is read, in 10 to 500 characters. The next auditor sees it. Letters beyond ASCII as UTF-8, or by RFC 8187: UTF-8''%D0%B6"`
}

// auditOperation describes a query for auditors and the machines that read for them: machine.AuditRead where it can do
// without personal data, machine.AuditPersonal where it cannot. To anybody else there is no such page.
func auditOperation(id, path, summary string, scope machine.Scope) huma.Operation {
	op := operation(id, "/audit"+path, summary, auditTag)
	op.Errors = append(op.Errors, http.StatusUnprocessableEntity)
	return httpapi.Scoped(op, scope)
}

// audited records a reading, with the reason that the caller gives for it. Nothing of it may be given out before. Errors:
// invalid, with what is wrong with the reason; store-unavailable.
func (q *Queries) audited(ctx context.Context, in Audited, reading access.Reading) error {
	reading.Reason = readReason(in.Reason)
	return q.deps.Access(ctx, reading)
}

// readReason reads the header's value. Browsers and some proxies send nothing but ASCII, so it may be written as RFC 8187
// writes the parameters of headers. A value that is neither is what Access refuses.
func readReason(value string) string {
	charset, rest, found := strings.Cut(value, "'")
	if !found || !strings.EqualFold(charset, "UTF-8") || !strings.Contains(rest, "'") {
		return value
	}
	_, parameters, err := mime.ParseMediaType("reason/text; reason*=" + value)
	if err != nil || parameters["reason"] == "" {
		return "\xff" // not text: refused as such
	}
	return parameters["reason"]
}
