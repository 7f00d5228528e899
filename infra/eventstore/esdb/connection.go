package esdb

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// defaultPort is where EventStoreDB listens.
const defaultPort = "2113"

// target is what a connection string says.
type target struct {
	addresses []string // host:port of the servers or seeds, or one unix:///path
	discover  bool     // the one address is a name under which all members of a cluster are found
	plain     bool     // without TLS
	anyCert   bool     // TLS without checking the server's certificate
	username  string
	password  string
	caFile    string
	certFile  string
	keyFile   string

	keepAliveInterval time.Duration // 0: not said; negative: never
	keepAliveTimeout  time.Duration // 0: not said
	deadline          time.Duration // 0: not said
}

// cluster tells whether the leader has to be asked for.
func (t *target) cluster() bool { return t.discover || len(t.addresses) > 1 }

var errScheme = errors.New("it must begin with esdb://, esdb+discover:// or unix://")

// parseConnection reads a connection string. Its errors never repeat what may be a password.
func parseConnection(text string) (target, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return target{}, errScheme
	}
	var t target
	switch scheme {
	case "unix":
		return parseSocket(rest)
	case "esdb":
	case "esdb+discover":
		t.discover = true
	default:
		return target{}, errScheme
	}
	rest, query, _ := strings.Cut(rest, "?")
	rest = strings.TrimSuffix(rest, "/")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if err := t.setUser(rest[:at]); err != nil {
			return target{}, err
		}
		rest = rest[at+1:]
	}
	for host := range strings.SplitSeq(rest, ",") {
		address, err := parseHost(host)
		if err != nil {
			return target{}, err
		}
		t.addresses = append(t.addresses, address)
	}
	if t.discover && len(t.addresses) > 1 {
		return target{}, errors.New("esdb+discover:// takes one name, under which all members are found")
	}
	return t, t.setAll(query)
}

func parseSocket(path string) (target, error) {
	if path == "" || strings.ContainsAny(path, "?#") {
		return target{}, errors.New("unix:// needs the path of a socket")
	}
	return target{addresses: []string{"unix://" + path}, plain: true}, nil
}

func (t *target) setUser(text string) error {
	name, password, _ := strings.Cut(text, ":")
	var err error
	if t.username, err = url.PathUnescape(name); err != nil || t.username == "" {
		return errors.New("its user name cannot be read")
	}
	if t.password, err = url.PathUnescape(password); err != nil {
		return errors.New("its password cannot be read: a percent sign is written %25")
	}
	return nil
}

func parseHost(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), defaultPort
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", errors.New("a host in it cannot be read")
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", errors.New("a port in it is not a number up to 65535")
	}
	if host == "" || strings.ContainsAny(host, "/@[] \t\r\n") {
		return "", errors.New("a host in it cannot be read")
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}

func (t *target) setAll(query string) error {
	settings, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("its settings cannot be read")
	}
	for key, values := range settings {
		if err := t.set(strings.ToLower(key), values[0]); err != nil {
			return fmt.Errorf("its setting %q: %w", key, err)
		}
	}
	return nil
}

func (t *target) set(key, value string) (err error) {
	switch key {
	case "tls":
		var tls bool
		tls, err = parseBool(value)
		t.plain = !tls
	case "tlsverifycert":
		var verify bool
		verify, err = parseBool(value)
		t.anyCert = !verify
	case "tlscafile":
		t.caFile = value
	case "usercertfile":
		t.certFile = value
	case "userkeyfile":
		t.keyFile = value
	case "keepaliveinterval":
		t.keepAliveInterval, err = parseMilliseconds(value, true)
	case "keepalivetimeout":
		t.keepAliveTimeout, err = parseMilliseconds(value, true)
	case "defaultdeadline":
		t.deadline, err = parseMilliseconds(value, false)
	case "nodepreference":
		if !strings.EqualFold(value, "leader") {
			err = errors.New("only the leader can be preferred: another member may not have yet what was just acknowledged")
		}
	case "maxdiscoverattempts", "discoveryinterval", "gossiptimeout", "connectionname":
		// What they would tune is done here instead of in the client, without end.
	default:
		err = errors.New("there is no such setting")
	}
	return err
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("it is true or false")
}

// parseMilliseconds reads a duration; -1, where it is allowed, means never.
func parseMilliseconds(text string, never bool) (time.Duration, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err == nil && n > 0:
		return time.Duration(n) * time.Millisecond, nil
	case err == nil && n == -1 && never:
		return -1, nil
	}
	return 0, errors.New("it is a number of milliseconds")
}
