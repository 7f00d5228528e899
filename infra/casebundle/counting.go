package casebundle

import (
	"hash"
	"io"
)

// counting counts and hashes what goes through it.
type counting struct {
	to   io.Writer
	sum  hash.Hash
	size int64
}

// Write hands on.
func (c *counting) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	_, _ = c.sum.Write(p[:n]) // writing to a hash never fails
	c.size += int64(n)
	return n, err
}
