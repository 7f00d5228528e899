package blackbox_test

import (
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHistoryIsAsked: a running portal answers what was, and what would have been with a term of one day; when it has
// stopped, the same questions have the same answers. The analyst's own export has the same application.
func TestHistoryIsAsked(t *testing.T) {
	t.Parallel()
	o := openOffice(t, individual(2611), "заңды қызметтер")
	const key = "c2l4dGVlbiBieXRlcyBvciBtb3Jl"
	data := o.server.data
	ask := func(args ...string) [][]string {
		t.Helper()
		lines, err := csv.NewReader(strings.NewReader(ok(t, append([]string{"analytics", "run", "applications", "--data", data, "--key", key}, args...)...))).ReadAll()
		if err != nil || len(lines) != 2 {
			t.Fatalf("answered %q: %v", lines, err)
		}
		return lines
	}
	was, short := ask(), ask("--set", "term=1")
	if was[1][9] == "1" || short[1][9] != "1" || short[1][8] >= was[1][8] || was[1][0] != short[1][0] {
		t.Errorf("it was\n%q, with a term of a day\n%q", was[1], short[1])
	}
	if same := ask("--set", "calendar=kz"); same[1][8] != was[1][8] {
		t.Errorf("by the calendar that it had it is due on %s, not %s", same[1][8], was[1][8])
	}
	unknown := func() {
		t.Helper()
		_, said, code := run(t, "", "analytics", "run", "applications", "--data", data, "--set", "calendar=mars")
		if code == 0 || !strings.Contains(said, `the portal has no calendar "mars"`) {
			t.Errorf("a calendar that there is not: exit %d, %s", code, said)
		}
	}
	unknown()
	if figures := ok(t, "analytics", "run", "figures", "--data", data); !strings.Contains(figures, `"applications":null`) {
		t.Errorf("figures of one application: %s", figures)
	}
	file := filepath.Join(t.TempDir(), "services.ndjson")
	ok(t, "analytics", "run", "popular_services", "--data", data, "--out", file)
	if services, err := os.ReadFile(file); err != nil || !strings.Contains(string(services), `"sent":1`) {
		t.Errorf("services: %s, %v", services, err)
	}
	if _, said, code := run(t, "", "analytics", "run", "account_profile", "--data", data); code == 0 || !strings.Contains(said, "there is no projection") {
		t.Errorf("people's data: exit %d, %s", code, said)
	}

	analyst := o.analyst()
	analyst.position = o.applicant.position
	exported := analyst.do(http.MethodGet, "/analytics/applications/export", nil, "Audit-Reason", "Quarterly report", "Export-Key", key)
	exported.must(http.StatusOK, nil)
	rows, err := csv.NewReader(strings.NewReader(string(exported.body))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("exported %q: %v", rows, err)
	}
	if rows[1][0] == was[1][0] {
		t.Error("the analyst's pseudonyms are the operator's")
	}
	if diff := cmp.Diff(was[1][2:], rows[1][2:]); diff != "" {
		t.Errorf("(-asked +exported): %s", diff)
	}
	o.server.stop()
	unknown()
	if diff := cmp.Diff(short, ask("--set", "term=1")); diff != "" {
		t.Errorf("at rest (-running +at rest): %s", diff)
	}
	if left, err := filepath.Glob(filepath.Join(data, "what-if-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// analyst signs the demo's analyst in, who sees what the staff have done.
func (o *office) analyst() *client {
	o.t.Helper()
	var accounts []staffMember
	o.server.client(o.t, "en").do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	i := slices.IndexFunc(accounts, func(m staffMember) bool { return m.Role == "analyst" })
	if i < 0 {
		o.t.Fatal("the demo has no analyst")
	}
	c := o.server.staff(o.t, "en", accounts[i])
	c.position = o.executor.position
	return c
}
