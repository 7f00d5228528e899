// Command portal is a service portal for entrepreneurs: an event-sourced backend with its command and query APIs.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
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
	command := ""
	if selected := parsed.Selected(); selected != nil {
		command = selected.Name
	}
	tuneMemory(command == "serve")
	if command == "serve" || command == "bench" {
		tuneThreads()
	}
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(exitCode(err)) //nolint:gocritic // nothing is left to stop: the signal handler ends with the process
	}
}
