package pebblestore

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/readstore"
)

// diskGuard refuses writes while the disk is nearly full. An engine that meets a full disk in the middle of a write
// cannot go on without a restart; one that is not asked to write goes on answering, and recovers when there is room.
type diskGuard struct {
	fs      vfs.FS
	dir     string
	reserve uint64 // bytes
}

func (g diskGuard) check() error {
	usage, err := g.fs.GetDiskUsage(g.dir)
	switch {
	case errors.Is(err, vfs.ErrUnsupported):
		return nil
	case err != nil:
		return broken("asking for the free space of the disk", err)
	case usage.AvailBytes < g.reserve:
		return fmt.Errorf("%w: the disk is full: %d bytes are left, %d are kept in reserve",
			readstore.ErrUnavailable, usage.AvailBytes, g.reserve)
	default:
		return nil
	}
}
