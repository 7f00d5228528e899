//go:build unix

package blackbox_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"services.example/portal/infra/readstore/mongostore/mongotest"
)

// projector is a process that only projects.
type projector struct {
	data string
	said string // when it was there
	cmd  *exec.Cmd
	out  *lines
}

// startProjector starts one and waits until it says that it is there.
func startProjector(t *testing.T, data string, flags []string) *projector {
	t.Helper()
	p := &projector{data: data, out: &lines{}}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), binary,
		slices.Concat([]string{"project", "--follow", "--data", data}, flags)...)
	p.cmd.Stderr = p.out
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if p.said, err = bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.HasPrefix(p.said, "portal projects") {
		t.Fatalf("the projector said %q, error %v\n%s", p.said, err, p.out)
	}
	return p
}

func (p *projector) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *projector) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// owns tells whether the process projects now.
func (p *projector) owns(t *testing.T, flags []string) bool {
	t.Helper()
	return !strings.Contains(ok(t, slices.Concat([]string{"project", "--data", p.data}, flags)...), " standby ")
}

// takeoverTime is within what time another process must have taken over from one that died or froze.
const takeoverTime = 5 * time.Second

// pace is the least time between two commands of a worker: what MongoDB stands in for here may be slow.
const pace = 2 * time.Second

// TestProcesses kills and freezes the processes that project, by signals, while people work, on EventStoreDB's protocol
// and MongoDB. Each time another must take over, and in the end every read model must be what its rebuild is.
func TestProcesses(t *testing.T) {
	flags := onServers(t)
	projectors := make([]*projector, 3)
	for i := range projectors {
		projectors[i] = startProjector(t, t.TempDir(), flags)
	}
	api := start(t, t.TempDir(), append(slices.Clone(flags), "--no-project")...)
	crowd := newCrowd(t, api)
	probe := api.client(t, "en")
	probe.register(individual(3900))

	var work sync.WaitGroup
	var enough atomic.Bool
	for _, w := range crowd.workers {
		work.Go(func() {
			calm := time.NewTicker(pace)
			defer calm.Stop()
			for !enough.Load() && w.step() {
				crowd.acknowledged.Add(1)
				<-calm.C
			}
		})
	}
	var times []time.Duration
	for round := range 6 {
		var owner *projector
		at := slices.IndexFunc(projectors, func(p *projector) bool { return p.owns(t, flags) })
		if at < 0 {
			at = rand.IntN(len(projectors)) // it has just changed hands
		}
		owner = projectors[at]
		frozen := round%2 == 0
		began := time.Now()
		if frozen {
			owner.signal(t, syscall.SIGSTOP)
		} else {
			owner.kill()
		}
		probe.do(http.MethodPost, "/applications", map[string]any{"serviceId": crowd.service.ID}).must(http.StatusCreated, nil)
		for probe.do(http.MethodGet, "/my/applications", nil).status != http.StatusOK {
			if time.Since(began) > 4*takeoverTime {
				for _, p := range projectors {
					t.Log(p.out)
				}
				t.Fatalf("nobody took over in round %d", round)
			}
		}
		times = append(times, time.Since(began).Round(time.Millisecond))
		if frozen {
			owner.signal(t, syscall.SIGCONT)
		} else {
			projectors[at] = startProjector(t, owner.data, flags)
		}
	}
	enough.Store(true)
	work.Wait()
	for _, w := range crowd.workers {
		if w.fault != "" {
			t.Error(w.fault)
		}
	}
	t.Logf("after kills and freezes what was written was shown within %v; %d commands acknowledged", times, crowd.acknowledged.Load())
	if longest := slices.Max(times); longest > takeoverTime && !mongotest.Need(t).Ferret { // that takes seconds to begin
		t.Errorf("it took %s until another process had taken over", longest)
	}
	crowd.check(t, true)
	rebuilt := slices.Concat([]string{"project", "--data", projectors[0].data, "--rebuild", "all"}, flags)
	report := strings.Split(strings.TrimSpace(ok(t, rebuilt...)), "\n")
	if len(report) < 10 {
		t.Errorf("only %d lines about read models: %q", len(report), report)
	}
	for _, line := range report[1:] {
		if !strings.HasSuffix(line, "  0 differences") {
			t.Errorf("rebuilt: %s", line)
		}
	}
}
