package pki

import (
	"crypto/sha256"
	"sync"
)

// maxCached is how many pairs a Cache remembers. There are a dozen authorities.
const maxCached = 128

// Cache remembers which authority signed which other one. The zero Cache is ready, and may be used by several goroutines.
type Cache struct {
	mu     sync.Mutex
	signed map[[2][sha256.Size]byte]struct{}
}

// knows says whether the issuer's signature was verified before.
func (c *Cache) knows(certificate, issuer *Certificate) bool {
	if c == nil || !certificate.IsCA {
		return false
	}
	pair := [2][sha256.Size]byte{certificate.SHA256(), issuer.SHA256()}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.signed[pair]
	return known
}

// keep remembers a signature that was verified: an authority's. Those of persons are seen once.
func (c *Cache) keep(certificate, issuer *Certificate) {
	if c == nil || !certificate.IsCA {
		return
	}
	pair := [2][sha256.Size]byte{certificate.SHA256(), issuer.SHA256()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signed == nil || len(c.signed) == maxCached {
		c.signed = map[[2][sha256.Size]byte]struct{}{}
	}
	c.signed[pair] = struct{}{}
}
