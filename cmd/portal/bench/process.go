package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// process is a portal, or a bare handler, that runs beside the measurement.
type process struct {
	cmd   *exec.Cmd
	url   string
	ready time.Duration // from its start to its ready line
}

// run starts a process of this binary and waits for its ready line.
func (b *runner) run(ctx context.Context, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	p := &process{cmd: exec.CommandContext(ctx, self, args...)} //nolint:gosec // this very program
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = time.Minute
	p.cmd.Stderr = io.Discard
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	started := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	p.ready = time.Since(started)
	if p.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(line); err != nil || p.url == "" {
		return nil, errors.Join(fmt.Errorf("%s did not become ready", args[0]), err, p.stop())
	}
	return p, nil
}

func (p *process) stop() error {
	_ = p.cmd.Process.Signal(os.Interrupt)
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("waiting for a process to end: %w", err)
	}
	return nil
}

// rests waits until the process has done what it does by itself after its start and after a load, such as compacting, and
// tells how long it worked at that, on all processors together.
func (p *process) rests(ctx context.Context) (worked time.Duration, err error) {
	const look, quiet = 250 * time.Millisecond, 10 * time.Millisecond
	waiting, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	before, err := p.processorTime()
	for busy := look; err == nil && busy > quiet; {
		select {
		case <-time.After(look):
		case <-waiting.Done():
			return 0, fmt.Errorf("waiting until a process rests: %w", waiting.Err())
		}
		var now time.Duration
		now, err = p.processorTime()
		busy, before = now-before, now
		worked += busy
	}
	return worked, err
}

// processorTime is how long the process has worked so far.
func (p *process) processorTime() (time.Duration, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0, fmt.Errorf("reading the processor time of a process: %w", err)
	}
	const tick = 10 * time.Millisecond                                        // of every Linux that Go runs on
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the process's state on
	if len(fields) < 13 {
		return 0, errors.New("this system does not tell the processor time of a process")
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err, err2)
}

// resident is the most memory that the process had in RAM so far, in bytes.
func (p *process) resident() (int64, error) { return p.memory("VmHWM") }

// memory is a line of what Linux says of a process's memory, in bytes: VmHWM, VmRSS.
func (p *process) memory(line string) (int64, error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of a process: %w", err)
	}
	found := regexp.MustCompile(line + `:\s+([0-9]+) kB`).FindSubmatch(status)
	if found == nil {
		return 0, errors.New("this system does not tell the memory of a process")
	}
	kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
	return kilobytes << 10, err
}
