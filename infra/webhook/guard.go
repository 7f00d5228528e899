package webhook

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// ErrForbidden says that an address lies in a network that webhooks may not reach.
var ErrForbidden = errors.New("address-forbidden")

// guard looks at every address right before a connection is made to it, after the name was resolved: a name that leads
// elsewhere the second time leads nowhere.
type guard struct{ allowed []netip.Prefix }

func (g guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return ErrForbidden
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil || !g.may(to.Addr()) {
		return ErrForbidden
	}
	return nil
}

// may tells whether an address is public or allowed by name.
func (g guard) may(to netip.Addr) bool {
	to = to.Unmap().WithZone("")
	if slices.ContainsFunc(g.allowed, func(network netip.Prefix) bool { return network.Contains(to) }) {
		return true
	}
	return public(to)
}

// public tells whether an address is one of the internet at large.
func public(to netip.Addr) bool {
	if !to.IsValid() || !to.IsGlobalUnicast() || to.IsPrivate() {
		return false // unspecified, loopback, multicast, link-local; 10/8, 172.16/12, 192.168/16, fc00::/7
	}
	if to.Is6() && !internet6.Contains(to) {
		return false
	}
	return !slices.ContainsFunc(special, func(network netip.Prefix) bool { return network.Contains(to) })
}

// internet6 is what is given out of IPv6 so far: everything else is reserved.
var internet6 = netip.MustParsePrefix("2000::/3")

// special are the registered special-purpose networks (RFC 6890 and its registries) that netip does not know of. Those of
// IPv6 that carry an address of IPv4 are among them: they could lead into any network.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // carriers' own
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // relays of 6to4
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("3fff::/20"),       // documentation
}
