package blackbox_test

import (
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestKillWhileSigning kills the portal at random moments while agreements are issued, replaced and signed with certificates
// of the demo, by one side and by the other. What was under way is repeated under its own key. In the end every document was
// opened once, every side has signed once, and what was replaced was closed once.
//
//	PORTAL_KILL_ROUNDS=100 go test -run '^TestKillWhileSigning$' -v -timeout 60m ./cmd/portal/blackbox
func TestKillWhileSigning(t *testing.T) {
	t.Parallel()
	rounds := 2
	if set := os.Getenv("PORTAL_KILL_ROUNDS"); set != "" {
		var err error
		if rounds, err = strconv.Atoi(set); err != nil {
			t.Fatal(err)
		}
	}
	o := openOffice(t, individual(5201), "шығындарды өтеу")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{"outcome": "approved", "text": "Мақұлданды"}, http.StatusOK, nil)
	file := o.uploads(o.executor, "Келісім.pdf")
	document := ""
	want := map[string]int{}
	for range rounds {
		var issued struct{ ID string }
		o.killedAt(o.executor, o.path("/documents"), map[string]any{"kind": "agreement", "fileId": file}, &issued)
		if document != "" {
			want["withdrawn"]++
		}
		document = issued.ID
		o.killedAt(o.applicant, "/documents/"+document+"/signatures", map[string]any{"cms": o.certified(o.applicant, o.person.login, document)}, nil)
		o.applicant.do(http.MethodPost, "/documents/"+document+"/signatures", map[string]any{"cms": o.certified(o.applicant, o.person.login, document)}).
			refused(http.StatusConflict, "already-signed")
		want["prepared"]++
		want["accepted"]++
	}
	var signed struct{ Application string }
	o.killedAt(o.executor, "/documents/"+document+"/signatures",
		map[string]any{"cms": o.certified(o.executor, o.members["executor"].Login, document)}, &signed)
	if signed.Application != "completed" {
		t.Errorf("everybody has signed, and the application is %s", signed.Application)
	}
	want["accepted"]++
	want["completed"]++
	got, told := map[string]int{}, map[string]int{}
	for _, event := range readLog(t, o.server.data) {
		if kind, is := strings.CutPrefix(event.Type, "signature."); is && !strings.HasPrefix(kind, "evidence-") {
			got[strings.TrimSuffix(kind, ".v1")]++
		}
		if event.Stream == "application-"+o.application.ID {
			told[event.Type]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signatures (-want +got):\n%s", diff)
	}
	for kind, times := range map[string]int{
		"application.document-issued.v1": rounds, "application.document-signed.v1": 1, "application.completed.v1": 1,
	} {
		if told[kind] != times {
			t.Errorf("%s happened %d times, want %d", kind, told[kind], times)
		}
	}
	o.server.stop()
	checkStores(t, o.server.data)
}

// killedAt gives a command and kills the portal at any moment of it, then repeats the command under the same key.
func (o *office) killedAt(c *client, path string, body, into any) {
	o.t.Helper()
	key, over := uuid.NewString(), make(chan struct{})
	go func() {
		defer close(over)
		_, _ = c.try(http.MethodPost, path, body, "Idempotency-Key", key) // the portal may die of it
	}()
	<-time.After(rand.N(25 * time.Millisecond)) // any moment will do: this is what is tested
	o.server.kill()
	<-over
	o.server = start(o.t, o.server.data)
	all := []*client{o.applicant, o.operator, o.executor, o.admin}
	for _, other := range all {
		other.server, other.position = o.server, ""
	}
	c.do(http.MethodPost, path, body, "Idempotency-Key", key).must(http.StatusCreated, into)
	for _, other := range all {
		other.position = c.position // they, too, see what was done last
	}
}

// certified is a signature of a document with a certificate of the demo.
func (o *office) certified(c *client, login, document string) string {
	o.t.Helper()
	content := c.do(http.MethodGet, "/documents/"+document+"/content", nil).must(http.StatusOK, nil)
	var made struct{ CMS string }
	c.do(http.MethodPost, "/dev/sign", map[string]any{
		"login": login, "document": base64.StdEncoding.EncodeToString(content.body),
	}).must(http.StatusOK, &made)
	return made.CMS
}
