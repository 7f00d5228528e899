package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"services.example/portal/infra/transparency/tlog"
)

// auditCommand is what auditors and operators do with history.
type auditCommand struct {
	Replay       auditReplayCommand       `cmd:"" help:"Print history event by event, in words; the reading is recorded."`
	Bundle       auditBundleCommand       `cmd:"" help:"Write a whole case into a zip file that can be checked without the portal."`
	VerifyBundle auditVerifyBundleCommand `cmd:"" name:"verify-bundle" help:"Check such a file with nothing but a public key: without the portal, without a network."`
	Verify       auditVerifyCommand       `cmd:"" help:"Compare an event log, a backup or an export with the signed checkpoints, and name the first record that does not fit."`
	Material     auditMaterialCommand     `cmd:"" help:"Write what copies of the log are verified by: public key, checkpoints, leaves of the hash tree."`
	Key          auditKeyCommand          `cmd:"" help:"Print the public key with which checkpoints and case bundles are verified."`
	Checkpoint   auditCheckpointCommand   `cmd:"" help:"Print the latest signed checkpoint, to be kept where the portal cannot reach it."`
	Witness      auditWitnessCommand      `cmd:"" help:"Watch over the log of a portal that is not yours: sign its checkpoints, and refuse a fork."`
	Rebuild      auditRebuildCommand      `cmd:"" help:"Throw the hash tree away, of a portal that is not running, so that it is built again from the log. Checkpoints stay."`
}

// auditKeyCommand prints the public key.
type auditKeyCommand struct{ storage }

// Run asks the running portal, or the keyring.
func (c *auditKeyCommand) Run(ctx context.Context) error {
	key, err := either(ctx, c.storage, http.MethodGet, "/audit/key", nil, func(p *portal) (string, error) { return p.history.Key(), nil })
	if err != nil {
		return err
	}
	fmt.Println(key)
	return nil
}

// auditCheckpointCommand prints the latest checkpoint.
type auditCheckpointCommand struct{ storage }

// Run asks the running portal, or the read store.
func (c *auditCheckpointCommand) Run(ctx context.Context) error {
	signed, err := either(ctx, c.storage, http.MethodGet, "/audit/checkpoint", nil, func(p *portal) (string, error) { return p.latestCheckpoint(ctx) })
	if err != nil {
		return err
	}
	fmt.Print(signed)
	return nil
}

func (p *portal) latestCheckpoint(ctx context.Context) (string, error) {
	latest, err := p.history.Latest(ctx)
	return string(latest.Note), err
}

// auditMaterialCommand writes what lies beside a copy of the log.
type auditMaterialCommand struct {
	storage
	To string `arg:"" help:"Folder to write into; it must not exist, or be empty."`
}

// Run lets the running portal write, or reads the stores themselves.
func (c *auditMaterialCommand) Run(ctx context.Context) error {
	target, err := filepath.Abs(c.To)
	if err != nil {
		return fmt.Errorf("finding the folder to write into: %w", err)
	}
	_, err = either(ctx, c.storage, http.MethodPost, "/audit/material", url.Values{"to": {target}},
		func(p *portal) (any, error) { return nil, p.writeMaterial(ctx, target) })
	if err != nil {
		return err
	}
	fmt.Printf("written to %s: key, checkpoints, leaves. None of it is secret; keep it where the portal cannot change it.\n", target)
	return nil
}

// writeMaterial writes what a copy of the log is verified by.
func (p *portal) writeMaterial(ctx context.Context, to string) error {
	//nolint:gosec // the operator says where to write
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("making the folder of what the log is verified by: %w", err)
	}
	return tlog.Material{Dir: to}.Write(ctx, p.history)
}

// auditRebuildCommand throws the tree away.
type auditRebuildCommand struct{ storage }

// Run works on stores that no portal uses.
func (c *auditRebuildCommand) Run(ctx context.Context) (err error) {
	if err := ask(ctx, c.storage, http.MethodGet, "/projections", nil, nil); !errors.Is(err, errNotRunning) {
		return errors.New("a portal is running on this data folder: stop it first")
	}
	p, err := open(ctx, c.storage, options{messages: &outbox{}, alone: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := tlog.Forget(ctx, p.reads); err != nil {
		return err
	}
	fmt.Println("the hash tree is built again when the portal runs; nothing is signed that does not continue the last checkpoint")
	return nil
}
