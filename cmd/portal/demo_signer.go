package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/ncalayer"
)

// demoSignerCommand stands in for NCALayer, the signing program on people's computers.
type demoSignerCommand struct {
	Data        string   `env:"PORTAL_DATA" default:"./portal-data" help:"Data folder of the demo, in which its certification authority lies."`
	Listen      string   `env:"PORTAL_SIGNER_LISTEN" default:"127.0.0.1:13580" help:"Address to listen on; NCALayer's own is 127.0.0.1:13579, with --tls."`
	TLS         bool     `name:"tls" help:"Speak wss instead of ws, with a certificate for this machine that is made in the data folder (demo-signer.pem)."`
	Origin      []string `env:"PORTAL_SIGNER_ORIGIN" default:"http://127.0.0.1:8080,http://localhost:8080" help:"Origins of the pages that may ask for signatures."`
	Person      []string `placeholder:"LOGIN" help:"Sign as this person or organisation (IIN or BIN), which may be given several times; everybody invented of the demo if empty."`
	P12         string   `placeholder:"FILE" help:"Sign with the key of this file, such as a test key of the national certification centre."`
	P12Password string   `env:"PORTAL_P12_PASSWORD" help:"Password of that file, or file:FILE with it."`
	TSP         string   `name:"tsp-url" env:"PORTAL_SIGNER_TSP_URL" placeholder:"URL" help:"Time-stamping authority for the signatures of that key; empty: they get no time stamp."`
	Yes         bool     `xor:"answer" help:"Sign everything without asking; with the first key that fits."`
	Cancel      bool     `xor:"answer" help:"Cancel everything, as a person would who does not want to sign."`
	Shape       string   `enum:"string,array,object" default:"string" help:"Form of answers of module basics: ${enum}."`
}

// demoSignerTLS is where the TLS certificate of the demo's signer lies in the data folder.
const demoSignerTLS = "demo-signer.pem"

// Run answers pages until the context ends.
func (c *demoSignerCommand) Run(ctx context.Context) error {
	if err := checkLoopback(c.Listen); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	keys, err := c.keys()
	if err != nil {
		return err
	}
	server, err := ncalayer.New(ncalayer.Config{
		Keys: keys, Consent: ncalayer.NewTerminal(os.Stdin, os.Stdout, now, c.consent()), Origins: c.Origin, Shape: ncalayer.Shape(c.Shape),
	})
	if err != nil {
		return err
	}
	listener, scheme, err := c.listen(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("demo signer ready at %s://%s (signatures of nobody; for pages of %s)\n", scheme, listener.Addr(), strings.Join(c.Origin, ", "))
	return server.Serve(ctx, listener)
}

// consent is who is asked in the person's stead; nil: the person.
func (c *demoSignerCommand) consent() ncalayer.Consent {
	switch {
	case c.Yes:
		return ncalayer.Always{}
	case c.Cancel:
		return ncalayer.Never{}
	default:
		return nil
	}
}

func (c *demoSignerCommand) listen(ctx context.Context) (net.Listener, string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, "", fmt.Errorf("listening: %w", err)
	}
	if !c.TLS {
		return listener, "ws", nil
	}
	certificate, err := ncalayer.Certificate(filepath.Join(c.Data, demoSignerTLS), now())
	if err != nil {
		_ = listener.Close()
		return nil, "", err
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), "wss", nil
}

// keys are those that the person can choose from.
func (c *demoSignerCommand) keys() ([]ncalayer.Key, error) {
	var keys []ncalayer.Key
	if c.P12 != "" {
		key, err := c.fileKey()
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	people, err := c.people()
	if err != nil || len(people) == 0 {
		return keys, err
	}
	authority, err := dev.OpenCA(filepath.Join(c.Data, demoCAFile), now())
	if err != nil {
		return nil, err
	}
	for _, person := range people {
		key, err := demoKey(authority, person)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// people are those as whom to sign with certificates of the demo.
func (c *demoSignerCommand) people() ([]dev.Person, error) {
	signing := &demoSigning{people: map[string]dev.Person{}}
	var invented, chosen []dev.Person
	for _, person := range demoPeople() {
		signing.know(person.signer())
		invented = append(invented, person.signer())
	}
	for i, login := range c.Person {
		person, err := signing.person(login)
		if err != nil {
			return nil, fmt.Errorf("--person, the %d. of %d: neither an IIN nor a BIN", i+1, len(c.Person))
		}
		chosen = append(chosen, person)
	}
	if chosen == nil && c.P12 == "" {
		return invented, nil
	}
	return chosen, nil
}
