package main

import (
	"context"
	"errors"
	"fmt"

	"services.example/portal/infra/keyring"
)

// keysCommand looks after the keyring.
type keysCommand struct {
	New    newKeyCommand    `cmd:"" help:"Make a master key in a new file."`
	Rewrap rewrapCommand    `cmd:"" help:"Put every key under a new master key."`
	Share  shareKeysCommand `cmd:"" help:"Copy the keyring of the data folder into MongoDB, for a portal of several processes."`
}

// newKeyCommand makes a master key.
type newKeyCommand struct {
	File string `arg:"" help:"File to make; it must not exist."`
}

// Run makes it.
func (c *newKeyCommand) Run() error {
	if _, err := keyring.LoadMaster(c.File, false); err == nil {
		return fmt.Errorf("%s holds a master key already", c.File)
	}
	if _, err := keyring.LoadMaster(c.File, true); err != nil {
		return err
	}
	fmt.Printf("made %s. Without it nothing that identifies a person can ever be read again: keep a copy apart from the backups.\n", c.File)
	return nil
}

// rewrapCommand changes the master key.
type rewrapCommand struct {
	storage
	To string `required:"" placeholder:"KEY" help:"The new master key: 32 bytes in base64, or file:FILE."`
}

// Run changes it. A keyring in the data folder belongs to one process: the portal must be stopped. One in MongoDB is changed
// while processes run that have both master keys.
func (c *rewrapCommand) Run(ctx context.Context) error {
	present, err := c.masterKey()
	if err != nil {
		return err
	}
	next, err := parseMaster(c.To)
	if err != nil {
		return err
	}
	if c.shared() {
		err = rewrapShared(ctx, c.storage, present, next)
	} else {
		err = rewrapAlone(ctx, c.storage, present, next)
	}
	if err != nil {
		return err
	}
	fmt.Println("every key is under the new master key. Backups made before need the former one.")
	return nil
}

func rewrapAlone(ctx context.Context, where storage, present, next keyring.Master) (err error) {
	ring, err := keyring.Open(where.keys(), present)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	return ring.Rewrap(ctx, next)
}

func rewrapShared(ctx context.Context, where storage, present, next keyring.Master) (err error) {
	slots, err := openSlots(where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, slots.Close()) }() //nolint:contextcheck // closing has a time of its own
	ring, err := keyring.OpenShared(ctx, slots, next, present)
	if err != nil {
		return err
	}
	return ring.Rewrap(ctx)
}

// shareKeysCommand moves the keyring.
type shareKeysCommand struct {
	storage
	To string `required:"" placeholder:"URL" help:"mongodb://…, or file:FILE with such a URL in it."`
}

// Run copies the keyring; the portal must be stopped. The master key stays the same.
func (c *shareKeysCommand) Run(ctx context.Context) (err error) {
	if c.shared() {
		return errors.New("the keyring is in MongoDB already")
	}
	master, err := c.masterKey()
	if err != nil {
		return err
	}
	ring, err := keyring.Open(c.keys(), master)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	slots, err := openSlots(storage{ReadStore: c.To})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, slots.Close()) }() //nolint:contextcheck // closing has a time of its own
	if err := ring.Share(ctx, slots); err != nil {
		return err
	}
	fmt.Println("the keyring is in MongoDB, under the same master key: give that to every process with --master-key.")
	return nil
}
