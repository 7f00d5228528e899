package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// backupCommand copies what cannot be rebuilt.
type backupCommand struct {
	storage
	To string `arg:"" help:"Folder to copy into; it must not exist, or be empty."`
}

// Run copies from the running portal, or from a folder that nobody uses.
func (c *backupCommand) Run(ctx context.Context) error {
	target, err := filepath.Abs(c.To)
	if err != nil {
		return fmt.Errorf("finding the folder to copy into: %w", err)
	}
	_, err = either(ctx, c.storage, http.MethodPost, "/backup", url.Values{"to": {target}},
		func(p *portal) (any, error) { return nil, p.backup(ctx, c.storage, target) })
	if err != nil {
		return err
	}
	parts := []string{"keys"}
	if c.EventStore == embedded {
		parts = append(parts, "event log")
	}
	if c.Files == "" {
		parts = append(parts, "files")
	}
	fmt.Printf("copied to %s: %s. The master key is not among them: keep it elsewhere.\n", target, strings.Join(parts, ", "))
	if c.EventStore != embedded {
		fmt.Println("The events are in EventStoreDB: back that up by its own means.")
	}
	if c.Files != "" {
		fmt.Printf("The files are in %s: copy them from there.\n", c.Files)
	}
	return nil
}

// backup copies what is in the data folder, and the keys wherever they are. The read models are not copied: the log brings them back. The order matters:
// an event may speak of a key or a file only if that is in the copy too, so those come after.
func (p *portal) backup(ctx context.Context, where storage, to string) error {
	//nolint:gosec // the operator says where to copy to
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("making the folder of the backup: %w", err)
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		return fmt.Errorf("looking into the folder of the backup: %w", err)
	}
	if len(entries) > 0 {
		return errors.New("the folder of the backup is not empty")
	}
	copied := where
	copied.Data = to
	if err := p.writeMaterial(ctx, copied.history()); err != nil {
		return err
	}
	if p.log != nil {
		if err := p.log.Backup(ctx, copied.events()); err != nil {
			return err
		}
	}
	if err := p.keys.Backup(ctx, copied.keys()); err != nil {
		return err
	}
	if where.Files != "" {
		return nil
	}
	if err := os.CopyFS(copied.files(), os.DirFS(where.files())); err != nil {
		return fmt.Errorf("copying the files: %w", err)
	}
	return nil
}
