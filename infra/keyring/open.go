package keyring

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
)

// Open opens the keyring in a directory, or makes it where there is none. One process at a time has it: ErrInUse.
//
// Slots at the end that a crash left unfinished were never acknowledged and are cut off. A damaged slot before others
// is an error that names it: restore the keyring's backup. Other errors: ErrWrongMaster.
func Open(dir string, master Master) (*Keyring, error) {
	k, err := open(dir, master)
	if err != nil {
		return nil, fmt.Errorf("opening the keyring in %s: %w", dir, err)
	}
	return k, nil
}

func open(dir string, master Master) (*Keyring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	held, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	k := &Keyring{dir: dir, lock: held, places: map[id]place{}}
	if err := k.start(master); err != nil {
		if k.file != nil {
			_ = k.file.Close()
		}
		_ = held.Close()
		return nil, err
	}
	return k, nil
}

// start takes the lock, makes the file if there is none, and reads it.
func (k *Keyring) start(master Master) error {
	err := lock(k.lock)
	if err != nil {
		return err
	}
	if k.ready, err = lru.New[string, *subjectKey](cached); err != nil {
		return err
	}
	if err := removeDrafts(k.dir); err != nil {
		return err
	}
	if _, err := os.Stat(path(k.dir)); errors.Is(err, fs.ErrNotExist) {
		if err := writeNew(k.dir, master); err != nil {
			return err
		}
	}
	if k.file, err = os.OpenFile(path(k.dir), os.O_RDWR, 0o600); err != nil {
		return err
	}
	return k.load(master)
}

// writeNew makes a keyring without keys. Its header wraps a key nobody uses, to tell a wrong master key at once.
func writeNew(dir string, master Master) error {
	ring := id(uuid.New())
	wrapper, err := master.wrapper(ring)
	if err != nil {
		return err
	}
	header := newWrapped(kindHeader, ring, ring, randomKey(), wrapper)
	draft, err := writeDraft(dir, header[:])
	if err != nil {
		return err
	}
	if err := os.Rename(draft, path(dir)); err != nil {
		return err
	}
	return syncDir(dir)
}

// removeDrafts removes what a crash left of files that never got their name: they hold wrapped keys.
func removeDrafts(dir string) error {
	drafts, err := filepath.Glob(filepath.Join(dir, draftPattern))
	for _, draft := range drafts {
		err = errors.Join(err, os.Remove(draft))
	}
	return err
}

// load checks the header and fills the index.
func (k *Keyring) load(master Master) error {
	in := bufio.NewReaderSize(k.file, 1<<20)
	var header slot
	if _, err := io.ReadFull(in, header[:]); err != nil {
		return fmt.Errorf("reading the header: %w", err)
	}
	if header.kind() != kindHeader || header[1] != headerFormat || !header.whole() {
		return errors.New("the header is damaged, or the file is not a keyring")
	}
	k.ring = header.owner()
	var err error
	if k.master, err = master.wrapper(k.ring); err != nil {
		return err
	}
	if _, err := header.unwrap(k.ring, k.master); err != nil {
		return ErrWrongMaster
	}
	var s slot
	var good, damaged uint32 = 1, 0 // slots up to the last good one; the first damaged one
	for n := uint32(1); ; n++ {
		_, err := io.ReadFull(in, s[:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading slot %d: %w", n, err)
		}
		if !s.valid() {
			if damaged == 0 {
				damaged = n
			}
			continue
		}
		if damaged != 0 {
			return fmt.Errorf("slot %d is damaged (of subject %s, if that can be read): restore the keyring's backup",
				damaged, k.ownerOf(damaged))
		}
		if err := k.index(s.owner(), place{slot: n, destroyed: s.kind() == kindDestroyed}); err != nil {
			return err
		}
		good = n + 1
	}
	k.slots = good
	return k.cut()
}

func (k *Keyring) index(owner id, at place) error {
	if other, twice := k.places[owner]; twice {
		return fmt.Errorf("slots %d and %d are of the same owner", other.slot, at.slot)
	}
	k.places[owner] = at
	return nil
}

// cut removes what a crash left after the last good slot.
func (k *Keyring) cut() error {
	size := int64(k.slots) * slotSize
	info, err := k.file.Stat()
	if err != nil || info.Size() == size {
		return err
	}
	if err := k.file.Truncate(size); err != nil {
		return fmt.Errorf("cutting off an unfinished write: %w", err)
	}
	return k.file.Sync()
}

// ownerOf reads the owner in a damaged slot, as far as it can be trusted.
func (k *Keyring) ownerOf(n uint32) uuid.UUID {
	var s slot
	_, _ = k.file.ReadAt(s[:], int64(n)*slotSize)
	return uuid.UUID(s.owner())
}
