// Package pebblelog is the embedded event store: one directory, one process, no server.
//
// One goroutine writes. The appends that wait while groups are being synced to disk form the next group, which costs
// one Pebble batch and one fsync; nothing is acknowledged, and nothing can be read, before that fsync. The next group
// is decided on and applied during the fsync of the one before; a second goroutine publishes and answers the groups in
// their order. Positions are
// the running number of the event (commit and prepare alike, from 1), so distances in the log are cheap to tell.
//
// Keys (numbers big-endian, so that they sort):
//
//	E position            → record: the event with its checksum
//	S stream-number rev   → position and id of the event: the stream's index
//	H stream name         → head: number, last revision, what the stream's metadata hides
//	F                     → format of the store
//
// A stream's number is the position of its first event.
package pebblelog
