package esdb

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"
)

// The client makes its connections itself, and takes no options for them but an address. So the address is one of a
// scheme of ours: what resolves it chooses how connections are picked, and what picks connections sees every call begin
// and end, before the client sees the end.

// scheme of the addresses: its host is the number of a generation, its path where to connect to.
const scheme = "portal-eventstore"

// policy is the name under which gRPC knows how we pick connections.
const policy = "portal_eventstore"

func init() {
	resolver.Register(resolving{})
	balancer.Register(balancing{})
}

var (
	watched     sync.Map // number → *generation
	watchNumber atomic.Uint64
)

// watch makes the address under which a generation's client connects. It is not to be resolved any more after forget.
func watch(g *generation, address string) (watching string, forget func()) {
	number := strconv.FormatUint(watchNumber.Add(1), 10)
	watched.Store(number, g)
	return scheme + "://" + number + "/" + address, func() { watched.Delete(number) }
}

// resolving resolves to what the address says; names of machines are looked up when they are dialled.
type resolving struct{}

// Scheme implements resolver.Builder.
func (resolving) Scheme() string { return scheme }

// OverrideAuthority implements resolver.AuthorityOverrider: certificates are checked against it.
func (resolving) OverrideAuthority(target resolver.Target) string {
	if strings.HasPrefix(target.Endpoint(), "unix:") {
		return "localhost"
	}
	return target.Endpoint()
}

var errForgotten = errors.New("the connection was given up")

type generationKey struct{}

// Build implements resolver.Builder.
func (resolving) Build(target resolver.Target, connection resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	g, found := watched.Load(target.URL.Host)
	if !found {
		return nil, errForgotten
	}
	address := target.Endpoint()
	state := resolver.State{
		Addresses:     []resolver.Address{{Addr: address, ServerName: serverName(address)}},
		ServiceConfig: connection.ParseServiceConfig(`{"loadBalancingConfig":[{"` + policy + `":{}}]}`),
		Attributes:    attributes.New(generationKey{}, g),
	}
	return resolved{}, connection.UpdateState(state)
}

// serverName is "" for a socket, which has no certificate.
func serverName(address string) string {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return ""
	}
	return address
}

// resolved never resolves anything else.
type resolved struct{}

// ResolveNow implements resolver.Resolver.
func (resolved) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements resolver.Resolver.
func (resolved) Close() {}

// balancing picks the first connection, and watches.
type balancing struct{}

// Name implements balancer.Builder.
func (balancing) Name() string { return policy }

// Build implements balancer.Builder.
func (balancing) Build(connection balancer.ClientConn, options balancer.BuildOptions) balancer.Balancer {
	w := &watchedConn{ClientConn: connection}
	return &watcher{Balancer: balancer.Get(pickfirst.Name).Build(w, options), connection: w}
}

type watcher struct {
	balancer.Balancer
	connection *watchedConn
}

// UpdateClientConnState implements balancer.Balancer. Our configuration is none of the inner one's.
func (w *watcher) UpdateClientConnState(state balancer.ClientConnState) error {
	w.connection.generation, _ = state.ResolverState.Attributes.Value(generationKey{}).(*generation)
	state.BalancerConfig = nil
	return w.Balancer.UpdateClientConnState(state)
}

type watchedConn struct {
	balancer.ClientConn
	generation *generation // set before the inner balancer hears of any address
}

// NewSubConn implements balancer.ClientConn. It keeps the connection, and the line under it, in reach of pulse.go.
func (w *watchedConn) NewSubConn(addresses []resolver.Address, options balancer.NewSubConnOptions) (balancer.SubConn, error) {
	g := w.generation
	if g == nil || g.transport == nil {
		return w.ClientConn.NewSubConn(addresses, options) //nolint:staticcheck // there is one address, and no other way
	}
	options.CredsBundle = &bundle{&tapped{g.transport, &g.line}} //nolint:staticcheck // nothing else gets at the line
	sub, err := w.ClientConn.NewSubConn(addresses, options)      //nolint:staticcheck // there is one address, and no other way
	if err == nil {
		direct := directTo(sub)
		g.direct.Store(&direct)
	}
	return sub, err
}

// UpdateState implements balancer.ClientConn.
func (w *watchedConn) UpdateState(state balancer.State) {
	state.Picker = picker{state.Picker}
	w.ClientConn.UpdateState(state)
}

type picker struct{ balancer.Picker }

var errPoison = status.Error(codes.Unavailable, "the connection is given up")

// Pick implements balancer.Picker. A call that gets here has its connection.
func (p picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	v := visitOf(info.Ctx)
	if v == nil { // a call of the client's own, while it connects
		return p.Picker.Pick(info)
	}
	if v.poison {
		return balancer.PickResult{}, errPoison
	}
	v.took()
	result, err := p.Picker.Pick(info)
	if err != nil {
		if !errors.Is(err, balancer.ErrNoSubConnAvailable) {
			v.generation.retire("") // the client is about to be told
		}
		return result, err
	}
	inner := result.Done
	result.Done = func(done balancer.DoneInfo) {
		if inner != nil {
			inner(done)
		}
		if leader, lost := verdictOf(done); lost {
			v.generation.retire(leader)
		}
	}
	return result, nil
}

// verdictOf tells whether the client takes the end of a call for a reason to look for another connection.
func verdictOf(done balancer.DoneInfo) (leader string, lost bool) {
	if first(done.Trailer, "exception") == "not-leader" {
		host, port := first(done.Trailer, "leader-endpoint-host"), first(done.Trailer, "leader-endpoint-port")
		if host != "" && port != "" {
			leader = net.JoinHostPort(host, port)
		}
		return leader, true
	}
	return "", status.Code(done.Err) == codes.Unavailable
}

func first(trailer metadata.MD, key string) string {
	if values := trailer.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}
