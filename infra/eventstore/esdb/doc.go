// Package esdb is the event store on EventStoreDB: the port over the official client, under a supervisor.
//
// The official client is used for what it does well, and is never trusted with an outage. Left alone it dies for good
// after a second without a server, lets callers hang whatever their contexts say, leaks a connection with every new
// discovery, and panics when it is closed at the wrong moment. So:
//
//   - A client lives for one connection to one server, a generation. At the first sign that the connection is no good
//     the generation is retired: it takes no new calls, those under way end, then it is closed. The client's own
//     recovery never runs: watch.go sees the end of a call before the client does, generation.go says what follows.
//   - Calls wait for the next generation as long as their contexts let them, and are repeated on it. Between attempts
//     to connect there is a back-off of at most a quarter of a second; nothing runs when nobody waits.
//   - A connection that is silent while something is under way is asked for a sign of life. Without one another is tried,
//     and whichever answers first is used: so a line that died without a sign costs a second and a half at most, and one
//     that is slow nothing (pulse.go, seek.go).
//   - Panics of the client are errors here. An event without a time, which makes the client end the process, is mended
//     before the client sees it (codec.go).
//   - An append whose outcome is unknown is repeated with the same ids. With an explicit revision the server recognises
//     it by what is stored. With Any or StreamExists the server's memory is only best effort, so the stream is looked
//     at first, and the repetition states the revision that was seen: then it cannot be written twice.
//   - The leader of a cluster is looked for here, asking all seeds at once, and every call says that it wants the
//     leader: what was acknowledged is in every later read.
//
// Appends and reads of single streams have one connection; reads of the log and subscriptions have another, so that
// the flow of a catch-up never stands in the way of an append.
package esdb
