package mail

import (
	"errors"
	"net"
	"net/url"
	"strconv"
)

// server is where e-mails are handed over.
type server struct {
	host           string
	port           int
	tls            bool // from the start
	local          bool // on this machine
	user, password string
}

const (
	submissionPort    = 587
	submissionTLSPort = 465
)

var errURL = errors.New("the mail server's URL must be smtp://[user:password@]host[:port] or smtps://…")

// parseServer reads a URL. Errors never quote it.
func parseServer(raw string) (server, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return server{}, errURL
	}
	s := server{host: u.Hostname(), local: loopback(u.Hostname())}
	switch u.Scheme {
	case "smtp":
		s.port = submissionPort
	case "smtps":
		s.port, s.tls = submissionTLSPort, true
	default:
		return server{}, errURL
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || port == 0 {
			return server{}, errURL
		}
		s.port = int(port)
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	return s, nil
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
