package esdb

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestConnectionStrings(t *testing.T) {
	for text, want := range map[string]target{
		"esdb://localhost":                    {addresses: []string{"localhost:2113"}},
		"esdb://localhost:1113/?tls=false":    {addresses: []string{"localhost:1113"}, plain: true},
		"esdb://a,b:1114,c?TLS=TRUE":          {addresses: []string{"a:2113", "b:1114", "c:2113"}},
		"esdb+discover://cluster.example:213": {addresses: []string{"cluster.example:213"}, discover: true},
		"esdb://[::1]:2114":                   {addresses: []string{"[::1]:2114"}},
		"esdb://[::1]":                        {addresses: []string{"[::1]:2113"}},
		"unix:///run/portal/esdb.sock":        {addresses: []string{"unix:///run/portal/esdb.sock"}, plain: true},
		"esdb://portal:p%40ss%3A@a": {
			addresses: []string{"a:2113"}, username: "portal", password: "p@ss:",
		},
		"esdb://a?tlsVerifyCert=false&tlsCaFile=/ca.pem&userCertFile=/c.pem&userKeyFile=/k.pem": {
			addresses: []string{"a:2113"}, anyCert: true, caFile: "/ca.pem", certFile: "/c.pem", keyFile: "/k.pem",
		},
		"esdb://a?keepAliveInterval=-1&keepAliveTimeout=2000&defaultDeadline=5000": {
			addresses: []string{"a:2113"}, keepAliveInterval: -1, keepAliveTimeout: 2 * time.Second, deadline: 5 * time.Second,
		},
		"esdb://a?maxDiscoverAttempts=3&discoveryInterval=5&gossipTimeout=1&nodePreference=Leader": {
			addresses: []string{"a:2113"},
		},
	} {
		got, err := parseConnection(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestConnectionStringsThatAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "localhost:2113", "http://localhost", "mongodb://a", "esdb://", "esdb://a,,b", "esdb://a:0", "esdb://a:70000",
		"esdb://a:x", "esdb://a/b", "esdb+discover://a,b", "esdb://:secret@a", "esdb://u:%zz@a", "esdb://a?tls=maybe",
		"esdb://a?keepAliveInterval=0", "esdb://a?defaultDeadline=-1", "esdb://a?nodePreference=follower", "esdb://a?tsl=true",
		"unix://", "unix:///a?b",
	} {
		if got, err := parseConnection(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func FuzzConnectionStringsKeepTheirSecret(f *testing.F) {
	const secret = "Xq7-geheim"
	for _, text := range []string{"esdb://u:" + secret + "@a", "esdb://u:" + secret + "%@a:b", secret, "esdb+discover://u:" + secret + "@a,b?tls=x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseConnection(text)
		if err == nil && len(got.addresses) == 0 {
			t.Errorf("%q was accepted without an address", text)
		}
		user, _, found := strings.Cut(text, "@")
		if err != nil && found && strings.Contains(user, secret) && strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells the password: %v", err)
		}
	})
}
