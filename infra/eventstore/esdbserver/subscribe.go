package esdbserver

import (
	"bytes"
	"context"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// fallenBehind is how many events a live subscription may lag before it counts as catching up again: roughly what the
// log keeps in memory.
const fallenBehind = 4096

// subscription is a read that follows the log.
type subscription struct {
	*reading
	page     *page
	follower *pebblelog.Follower
	live     bool

	// Of filtered subscriptions:
	considered uint64              // events looked at since the last checkpoint
	checkpoint eventstore.Position // the last one that the client has
}

// follow sends what the follower shows, and waits at the end of the log, until the call ends, the server stops or the
// page wants no more.
// see is shown the events; caughtUp is called whenever the subscription becomes live.
func (s *subscription) follow(
	call context.Context, see func(v *pebblelog.View) (more bool), caughtUp func() error,
) error {
	ctx, cancel := s.server.whileServing(call)
	defer cancel()
	for {
		left, failed := s.follower.Show(ctx, see) // told after the events in front of it
		if err := s.page.flush(); err != nil || s.page.left == 0 {
			return err
		}
		switch {
		case failed != nil && s.server.live.Err() != nil:
			return errStopping
		case failed != nil:
			return failed
		case left == 0 && !s.live:
			if err := caughtUp(); err != nil {
				return err
			}
			s.live = true
		case left > fallenBehind:
			s.live = false
		}
		if left > 0 {
			continue
		}
		if err := s.follower.Wait(ctx); err != nil {
			if s.server.live.Err() != nil {
				return errStopping
			}
			return err
		}
	}
}

func (s *subscription) confirm() error {
	return s.send(appendConfirmation(nil, uuid.NewString()))
}

func (s *subscription) caughtUp() error { return s.send(appendCaughtUp(nil)) }

// subscribeToAll follows $all.
func (r *reading) subscribeToAll(call context.Context, all *streams.ReadReq_Options_AllOptions) error {
	from, err := positionOf(all)
	if err != nil {
		return err
	}
	if r.filter != nil && r.filter.interval == 0 {
		return invalid("the checkpoints of a filtered subscription need an interval")
	}
	s := &subscription{reading: r, page: r.page(unlimited, r.ofAll), follower: r.server.log.Follow(from)}
	if from != eventstore.EndPosition {
		s.checkpoint = from
	}
	if err := s.confirm(); err != nil {
		return err
	}
	if r.filter == nil {
		return s.follow(call, s.page.See, s.caughtUp)
	}
	return s.follow(call, s.consider, func() error {
		if through := s.follower.Through(); s.checkpoint.Before(through) {
			s.checkpoint, s.considered = through, 0
			if err := s.send(appendCheckpoint(nil, through)); err != nil {
				return err
			}
		}
		return s.caughtUp()
	})
}

// consider takes the event if it matches, and a checkpoint after every so many events, whether they match or not.
func (s *subscription) consider(v *pebblelog.View) (more bool) {
	more = s.page.See(v)
	if s.considered++; s.considered < s.filter.interval {
		return more
	}
	s.considered, s.checkpoint = 0, v.Position
	s.page.put(0, func(buf []byte) []byte { return appendCheckpoint(buf, v.Position) })
	return s.page.roomy()
}

// subscribeToStream follows one stream: what it has, then those events of the log that belong to it.
func (r *reading) subscribeToStream(call context.Context, stream *streams.ReadReq_Options_StreamOptions) error {
	name := stream.GetStreamIdentifier().GetStreamName()
	from, err := startOf(stream)
	if err != nil {
		return err
	}
	after := eventstore.NoRevision // the last revision that the client has
	if _, ok := stream.GetRevisionOption().(*streams.ReadReq_Options_StreamOptions_Revision); ok {
		after = from
	}
	s := &streamSubscription{
		subscription: subscription{
			reading: r, page: r.page(unlimited, everything), follower: r.server.log.Follow(eventstore.EndPosition),
		},
		name: name, after: after,
	}
	if err := s.confirm(); err != nil {
		return err
	}
	if err := s.catchUp(call, from == eventstore.End); err != nil {
		return err
	}
	if err := s.follow(call, s.seeLive, s.caughtUp); err != nil {
		return err
	}
	return streamDeleted(string(name))
}

// streamSubscription sends the events of one stream behind the last one that the client has.
type streamSubscription struct {
	subscription
	name  []byte
	after int64
}

// catchUp reads the stream until it has nothing new; from its end, it only makes sure that the stream was not ended. The
// follower begins where the log was before the last reading.
func (s *streamSubscription) catchUp(ctx context.Context, fromEnd bool) error {
	for {
		read := eventstore.StreamRead{From: eventstore.End}
		if !fromEnd {
			s.follower = s.server.log.Follow(eventstore.EndPosition)
			if s.after < math.MaxInt64 {
				read.From = s.after + 1
			}
		}
		before := s.after
		_, err := s.server.log.VisitStream(ctx, string(s.name), read, s)
		if err != nil && !notFound(err) { // a stream that is not there may come
			return err
		}
		if s.after == before {
			return nil
		}
	}
}

// See implements pebblelog.Visitor.
func (s *streamSubscription) See(v *pebblelog.View) (more bool) {
	s.after = v.Revision
	return s.page.See(v)
}

// Pause implements pebblelog.Visitor. The reading ends early when the server stops.
func (s *streamSubscription) Pause() (done bool, err error) {
	if s.server.live.Err() != nil {
		return true, errStopping
	}
	return s.page.Pause()
}

// seeLive takes the events of the stream that are new. The last one is the tombstone.
func (s *streamSubscription) seeLive(v *pebblelog.View) (more bool) {
	ended := v.Revision == math.MaxInt64
	if !bytes.Equal(v.Stream, s.name) || (v.Revision <= s.after && !ended) {
		return true
	}
	more = s.See(v)
	if ended {
		s.page.left = 0
	}
	return more && !ended
}
