package popularservices_test

import (
	"testing"

	"services.example/portal/domain/application"
	"services.example/portal/projections/popularservices"
	"services.example/portal/projections/projectionstest"
)

func TestWhatWasSentCountsAndStaysCounted(t *testing.T) {
	history := projectionstest.History{}.
		In("application-1", "a", "applicant", application.DraftStarted{ServiceID: "much used"},
			application.Submitted{ServiceID: "much used"}, application.Withdrawn{ServiceID: "much used"}).
		In("application-2", "a", "applicant", application.Submitted{ServiceID: "much used"}).
		In("application-3", "a", "applicant", application.Submitted{ServiceID: "once used"}).
		In("application-4", "a", "applicant", application.DraftStarted{ServiceID: "only looked at"}).
		In("application-5", "a", "applicant", application.Submitted{})
	projectionstest.Expect(t, popularservices.Model, history, map[string]popularservices.Use{
		"much used": {ServiceID: "much used", Sent: 2},
		"once used": {ServiceID: "once used", Sent: 1},
	})
}
