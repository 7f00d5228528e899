// Package sms sends text messages through an HTTP gateway: POST {"to", "text"} with a bearer token.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	timeout   = 10 * time.Second
	maxAnswer = 64 << 10 // bytes read of an answer, so that the connection can be used again
)

// Sender sends text messages. It is safe for use by several goroutines at once.
type Sender struct {
	url    string
	token  string
	client *http.Client
}

var errURL = errors.New("the SMS gateway's URL must be https://[token@]host/path; plain http only on this machine")

// New returns a sender through the gateway at https://token@host/path; the token may stand for the user or the password.
// No error repeats the URL, which may hold secrets.
func New(gateway string) (*Sender, error) {
	u, err := url.Parse(gateway)
	if err != nil || u.Hostname() == "" || u.Fragment != "" {
		return nil, errURL
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errURL
	}
	token, found := u.User.Password()
	if !found {
		token = u.User.Username()
	}
	u.User = nil
	client := &http.Client{
		Timeout: timeout,
		// A message is never carried on to where a gateway points: that might be another host, or unencrypted.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Sender{url: u.String(), token: token, client: client}, nil
}

// message is what the gateway reads.
type message struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

// Send sends words to a phone. When it returns nil the gateway has taken the message over. No error holds the number or
// the words. Errors: RefusedError if the gateway said no, those of ctx, and of the connection.
func (s *Sender) Send(ctx context.Context, phone, words string) error {
	body, err := json.Marshal(message{To: phone, Text: words})
	if err != nil {
		return fmt.Errorf("encoding an SMS: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return errURL
	}
	request.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("sending an SMS: %w", withoutURL(err))
	}
	defer answer.Body.Close()                                          //nolint:errcheck // read only
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // the status says it all
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("sending an SMS: %w", &RefusedError{Status: answer.StatusCode})
	}
	return nil
}

// RefusedError says that the gateway answered no. Its words are left out: they may repeat the number.
type RefusedError struct {
	Status int // of HTTP
}

// Error names the status.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("SMS gateway refused with status %d", e.Status)
}

// Temporary tells whether the same message may be taken later.
func (e *RefusedError) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// withoutURL leaves out the URL that net/http puts into its errors: gateways have keys in their queries.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
