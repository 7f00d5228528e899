// Package transparency makes the history of the portal verifiable by anybody who holds one signed checkpoint: what a
// record of the event log is to a hash tree (RFC 6962), proofs that a record is in the tree and that one tree continues
// another, checkpoints signed by the log and by witnesses, and the comparison of a whole log with what was signed.
//
// Nothing here reads a store or a clock, so that a proof can be verified on a machine that has nothing but a file and a
// public key. The tree of a running portal is kept by the package tlog.
//
// # Leaves
//
// Every record of the log, in the log's order, is a leaf; records of streams whose names begin with "$" belong to the
// store and are none. AppendLeaf gives a leaf's bytes: the record as an archive carries it, so that they are the same in
// every store that the log is moved to, and the same after a person's key was destroyed: they hold what is stored,
// which is encrypted. The hash of a leaf is SHA-256 of a zero byte and those bytes.
package transparency
