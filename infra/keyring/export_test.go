package keyring

import "time"

// SetClock lets a test move the time.
func (k *Shared) SetClock(now func() time.Time) { k.now = now }
