package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	timeout   = 10 * time.Second
	maxAnswer = 64 << 10 // bytes read of an answer, so that the connection can be used again
	maxRef    = 200      // bytes
)

// httpSender posts {"to", "text"} with a bearer token.
type httpSender struct {
	url    string
	token  string
	client *http.Client
}

// newHTTP returns a sender through the gateway at https://token@host/path; the token may stand for the user or the
// password.
func newHTTP(u *url.URL) (*httpSender, error) {
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return nil, errURL
	}
	token, found := u.User.Password()
	if !found {
		token = u.User.Username()
	}
	address := *u
	address.User = nil
	client := &http.Client{
		Timeout: timeout,
		// A message is never carried on to where a gateway points: that might be another host, or unencrypted.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &httpSender{url: address.String(), token: token, client: client}, nil
}

// message is what the gateway reads.
type message struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

// Send posts a message, its id as Idempotency-Key. A gateway may answer {"ref"}; otherwise it is to report by that key.
func (s *httpSender) Send(ctx context.Context, id, phone, words string) (ref string, err error) {
	body, err := json.Marshal(message{To: phone, Text: words})
	if err != nil {
		return "", fmt.Errorf("encoding an SMS: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return "", errURL
	}
	request.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	if id != "" {
		request.Header.Set("Idempotency-Key", id)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("sending an SMS: %w", withoutURL(err))
	}
	defer answer.Body.Close()                                     //nolint:errcheck // read only
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // the status says it all
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return "", fmt.Errorf("sending an SMS: %w", &RefusedError{Status: answer.StatusCode})
	}
	if id == "" {
		return "", nil
	}
	return refIn(said, id), nil
}

// refIn is what the gateway calls a message; its id, unless the gateway said something else.
func refIn(said []byte, id string) string {
	var answer struct {
		Ref string `json:"ref"`
	}
	if err := json.Unmarshal(said, &answer); err != nil || answer.Ref == "" || len(answer.Ref) > maxRef {
		return id
	}
	return answer.Ref
}

// Token is the one of the URL: with it the gateway reports.
func (s *httpSender) Token() string { return s.token }

// Close gives connections back.
func (s *httpSender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// RefusedError says that a gateway answered no over HTTP. Its words are left out: they may repeat the number.
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

// Permanent tells whether the gateway refused the message itself. That it does not know the token or the path, say, can be
// put right.
func (e *RefusedError) Permanent() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}

// Reason names the status as a code.
func (e *RefusedError) Reason() string { return "http-" + strconv.Itoa(e.Status) }

// withoutURL leaves out the URL that net/http puts into its errors: gateways have keys in their queries.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
