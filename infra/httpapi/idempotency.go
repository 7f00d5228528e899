package httpapi

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/keyedlock"
	"services.example/portal/infra/readstore"
)

// IdempotencyCollection declares where first answers are kept.
var IdempotencyCollection = readstore.Collection{Name: "idempotency", Expires: true}

const (
	// answerLifetime is how long a first answer is given again.
	answerLifetime = 24 * time.Hour
	// maxJSONBody is the largest body of a command that is not a file, in bytes.
	maxJSONBody = 512 << 10
	// maxFileBody is the largest body with files, in bytes; what a service accepts is much less.
	maxFileBody = 300 << 20
	// maxLeftover is how much of a body is read that a handler did not want, in bytes.
	maxLeftover = 256 << 10
	// jsonTime and fileTime are how long a body may take to arrive.
	jsonTime          = 30 * time.Second
	fileTime          = 10 * time.Minute
	maxIdempotencyKey = 200
)

// Commands gives every unsafe request its Command, and answers a repeated one (the same Idempotency-Key and body, by the
// same caller) with the first answer. It belongs behind WithCaller.
//
// First answers are sealed with a key made of the Idempotency-Key itself, which is not stored, and the secret: what is at
// rest tells nobody anything. Should an answer not have been kept, the ids that follow from the key let the event store and the
// use cases recognise the command.
type Commands struct {
	Entries readstore.Entries
	Secret  []byte // hides network addresses and first answers
	Now     func() time.Time

	running keyedlock.Locks[uuid.UUID]
	hashers sync.Pool // of network addresses
}

// Middleware wraps a handler.
func (c *Commands) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !unsafeMethod(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		command := Command{CorrelationID: correlationOf(r.Context()), Client: c.client(r.Context())}
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			command.ID = uuid.Must(uuid.NewV7())
			next.ServeHTTP(w, carrying(r, command))
			return
		}
		if !printable(key) {
			Write(w, r, problem.New(problem.Malformed, "bad-idempotency-key"))
			return
		}
		scope := "anonymous " + command.Client
		if caller, err := Signed(r.Context()); err == nil {
			scope = caller.AccountID
		}
		command.ID = uuid.NewSHA1(commandNamespace, []byte(scope+"\x00"+key))
		unlock, err := c.running.Lock(r.Context(), command.ID)
		if err != nil {
			Write(w, r, err)
			return
		}
		defer unlock()
		c.serve(w, r, next, command, newSeal(c.Secret, scope, key))
	})
}

// client is ClientHash, by a hasher that was used before: half of the work is to make one.
func (c *Commands) client(ctx context.Context) string {
	hasher, found := c.hashers.Get().(hash.Hash)
	if !found {
		hasher = hmac.New(sha256.New, c.Secret)
	}
	defer c.hashers.Put(hasher)
	hasher.Reset()
	return clientHash(ctx, hasher)
}

// carrying is the request that a command belongs to.
func carrying(r *http.Request, command Command) *http.Request {
	x, r := exchangeIn(r)
	x.command = command
	return r
}

// serve answers from what is kept, or lets the command run and keeps its answer.
func (c *Commands) serve(w http.ResponseWriter, r *http.Request, next http.Handler, command Command, s *seal) {
	digest, err := bufferBody(w, r, &command)
	if err != nil {
		Write(w, r, err)
		return
	}
	first, err := c.find(r.Context(), command.ID, s)
	if err != nil {
		Write(w, r, err)
		return
	}
	if first != nil {
		answerAgain(w, r, first, digest)
		return
	}
	recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
	next.ServeHTTP(recorder, carrying(r, command))
	if !final(recorder.status) || recorder.tooLong {
		return
	}
	if _, err := io.CopyN(io.Discard, r.Body, maxLeftover); !errors.Is(err, io.EOF) {
		return // what the handler left unread is too much, or does not come: the request has no digest
	}
	a := answer{Digest: digest.String(), Status: recorder.status, Header: kept(w.Header()), Body: recorder.body.Bytes()}
	if err := c.keep(context.WithoutCancel(r.Context()), command.ID, s, a); err != nil {
		slog.WarnContext(r.Context(), "first answer not kept", "correlation", command.CorrelationID, "error", err)
	}
}

// answerAgain gives the first answer if the request is the same, which its whole body tells.
func answerAgain(w http.ResponseWriter, r *http.Request, first *answer, digest *requestDigest) {
	done, err := limitTime(w, fileTime)
	if err != nil {
		Write(w, r, err)
		return
	}
	defer done()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		Write(w, r, bodyProblem(err))
		return
	}
	if first.Digest != digest.String() {
		Write(w, r, problem.New(problem.Invalid, "idempotency-key-reused"))
		return
	}
	first.write(w)
}

// bufferBody reads the body of anything but a file, so that the command's hash covers it. A file is hashed as it is read.
func bufferBody(w http.ResponseWriter, r *http.Request, command *Command) (*requestDigest, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		command.BodyHash = newDigest(r, "").String()
		digest := newDigest(r, params["boundary"])
		limited := http.MaxBytesReader(w, r.Body, maxFileBody)
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(limited, digest.body), limited}
		return digest, nil
	}
	done, err := limitTime(w, jsonTime)
	if err != nil {
		return nil, err
	}
	defer done()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSONBody))
	if err != nil {
		return nil, bodyProblem(err)
	}
	digest := newDigest(r, "")
	digest.sum.Write(body)
	command.BodyHash = digest.String()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return digest, nil
}

// bodyProblem says why a body could not be read.
func bodyProblem(err error) *problem.Problem {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem.New(problem.TooLarge, "body-too-large")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.New(problem.Malformed, "body-too-slow")
	default:
		return problem.New(problem.Malformed, "malformed")
	}
}

// limitTime bounds how long the body may take to arrive, until done is called.
func limitTime(w http.ResponseWriter, within time.Duration) (done func(), err error) {
	connection := http.NewResponseController(w)
	err = connection.SetReadDeadline(time.Now().Add(within))
	if errors.Is(err, http.ErrNotSupported) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("bounding the time of a body: %w", err)
	}
	return func() {
		_ = connection.SetReadDeadline(time.Time{}) // a connection that has gone needs none
	}, nil
}

// final tells whether an answer would be the same next time: not that of a passing trouble or of a missing sign-in.
func final(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return status < http.StatusInternalServerError
	}
}

// answer is a first answer.
type answer struct {
	Digest string      `json:"digest"` // of the request
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) //nolint:gosec // the first answer, of the type that it was given
}

// kept chooses the headers that belong to an answer rather than to its request.
func kept(header http.Header) http.Header {
	chosen := http.Header{}
	for _, name := range []string{"Content-Type", "Content-Language", "Etag", "Position", "Location", "Set-Cookie"} {
		if values := header.Values(name); len(values) > 0 {
			chosen[name] = values
		}
	}
	return chosen
}

func (c *Commands) find(ctx context.Context, id uuid.UUID, s *seal) (*answer, error) {
	entry, err := c.Entries.Entry(ctx, IdempotencyCollection.Name, id.String())
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a first answer: %w", err)
	}
	var stored struct {
		Sealed []byte `bson:"sealed"`
	}
	if err := entry.Decode(&stored); err != nil {
		return nil, err
	}
	plain, err := s.open(stored.Sealed)
	if err != nil {
		return nil, err
	}
	first := &answer{}
	if err := json.Unmarshal(plain, first); err != nil {
		return nil, fmt.Errorf("reading a first answer: %w", err)
	}
	return first, nil
}

func (c *Commands) keep(ctx context.Context, id uuid.UUID, s *seal, a answer) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("writing a first answer: %w", err)
	}
	sealed, err := s.seal(plain)
	if err != nil {
		return err
	}
	body, err := bson.Marshal(bson.D{{Key: "sealed", Value: sealed}})
	if err != nil {
		return fmt.Errorf("encoding a first answer: %w", err)
	}
	entry := readstore.Entry{ID: id.String(), Expires: c.Now().Add(answerLifetime), Body: body}
	_, err = c.Entries.PutEntry(ctx, IdempotencyCollection.Name, entry)
	if errors.Is(err, readstore.ErrChanged) {
		return nil // another process kept the answer of the same command
	}
	return err
}

// seal encrypts what only the holder of an Idempotency-Key may read.
type seal struct {
	secret     []byte
	scope, key string
}

func newSeal(secret []byte, scope, key string) *seal {
	return &seal{secret: secret, scope: scope, key: key}
}

func (s *seal) aead() (cipher.AEAD, error) {
	salt := slices.Concat(s.secret, []byte(s.scope))
	key, err := hkdf.Key(sha256.New, []byte(s.key), salt, "portal first answer", 32)
	if err != nil {
		return nil, fmt.Errorf("making the key of a first answer: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the cipher of a first answer: %w", err)
	}
	return cipher.NewGCM(block)
}

func (s *seal) seal(plain []byte) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("sealing a first answer: %w", err)
	}
	sealed := slices.Clone(nonce)
	return aead.Seal(sealed, nonce, plain, nil), nil
}

func (s *seal) open(sealed []byte) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("first answer is too short")
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, fmt.Errorf("opening a first answer: %w", err)
	}
	return plain, nil
}

// recorder copies what a handler answers, up to a bound.
type recorder struct {
	http.ResponseWriter
	status  int
	body    bytes.Buffer
	tooLong bool
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.body.Len()+len(p) > maxJSONBody {
		r.tooLong = true
	} else {
		r.body.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func printable(key string) bool {
	if len(key) > maxIdempotencyKey {
		return false
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}
