// Package bench loads invented people and applications and measures the portal on this machine: portal bench.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// Command loads invented people and applications into a folder and measures the portal on this machine, each
// figure beside its limit: what the machine does in the same run without the portal's own work.
type Command struct {
	Applications int           `default:"100000" help:"Applications to load."`
	People       int           `default:"10000" help:"People that they belong to."`
	Small        int           `default:"10000" help:"Applications of the small folder that the large one is compared with."`
	Duration     time.Duration `default:"5s" help:"How long each load runs."`
	Clients      int           `default:"64" help:"Clients at once."`
	Load         int           `default:"50" help:"Percent of the most that the portal can do at which percentiles are measured."`
	Thread       int           `default:"1001" help:"Items of the long thread: its status and messages."`
	Streams      int           `default:"2000" help:"Pages open at once, which hear of messages as they are written; 0: leave them out."`
	Only         []string      `default:"all" enum:"all,appends,rebuild,save-step,messages,pages,visible,correspondence" help:"Measure only these: ${enum}."`
	Folder       string        `help:"Folder to load into and keep, so that the next run need not load; a temporary one if empty."`
	Bare         string        `hidden:"" help:"Serve the limit itself from this folder."`
	Bytes        int           `hidden:"" help:"What the bare handler writes."`
}

// figure is one row of the table.
type figure struct {
	name, value, limit, ratio, bar string
	met                            bool
}

// Validate refuses a load that is none.
func (c *Command) Validate() error {
	if c.Load < 1 || c.Load > 100 {
		return fmt.Errorf("--load is %d percent: it takes 1 to 100", c.Load)
	}
	return nil
}

// Run loads and measures.
func (c *Command) Run(ctx context.Context, host Host) (err error) {
	if c.Bare != "" {
		return serveBare(ctx, c.Bare, c.Bytes)
	}
	folder := c.Folder
	if folder == "" {
		if folder, err = os.MkdirTemp("", "portal-bench"); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	b := &runner{Command: c, host: host, folder: folder}
	figures, err := b.measure(ctx)
	if err != nil {
		return err
	}
	return printFigures(figures)
}

func printFigures(figures []figure) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(cells ...any) { _, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", cells...) } // Flush tells
	row("FIGURE", "MEASURED", "LIMIT IN THE SAME RUN", "RATIO", "BAR", "")
	for _, f := range figures {
		verdict := "met"
		if !f.met {
			verdict = "MISSED"
		}
		row(f.name, f.value, f.limit, f.ratio, f.bar, verdict)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// runner is one run.
type runner struct {
	*Command

	host   Host
	folder string
}

// asks tells whether any of the parts is to be measured.
func (c *Command) asks(parts ...string) bool {
	return slices.ContainsFunc(append(parts, "all"), func(part string) bool { return slices.Contains(c.Only, part) })
}

// measure takes every figure. The large folder is loaded first and served by a process of its own, as users run it.
func (b *runner) measure(ctx context.Context) (figures []figure, err error) {
	if b.asks("appends") {
		appends, err := b.appendRatio(ctx)
		if err != nil {
			return nil, err
		}
		figures = append(figures, appends)
	}
	var small *Loaded
	if b.asks("pages") {
		people := max(1, b.People*min(b.Small, b.Applications)/b.Applications)
		if small, err = Load(ctx, b.host, b.folder, "small", min(b.Small, b.Applications), people); err != nil {
			return nil, err
		}
	}
	if !b.asks("rebuild", "save-step", "messages", "pages", "visible", "correspondence") {
		return figures, nil
	}
	large, err := Load(ctx, b.host, b.folder, "large", b.Applications, b.People)
	if err != nil {
		return nil, err
	}
	if b.asks("rebuild") {
		rebuild, err := b.rebuild(ctx, large)
		if err != nil {
			return nil, err
		}
		figures = append(figures, rebuild...)
	}
	if b.asks("save-step", "messages", "pages", "visible") {
		served, err := b.served(ctx, small, large)
		if err != nil {
			return nil, err
		}
		figures = append(figures, served...)
	}
	if b.asks("correspondence") {
		correspondence, err := b.correspondence(ctx, large)
		if err != nil {
			return nil, err
		}
		figures = append(figures, correspondence...)
	}
	return figures, nil
}

// inTurn measures one thing and its limit several times, one after the other, so that a slow moment of the machine meets
// both, and returns the mean of each.
func inTurn(times int, measure, limit func() (float64, error)) (measured, most float64, err error) {
	for range times {
		one, err := measure()
		if err != nil {
			return 0, 0, err
		}
		other, err := limit()
		if err != nil {
			return 0, 0, err
		}
		measured, most = measured+one/float64(times), most+other/float64(times)
	}
	return measured, most, nil
}

func ratio(a, b float64) string { return fmt.Sprintf("%.2f", a/b) }
