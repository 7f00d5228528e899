package esdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
)

var errNoLeader = errors.New("no member of the cluster knows a leader that is alive")

// find returns the address to connect to: the one server's, or that of the cluster's leader.
func (d *dialer) find() (string, error) {
	if !d.target.cluster() {
		return d.target.addresses[0], nil
	}
	ctx, cancel := context.WithTimeout(d.ctx, d.options.ConnectTimeout)
	defer cancel()
	seeds, err := d.seeds(ctx)
	if err != nil {
		return "", err
	}
	return d.leader(ctx, seeds)
}

// seed is a place to ask for the leader, and the name that its certificate must have.
type seed struct{ address, name string }

func (d *dialer) seeds(ctx context.Context) ([]seed, error) {
	var seeds []seed
	for _, address := range d.target.addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("read the address %s: %w", address, err)
		}
		if !d.target.discover {
			seeds = append(seeds, seed{address: address, name: host})
			continue
		}
		members, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			return nil, fmt.Errorf("look up the members of the event store's cluster: %w", err)
		}
		for _, member := range members {
			seeds = append(seeds, seed{address: net.JoinHostPort(member, port), name: host})
		}
	}
	return seeds, nil
}

// leader asks all seeds at once, so that one that is gone costs no time. The first that knows a leader is believed.
func (d *dialer) leader(ctx context.Context, seeds []seed) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	type reply struct {
		leader string
		err    error
	}
	replies := make(chan reply, len(seeds))
	for _, s := range seeds {
		go func() {
			leader, err := d.ask(ctx, s)
			replies <- reply{leader, err}
		}()
	}
	failures := []error{errNoLeader}
	found := ""
	for range seeds { // all of them, so that none is left behind
		r := <-replies
		if r.err != nil && found == "" {
			failures = append(failures, r.err)
		}
		if r.leader != "" && found == "" {
			found = r.leader
			cancel()
		}
	}
	cancel()
	if found == "" {
		return "", errors.Join(failures...)
	}
	return found, nil
}

// ask returns the leader that a member knows of, "" if it knows none.
func (d *dialer) ask(ctx context.Context, s seed) (leader string, err error) {
	transport, err := d.transport(s.name)
	if err != nil {
		return "", err
	}
	connection, err := grpc.NewClient("passthrough:///"+s.address, grpc.WithTransportCredentials(transport))
	if err != nil {
		return "", fmt.Errorf("prepare a connection to %s: %w", s.address, err)
	}
	defer func() {
		if closeErr := connection.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close the connection to %s: %w", s.address, closeErr)
		}
	}()
	info, err := gossip.NewGossipClient(connection).Read(ctx, &shared.Empty{})
	if err != nil {
		return "", fmt.Errorf("ask %s for the leader: %w", s.address, err)
	}
	for _, member := range info.GetMembers() {
		if member.GetIsAlive() && member.GetState() == gossip.MemberInfo_Leader {
			place := member.GetHttpEndPoint()
			return net.JoinHostPort(place.GetAddress(), strconv.FormatUint(uint64(place.GetPort()), 10)), nil
		}
	}
	return "", nil
}
