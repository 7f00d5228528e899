// Package esdbserver serves a documented subset of the EventStoreDB 24.6 gRPC protocol over the embedded log, so that
// auditors and analysts can bring an official client, and so that our own client is tested without a cluster.
//
// It is not EventStoreDB and does not say that it is: its version is Version. What it serves: streams (Read with
// subscriptions, Append, BatchAppend, Delete, Tombstone), server features and gossip of a single node; every other
// service answers UNIMPLEMENTED. Differences from a real node, all of them towards more safety or leniency:
//
//   - An append is acknowledged when it is on the disk, and a subscriber sees nothing that is not.
//   - A read never shows what was appended after it began. Reads of nothing (a count of 0, a stream forwards from its
//     end) are empty where a real node fails.
//   - A position that is no event's is taken for the next one.
//   - $all cannot be written to or deleted. ACLs are stored and not enforced.
//   - Filters take RE2 expressions of at most MaxExpression bytes, and prefixes are compared byte by byte.
//   - In trailers, bytes of a stream's name that are not printable ASCII are percent-encoded.
package esdbserver

// Version is what the server calls itself: the protocol it speaks, and a name that is not EventStoreDB's.
const Version = "24.6.0.servicesportal"
