// Package tlog keeps the hash tree over the event log of a running portal, in tiles of 256 hashes in the read store, signs
// checkpoints of it, and answers with proofs.
//
// The tiles can be thrown away: the log brings them back. Checkpoints that were signed are kept for good, and no
// checkpoint is signed that does not continue the last one, so that a log which was altered or set back never gets another
// signature: see docs/adr/0023.
package tlog
