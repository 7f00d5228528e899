package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthCommand asks a running portal whether it is ready: what a container without a shell has for its health check.
type healthCommand struct {
	Listen string `env:"PORTAL_LISTEN" default:"127.0.0.1:8080" help:"Address that the portal listens on."`
}

const (
	healthTimeout = 5 * time.Second
	maxReadiness  = 64 << 10 // bytes of an answer
)

// Run fails unless the portal is ready, and says what it lacks.
func (c *healthCommand) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("reading the portal's address: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on every address
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("asking the portal: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking the portal: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	said, err := io.ReadAll(io.LimitReader(response.Body, maxReadiness))
	if err != nil {
		return fmt.Errorf("reading the portal's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the portal is not ready: %s", strings.TrimSpace(string(said)))
	}
	fmt.Println("ready")
	return nil
}
