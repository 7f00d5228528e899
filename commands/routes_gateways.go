package commands

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
)

// registerGateways adds what gateways call.
func (r *Routes) registerGateways(api huma.API) {
	report := operation("report-sms", http.MethodPost, "/gateways/sms/reports", "What became of an SMS", "Gateways", http.StatusNoContent)
	report.Description = "For the SMS gateway, with its own token as bearer. A report may come before, or long after, " +
		"the answer to the message; it may be repeated."
	report.Middlewares = huma.Middlewares{r.gatewayOnly}
	huma.Register(api, report, r.reportSMS)
}

// FromGateway tells whether a request has the SMS gateway's token.
func (r *Routes) FromGateway(request *http.Request) bool {
	token, bearer := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	given, wanted := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(r.SMSToken))
	return bearer && r.SMSToken != "" && subtle.ConstantTimeCompare(given[:], wanted[:]) == 1
}

// gatewayOnly lets nobody through but the SMS gateway, before the body is read.
func (r *Routes) gatewayOnly(hctx huma.Context, next func(huma.Context)) {
	request, w := humachi.Unwrap(hctx)
	if !r.FromGateway(request) {
		httpapi.Write(w, request, problem.New(problem.Unauthenticated, "gateway-token-wrong"))
		return
	}
	next(hctx)
}

type smsReportInput struct {
	Body struct {
		Ref    string `json:"ref" minLength:"1" maxLength:"200" doc:"By which the gateway named the message, otherwise its Idempotency-Key"`
		Status string `json:"status" enum:"delivered,failed"`
	}
}

func (r *Routes) reportSMS(ctx context.Context, in *smsReportInput) (*struct{}, error) {
	report := DeliveryReport{Ref: in.Body.Ref, Delivered: in.Body.Status == "delivered"}
	if !report.Delivered {
		report.Reason = "reported"
	}
	return nil, r.Commands.Notices.Report(ctx, report)
}
