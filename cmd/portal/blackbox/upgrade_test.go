//go:build unix

package blackbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	official "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

// upgradeTime is how long the processes of an upgrade may take for anything.
const upgradeTime = 10 * time.Second

// TestRollingUpgrade is the middle of an upgrade as the processes live it that are still the older ones. Two serve, one
// projects. A newer process, which the official client of EventStoreDB plays, writes a version of an event that they do
// not know. They guess nothing: the read models that the event belongs to stop visibly, commands on its application are
// left to newer processes, everything else goes on, nothing acknowledged is lost, and all end in order.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	flags := onServers(t)
	projecting := startProjector(t, t.TempDir(), append(slices.Clone(flags), "--ops-listen", "127.0.0.1:0"))
	serving := start(t, t.TempDir(), append(slices.Clone(flags), "--no-project")...)
	beside := start(t, t.TempDir(), append(slices.Clone(flags), "--no-project")...)
	c := serving.client(t, "en")
	c.register(individual(4100))
	p := c.service("legal consultation")
	touched, other := newDraft(c, p), newDraft(c, p)
	step, data := firstStep(t, p)
	c.do(http.MethodPut, "/applications/"+touched+"/steps/"+step, data).must(http.StatusOK, nil)
	for _, id := range []string{touched, other} {
		c.do(http.MethodGet, "/applications/"+id, nil).must(http.StatusOK, nil)
	}

	appendNewer(t, flags[1], "application-"+touched)
	stopped := awaitStopped(t, projecting)
	if len(stopped) == 0 || len(stopped) == len(readiness(t, projecting).Projections) {
		t.Errorf("stopped: %v, want those that the event belongs to", stopped)
	}

	refused := c.do(http.MethodPut, "/applications/"+touched+"/steps/"+step, data)
	refused.refused(http.StatusServiceUnavailable, "newer-version")
	if after := refused.header.Get("Retry-After"); after != "5" {
		t.Errorf("Retry-After is %q", after)
	}
	saved := c.do(http.MethodPut, "/applications/"+other+"/steps/"+step, data).must(http.StatusOK, nil)
	c.position = "" // what is shown is what the read model had when it stopped
	for _, id := range []string{touched, other} {
		c.do(http.MethodGet, "/applications/"+id, nil).must(http.StatusOK, nil)
	}
	third := serving.client(t, "en") // and people who were not there before are served
	third.register(individual(4101))
	c.do(http.MethodGet, "/services", nil).must(http.StatusOK, nil)

	serving.stop()
	c.server = beside // which is as old, and has nothing from the first but what is stored
	c.do(http.MethodPut, "/applications/"+touched+"/steps/"+step, data).refused(http.StatusServiceUnavailable, "newer-version")
	repeated := c.do(http.MethodPut, "/applications/"+other+"/steps/"+step, data).must(http.StatusOK, nil)
	if was, is := saved.header.Get("ETag"), repeated.header.Get("ETag"); was == "" || was != is {
		t.Errorf("what one process saved at %s is at %s in another", was, is)
	}
	beside.stop()
	projecting.stop(t)
}

func newDraft(c *client, p passport) string {
	c.t.Helper()
	var a struct{ ID string }
	c.do(http.MethodPost, "/applications", map[string]any{"serviceId": p.ID}).must(http.StatusCreated, &a)
	return a.ID
}

// firstStep is complete data for the first step that takes any.
func firstStep(t *testing.T, p passport) (id string, data map[string]any) {
	t.Helper()
	filled, _ := filledSteps(t, p)
	for _, step := range p.Steps {
		if values := filled[step.ID]; values != nil {
			return step.ID, map[string]any{"data": values}
		}
	}
	t.Fatal("no step takes data")
	return "", nil
}

// appendNewer writes what a newer version of the portal would, past this one.
func appendNewer(t *testing.T, address, stream string) {
	t.Helper()
	configuration, err := official.ParseConnectionString(address)
	if err != nil {
		t.Fatal(err)
	}
	configuration.Logger = nil
	newer, err := official.NewClient(configuration)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = newer.Close() }()
	if _, err := newer.AppendToStream(t.Context(), stream, official.AppendToStreamOptions{ExpectedRevision: official.StreamExists{}}, official.EventData{
		EventID: uuid.New(), EventType: "application.submitted.v99", ContentType: official.ContentTypeJson, Data: []byte(`{"novelty":1}`),
	}); err != nil {
		t.Fatal(err)
	}
}

func readiness(t *testing.T, p *projector) health {
	t.Helper()
	_, body := p.look(t, "/readyz")
	var said health
	if err := json.Unmarshal([]byte(body), &said); err != nil {
		t.Fatalf("/readyz said %q: %v", body, err)
	}
	return said
}

// awaitStopped waits until a process is not ready any more, and names the read models that have stopped.
func awaitStopped(t *testing.T, p *projector) (names []string) {
	t.Helper()
	for deadline := time.Now().Add(upgradeTime); time.Now().Before(deadline); {
		status, _ := p.look(t, "/readyz")
		said := readiness(t, p)
		for _, projection := range said.Projections {
			if projection.State != "stopped" {
				continue
			}
			names = append(names, projection.Name)
			if !strings.Contains(projection.Error, "needs a newer version of the portal") {
				t.Errorf("%s stopped and said %q", projection.Name, projection.Error)
			}
		}
		if status == http.StatusServiceUnavailable && !said.Ready && names != nil {
			return names
		}
		names = nil
	}
	t.Fatalf("no read model stopped within %s", upgradeTime)
	return nil
}
