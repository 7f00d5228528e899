package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

// auditVerifyCommand compares a log with what was signed of it.
type auditVerifyCommand struct {
	storage
	Backup     string   `xor:"source" placeholder:"DIR" help:"Verify what portal backup wrote, instead of the data folder."`
	Export     string   `xor:"source" placeholder:"FILE" help:"Verify a file that portal export wrote."`
	Material   string   `placeholder:"DIR" help:"What portal audit material wrote; a backup has its own."`
	Checkpoint []string `placeholder:"FILE" help:"Signed checkpoints from elsewhere, such as a witness, which the log must continue too."`
	Key        string   `placeholder:"KEY" help:"The log's public key, or file:FILE. Without it, the one that the portal, the backup or the material has."`
}

// notSound is the exit code where something does not fit, as against one that could not be compared.
const notSound = 2

// historyReport is what came of verifying a log.
type historyReport struct {
	Records, Covered uint64
	Checkpoints      int
	Latest           time.Time // when the last checkpoint that fits was signed
	Key              string
	Uncompared       bool
	Took             time.Duration
	Wrong            []string // what does not fit, the first record first

	alarming bool // it is the log itself that is wrong, or what lies beside it
}

// Run verifies and prints what came of it.
func (c *auditVerifyCommand) Run(ctx context.Context) error {
	given, err := c.given()
	if err != nil {
		return err
	}
	key, err := fromFile(c.Key)
	if err != nil {
		return err
	}
	var report historyReport
	switch {
	case c.Backup != "":
		report, err = c.ofBackup(ctx, key, given)
	case c.Export != "":
		report, err = c.ofExport(ctx, key, given)
	default:
		values := url.Values{"key": {key}}
		for _, signed := range given {
			values.Add("checkpoint", string(signed))
		}
		report, err = either(ctx, c.storage, http.MethodPost, "/audit/verify", values,
			func(p *portal) (historyReport, error) {
				progress := newProgress("verified")
				defer progress.end()
				return p.verifyHistory(ctx, key, given, progress.tell)
			})
	}
	if err != nil {
		return err
	}
	return report.print(os.Stdout, c.Key != "")
}

// given reads the checkpoints from elsewhere.
func (c *auditVerifyCommand) given() ([][]byte, error) {
	given := make([][]byte, len(c.Checkpoint))
	for i, path := range c.Checkpoint {
		var err error
		if given[i], err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("reading a checkpoint: %w", err)
		}
	}
	return given, nil
}

// verifyHistory verifies the log of this portal by its own checkpoints and those given. What is wrong with the log is told
// in the log of messages and in a metric, too, until a later verification finds it right.
func (p *portal) verifyHistory(ctx context.Context, key string, given [][]byte, progress func(int64)) (historyReport, error) {
	ours := key == "" || key == p.history.Key()
	size, err := p.history.Size(ctx)
	if err != nil {
		return historyReport{}, err
	}
	history := transparency.History{
		Records: p.events.ReadAll(ctx, eventstore.AllRead{}), Key: cmp.Or(key, p.history.Key()), Given: given,
		Kept: p.keptCheckpoints(ctx), Leaves: p.history.Leaves(ctx, size), Progress: progress,
	}
	report, err := verified(ctx, history)
	if err != nil || !ours {
		return report, err
	}
	if !report.alarming {
		return report, p.history.Found(ctx, "")
	}
	slog.ErrorContext(ctx, "the event log was altered, or what it is verified by", "found", report.Wrong)
	return report, p.history.Found(ctx, strings.Join(report.Wrong, "; "))
}

// keptCheckpoints yields the checkpoints of the read store, and the latest outside of it.
func (p *portal) keptCheckpoints(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for signed, err := range p.history.Checkpoints(ctx) {
			if !yield(signed, err) {
				return
			}
		}
		if anchored, err := p.history.Anchored(); anchored != nil || err != nil {
			yield(anchored, err)
		}
	}
}

// ofBackup verifies a copy of the data folder without changing it.
func (c *auditVerifyCommand) ofBackup(ctx context.Context, key string, given [][]byte) (_ historyReport, err error) {
	copied := storage{Data: c.Backup}
	log, err := pebblelog.OpenReadOnly(copied.events(), pebblelog.Options{})
	if err != nil {
		return historyReport{}, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if c.Material == "" {
		c.Material = copied.history()
	}
	return c.copied(ctx, log.ReadAll(ctx, eventstore.AllRead{}), key, given)
}

// ofExport verifies an archive.
func (c *auditVerifyCommand) ofExport(ctx context.Context, key string, given [][]byte) (historyReport, error) {
	file, err := os.Open(c.Export)
	if err != nil {
		return historyReport{}, fmt.Errorf("opening the archive: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	in, err := archive.NewReader(file)
	if err != nil {
		return historyReport{}, err
	}
	defer in.Close()
	return c.copied(ctx, archived(in), key, given)
}

// archived yields the events of an archive.
func archived(in *archive.Reader) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for {
			event, err := in.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// copied verifies a copy of the log by what lies beside it.
func (c *auditVerifyCommand) copied(
	ctx context.Context, records iter.Seq2[eventstore.Recorded, error], key string, given [][]byte,
) (historyReport, error) {
	progress := newProgress("verified")
	defer progress.end()
	history := transparency.History{Records: records, Key: key, Given: given, Progress: progress.tell}
	if c.Material != "" {
		beside := tlog.Material{Dir: c.Material}
		history.Kept, history.Leaves = beside.Checkpoints(), beside.Leaves()
		if key == "" {
			var err error
			if history.Key, err = beside.Key(); err != nil {
				return historyReport{}, err
			}
		}
	}
	if history.Key == "" {
		return historyReport{}, errors.New("an export says nothing of who signed it: give --key, and --material or --checkpoint")
	}
	return verified(ctx, history)
}

func verified(ctx context.Context, history transparency.History) (historyReport, error) {
	began := time.Now()
	found, err := history.Verify(ctx)
	if err != nil {
		return historyReport{}, err
	}
	report := historyReport{
		Records: found.Records, Covered: found.Covered, Checkpoints: found.Checkpoints, Key: history.Key,
		Uncompared: found.Uncompared, Took: time.Since(began), alarming: found.Alarming(),
	}
	if found.Latest != nil {
		report.Latest = found.Latest.At
	}
	if found.Misfit != nil {
		report.Wrong = append(report.Wrong, "the first record that does not fit: "+found.Misfit.String())
	}
	if found.TreeFault != nil {
		report.Wrong = append(report.Wrong, fmt.Sprintf(
			"the log fits its checkpoints, but the hash tree kept beside it is damaged from leaf %d on: portal audit rebuild", *found.TreeFault))
	}
	report.Wrong = append(report.Wrong, found.Replaced...)
	return report, nil
}

// print says what came of it. Error: one with the exit code notSound, if something does not fit.
func (r historyReport) print(w io.Writer, trusted bool) error {
	seconds := max(r.Took.Seconds(), time.Millisecond.Seconds())
	lines := []string{fmt.Sprintf("%d records read in %s (%.0f a second)", r.Records, r.Took.Round(time.Millisecond), float64(r.Records)/seconds)}
	if r.Checkpoints > 0 {
		lines = append(lines, fmt.Sprintf("%d checkpoints fit; the last, of %s, covers %d records", r.Checkpoints, r.Latest.Format(time.RFC3339), r.Covered))
	}
	lines = append(lines, "key of the log: "+r.Key)
	if !trusted {
		lines = append(lines, "  (as found beside the log: who knows it from elsewhere gives it with --key)")
	}
	if len(r.Wrong) == 0 && r.Records > r.Covered {
		lines = append(lines, fmt.Sprintf("%d records are newer than the last checkpoint: nothing is known of them yet", r.Records-r.Covered))
	}
	if r.Uncompared && len(r.Wrong) > 0 {
		lines = append(lines, "the leaves of the hash tree were not all there: what does not fit is known no more precisely")
	}
	if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	switch {
	case len(r.Wrong) > 0:
		return exitError{code: notSound, text: "the history was altered:\n  " + strings.Join(r.Wrong, "\n  ")}
	case r.Checkpoints == 0:
		return exitError{code: 1, text: "there was no signed checkpoint to compare the log with"}
	}
	if _, err := fmt.Fprintln(w, "nothing was changed, added, removed or reordered"); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
