// Command portal is a service portal for entrepreneurs: an event-sourced backend with its command and query APIs.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"services.example/portal/cmd/portal/bench"
	"services.example/portal/cmd/portal/edscheck"
	"services.example/portal/cmd/portal/trustlist"
)

// version is the API's version, and that of the binary's behaviour towards its data.
const version = "1.0.0"

// cli is the command line. Every flag has an environment variable.
type cli struct {
	Serve      serveCommand      `cmd:"" default:"withargs" help:"Serve the portal (the default)."`
	Project    projectCommand    `cmd:"" help:"Show the read models, or rebuild some from the event log."`
	Seed       seedCommand       `cmd:"" help:"Load the catalogue of services as events. Repeating it changes nothing."`
	Staff      staffCommand      `cmd:"" help:"Look after the accounts of those who work with applications."`
	Machine    machineCommand    `cmd:"" help:"Look after service accounts: programs that read with tokens of their own."`
	Analytics  analyticsCommand  `cmd:"" help:"Ask history: figures as they were, or as they would be under other rules."`
	Person     personCommand     `cmd:"" help:"Look after the data of one person."`
	Verify     verifyCommand     `cmd:"" help:"Check everything that the event log holds."`
	Audit      auditCommand      `cmd:"" help:"Look into history, and verify that nothing in it was altered."`
	Backup     backupCommand     `cmd:"" help:"Copy the event log and the keys, also of a portal that is running."`
	Export     exportCommand     `cmd:"" help:"Write all events to a file, also of a portal that is running."`
	Import     importCommand     `cmd:"" help:"Bring the events of such a file into another event store, which is empty."`
	Keys       keysCommand       `cmd:"" help:"Look after the master key and the keyring."`
	TrustList  trustlist.Command `cmd:"" name:"trust-list" help:"Look after the list of authorities whose certificates count in digital signatures."`
	Health     healthCommand     `cmd:"" help:"Ask the running portal whether it is ready; for health checks of containers."`
	EDS        edscheck.Command  `cmd:"" name:"eds" help:"Look after digital signatures."`
	DemoSigner demoSignerCommand `cmd:"" name:"demo-signer" help:"Stand in for NCALayer on this machine: sign for pages of the demo."`
	Bench      bench.Command     `cmd:"" help:"Load data and measure the portal on this machine."`
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var commands cli
	parser := kong.Must(&commands, kong.Name("portal"), kong.UsageOnError(),
		kong.Description("A service portal for entrepreneurs. Without arguments it serves a demo on this machine."),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(benchHost{}, (*bench.Host)(nil)))
	parsed, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	tuneMemory(parsed.Selected() != nil && parsed.Selected().Name == "serve")
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(exitCode(err)) //nolint:gocritic // nothing is left to stop: the signal handler ends with the process
	}
}

const (
	// moreGarbage lets the heap grow to sixteen times what is in use before it is collected, and to its limit at most: what
	// is in use is little, and answers take longer while it is collected, which must be less than a hundredth of the time.
	moreGarbage = 1500
	// unserved is by how much the limit is greater, in bytes, where nobody is served: in softLimit, rebuilding the read
	// models of a million applications takes almost twice as long, and half of that is collecting.
	unserved = 216 << 20
)

// profiledEvery is of how many allocated bytes one is looked at for the profile of allocations: with Go's 512 KiB that alone
// is 0.7 % of a busy portal's time.
const profiledEvery = 4 << 20

// tuneMemory sets what GOGC and GOMEMLIMIT leave open, and how often an allocation is looked at.
func tuneMemory(serves bool) {
	runtime.MemProfileRate = profiledEvery
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(moreGarbage)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		limit := int64(softLimit)
		if !serves {
			limit += unserved
		}
		debug.SetMemoryLimit(limit)
	}
}
