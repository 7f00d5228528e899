package commands

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
)

// TestWhoCanBeAssigned: active executors of the same provider, and nobody else.
func TestWhoCanBeAssigned(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, operator := o.applicant(1), o.staff(2, providerID, account.Operator)
	blocked := o.staff(3, providerID, account.Executor)
	_, err := o.Accounts.BlockStaff(t.Context(), NewRequest("system"), blocked.id)
	done(t, err)
	id := o.sent(dana, grantID)
	for name, account := range map[string]string{
		"an applicant":                dana.id,
		"an operator":                 operator.id,
		"somebody who is blocked":     blocked.id,
		"another provider's executor": o.staff(4, otherProvider, account.Executor).id,
		"nobody":                      "11111111-1111-4111-8111-111111111199",
		"no id":                       "x",
	} {
		at := o.end().String()
		got := operator.do("POST", "/applications/"+id+"/executors/"+account, nil)
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.status, got.body)
			continue
		}
		if found := got.faults(t); !slices.Equal(found, []string{"executor not-an-executor-account"}) {
			t.Errorf("%s: %v", name, found)
		}
		operator.do("DELETE", "/applications/"+id+"/executors/"+account, nil).is(t, http.StatusOK, nil)
		operator.then(at)
	}

	executor := o.staff(5, providerID, account.Executor, account.Operator)
	at := o.end().String()
	url := "/applications/" + id + "/executors/" + strings.ToUpper(executor.id)
	o.stands(operator.do("POST", url, nil), id, application.StatusSubmitted, "", executor.id)
	at = operator.then(at, application.ExecutorAssigned{Executor: executor.id, At: o.clock.Now()})
	o.stands(operator.do("DELETE", url, nil), id, application.StatusSubmitted, "")
	operator.then(at, application.ExecutorRemoved{Executor: executor.id, At: o.clock.Now()})
}
