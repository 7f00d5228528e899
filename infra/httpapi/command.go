package httpapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
)

// Command identifies one command of a request, so that repeating it does nothing twice.
type Command struct {
	ID            uuid.UUID
	BodyHash      string // empty without an Idempotency-Key
	CorrelationID uuid.UUID
	Client        string // keyed hash of the network address
}

// CommandOf returns the command of a request that went through Commands.
func CommandOf(ctx context.Context) Command {
	if x := exchangeOf(ctx); x != nil {
		return x.command
	}
	return Command{}
}

// QueryCommand returns a new command for what has to be recorded of a request that only reads.
func QueryCommand(ctx context.Context, secret []byte) Command {
	return Command{ID: uuid.Must(uuid.NewV7()), CorrelationID: correlationOf(ctx), Client: ClientHash(ctx, secret)}
}

var commandNamespace = uuid.MustParse("0b1f2d0e-6f0a-5c52-9a55-4f0d3f1b8a01")

// ClientAddress is the network address that a request comes from: that which a trusted proxy passed on, if there is one,
// else that of the connection; empty if neither is known.
func ClientAddress(ctx context.Context) string {
	if passed := middleware.GetClientIP(ctx); passed != "" {
		return passed
	}
	x := exchangeOf(ctx)
	if x == nil {
		return ""
	}
	remote, err := netip.ParseAddrPort(x.remote)
	if err != nil {
		return ""
	}
	return remote.Addr().Unmap().WithZone("").String()
}

// ClientHash hides a network address: equal addresses have equal hashes, and without the secret nobody can tell which.
func ClientHash(ctx context.Context, secret []byte) string {
	return clientHash(ctx, hmac.New(sha256.New, secret))
}

func clientHash(ctx context.Context, mac hash.Hash) string {
	mac.Write([]byte(ClientAddress(ctx)))
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0])[:8])
}

// IfMatch reads the revision of an If-Match header; nil if there is none or it is "*". Error: bad-if-match.
func IfMatch(header string) (*int64, error) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return nil, nil
	}
	quoted, found := strings.CutPrefix(strings.TrimPrefix(header, "W/"), `"`)
	text, closed := strings.CutSuffix(quoted, `"`)
	number, err := strconv.ParseUint(text, 10, 63)
	if !found || !closed || err != nil {
		return nil, problem.New(problem.Malformed, "bad-if-match")
	}
	revision := int64(number)
	return &revision, nil
}

// ETag writes a revision as IfMatch reads it.
func ETag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// MinPosition reads the position of a Min-Position header; zero if there is none. Error: bad-position.
func MinPosition(header string) (eventstore.Position, error) {
	if header == "" {
		return eventstore.Position{}, nil
	}
	position, err := eventstore.ParsePosition(strings.TrimSpace(header))
	if err != nil {
		return eventstore.Position{}, problem.New(problem.Malformed, "bad-position")
	}
	return position, nil
}

// unsafeMethod tells whether a request may change something.
func unsafeMethod(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
