package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/transparency"
)

// logOverAPI is the log of a portal on the network. Anybody may ask it, so nothing secret is sent.
type logOverAPI struct {
	base   *url.URL
	client http.Client
}

const (
	witnessPatience = 30 * time.Second
	mostAnswer      = 64 << 10 // bytes of a checkpoint or a proof
)

func newLogOverAPI(server string) (*logOverAPI, error) {
	base, err := apiOf(server)
	if err != nil {
		return nil, err
	}
	return &logOverAPI{base: base.JoinPath("audit", "log"), client: http.Client{
		Timeout: witnessPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// apiOf is the address of the API of a portal.
func apiOf(server string) (*url.URL, error) {
	base, err := url.Parse(server)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, errors.New("--server is no address such as https://portal.example")
	}
	if base.Scheme == "http" && !loopbackHost(base.Hostname()) {
		return nil, errors.New("--server: beyond this machine over https only")
	}
	return base.JoinPath(httpapi.Base), nil
}

func (l *logOverAPI) ask(ctx context.Context, method string, target *url.URL, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking the portal: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := l.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the portal: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the portal's answer: %w", err)
	}
	return answer, nil
}

func (l *logOverAPI) checkpoint(ctx context.Context) ([]byte, error) {
	return l.ask(ctx, http.MethodGet, l.base.JoinPath("checkpoint"), nil)
}

func (l *logOverAPI) consistency(ctx context.Context, from, to uint64) (transparency.Consistency, error) {
	target := l.base.JoinPath("consistency")
	target.RawQuery = url.Values{"from": {strconv.FormatUint(from, 10)}, "to": {strconv.FormatUint(to, 10)}}.Encode()
	answer, err := l.ask(ctx, http.MethodGet, target, nil)
	if err != nil {
		return transparency.Consistency{}, err
	}
	return readConsistency(answer)
}

func (l *logOverAPI) handIn(ctx context.Context, size uint64, signed []byte) error {
	body, err := json.Marshal(map[string]string{"note": string(signed)})
	if err != nil {
		return fmt.Errorf("handing in the signature: %w", err)
	}
	_, err = l.ask(ctx, http.MethodPost, l.base.JoinPath("checkpoints", strconv.FormatUint(size, 10), "signatures"), body)
	return err
}

func readConsistency(answer []byte) (transparency.Consistency, error) {
	var proof transparency.Consistency
	if err := json.Unmarshal(answer, &proof); err != nil {
		return proof, fmt.Errorf("reading the proof of consistency: %w", err)
	}
	return proof, nil
}

// logInFiles is what somebody has carried over from the log of a portal.
type logInFiles struct{ checkpointFile, proofFile, out string }

func (l *logInFiles) checkpoint(context.Context) ([]byte, error) {
	signed, err := os.ReadFile(l.checkpointFile)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	return signed, nil
}

func (l *logInFiles) consistency(_ context.Context, from, to uint64) (transparency.Consistency, error) {
	if l.proofFile == "" {
		return transparency.Consistency{}, fmt.Errorf(
			"give with --consistency what the portal answers to GET %s/audit/log/consistency?from=%d&to=%d", httpapi.Base, from, to)
	}
	answer, err := os.ReadFile(l.proofFile)
	if err != nil {
		return transparency.Consistency{}, fmt.Errorf("reading the proof of consistency: %w", err)
	}
	return readConsistency(answer)
}

func (l *logInFiles) handIn(_ context.Context, _ uint64, signed []byte) error {
	write := func(to io.Writer) error {
		if _, err := to.Write(signed); err != nil {
			return fmt.Errorf("writing the signed checkpoint: %w", err)
		}
		return nil
	}
	if l.out == "" {
		return write(os.Stdout)
	}
	return intoFile(l.out, write)
}
