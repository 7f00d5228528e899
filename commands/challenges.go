package commands

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/readstore"
)

// ChallengeCollection declares where one-time codes, and the counts that limit them, are kept.
var ChallengeCollection = readstore.Collection{Name: "challenges", Expires: true}

const (
	codeLifetime   = 5 * time.Minute
	codeAttempts   = 5
	codeDigits     = 4
	resendDelay    = time.Minute
	challengeGrace = time.Hour // how long an expired challenge is still told from one that never was
	quotaWindow    = time.Hour
)

// purpose says what a code confirms.
type purpose string

const (
	confirmsRegistration purpose = "registration"
	confirmsSignIn       purpose = "sign-in"
	confirmsContact      purpose = "contact"
)

// challenge is a code that was sent, or a TOTP code that is awaited.
type challenge struct {
	Purpose  purpose       `bson:"purpose"`
	Account  string        `bson:"account"`
	Ref      string        `bson:"ref,omitempty"` // the registration or contact change that it confirms
	Language text.Language `bson:"language"`
	Epoch    int           `bson:"epoch"` // of the account's credentials when the password was right
	Stay     bool          `bson:"stay"`
	TOTP     bool          `bson:"totp"` // the code comes from an authenticator
	CodeHash []byte        `bson:"codeHash,omitempty"`
	Attempts int           `bson:"attempts"`
	SentAt   time.Time     `bson:"sentAt"`
	ValidTo  time.Time     `bson:"validTo"`
	Done     bool          `bson:"done"`
	DoneBy   string        `bson:"doneBy,omitempty"` // the repeatable command that entered the code

	id      string
	version int64
}

// challenges issues and checks one-time codes. Codes are stored as keyed hashes.
type challenges struct {
	entries  readstore.Entries
	messages Messages
	secret   []byte
	limits   Limits
	now      func() time.Time
}

// issue stores a challenge and sends its code by send. A challenge that a repeated command already issued is answered
// as it is, without a second message.
func (c *challenges) issue(ctx context.Context, id string, ch challenge, send func(code string) error) (Challenge, error) {
	ch.id = id
	ch.SentAt, ch.ValidTo = c.now(), c.now().Add(codeLifetime)
	code := ""
	if !ch.TOTP {
		var err error
		if code, err = newCode(); err != nil {
			return Challenge{}, err
		}
		ch.CodeHash = c.hash(id, code)
	}
	err := c.put(ctx, &ch)
	if errors.Is(err, readstore.ErrChanged) {
		issued, err := c.find(ctx, id)
		return Challenge{ID: id, ExpiresAt: issued.ValidTo}, err
	}
	if err != nil {
		return Challenge{}, err
	}
	if !ch.TOTP {
		if err := send(code); err != nil {
			return Challenge{}, notSent(ctx, err)
		}
	}
	return Challenge{ID: id, ExpiresAt: ch.ValidTo}, nil
}

// resend gives the challenge a new code, once it is clear how to send it. Errors: problem.TooMany within the resend delay,
// problem.Gone; what prepare refuses leaves the code that was sent before as it is.
func (c *challenges) resend(
	ctx context.Context, id string, prepare func(challenge) (send func(code string) error, err error),
) (Challenge, error) {
	ch, err := c.find(ctx, id)
	if err != nil {
		return Challenge{}, err
	}
	if ch.Done || ch.TOTP || ch.Attempts >= codeAttempts {
		return Challenge{}, codeExpired()
	}
	if wait := ch.SentAt.Add(resendDelay).Sub(c.now()); wait > 0 {
		return Challenge{}, &problem.Problem{Kind: problem.TooMany, Code: "resend-too-soon", RetryAfter: wait}
	}
	send, err := prepare(ch)
	if err != nil {
		return Challenge{}, err
	}
	code, err := newCode()
	if err != nil {
		return Challenge{}, err
	}
	ch.CodeHash, ch.SentAt, ch.ValidTo = c.hash(id, code), c.now(), c.now().Add(codeLifetime)
	if err := c.put(ctx, &ch); err != nil {
		if errors.Is(err, readstore.ErrChanged) {
			return Challenge{}, &problem.Problem{Kind: problem.TooMany, Code: "resend-too-soon", RetryAfter: resendDelay}
		}
		return Challenge{}, err
	}
	if err := send(code); err != nil {
		return Challenge{}, notSent(ctx, err)
	}
	return Challenge{ID: id, ExpiresAt: ch.ValidTo}, nil
}

// notSent is what somebody hears whose code the gateway did not take. The gateway's own words are for the log.
func notSent(ctx context.Context, err error) error {
	var refused *problem.Problem
	if errors.As(err, &refused) {
		return err
	}
	slog.ErrorContext(ctx, "code not sent", "error", err)
	return &problem.Problem{Kind: problem.Unavailable, Code: "message-not-sent", RetryAfter: resendDelay}
}

// attempt checks a code. Every try is counted before it is answered, so that tries at the same time count as well. A
// code that was used is right again only for the same command, should its answer have been lost. Errors: wrong-code,
// code-expired, too-many-attempts. With wrong-code the challenge is returned too.
func (c *challenges) attempt(
	ctx context.Context, req Request, id, code string, wanted purpose, right func(challenge, string) (bool, error),
) (challenge, error) {
	repeatable := ""
	if req.BodyHash != "" {
		repeatable = req.CommandID.String()
	}
	for range maxAttempts {
		ch, err := c.find(ctx, id)
		switch {
		case err != nil:
			return challenge{}, err
		case ch.Purpose != wanted:
			return challenge{}, problem.New(problem.NotFound, "challenge-not-found")
		case ch.Attempts >= codeAttempts:
			return challenge{}, &problem.Problem{Kind: problem.TooMany, Code: "too-many-attempts", RetryAfter: resendDelay}
		}
		again := ch.Done && ch.DoneBy == repeatable && repeatable != ""
		if !again && (ch.Done || !c.now().Before(ch.ValidTo)) {
			return challenge{}, codeExpired()
		}
		ok, err := right(ch, code)
		switch {
		case err != nil:
			return challenge{}, err
		case again && ok:
			return ch, nil
		case again:
			return challenge{}, codeExpired()
		}
		if ok {
			ch.Done, ch.DoneBy = true, repeatable
		} else {
			ch.Attempts++
		}
		err = c.put(ctx, &ch)
		if errors.Is(err, readstore.ErrChanged) {
			continue
		}
		if err != nil {
			return challenge{}, err
		}
		if !ok {
			return ch, wrongCode()
		}
		return ch, nil
	}
	return challenge{}, &problem.Problem{Kind: problem.TooMany, Code: "too-many-attempts", RetryAfter: time.Second}
}

func codeExpired() error { return problem.New(problem.Gone, "code-expired") }

func wrongCode() error {
	return &problem.Problem{
		Kind: problem.Invalid, Code: "wrong-code", Fields: []problem.Field{{Location: "code", Code: "wrong-code"}},
	}
}

// sentCode tells whether a code is the one that was sent.
func (c *challenges) sentCode(ch challenge, code string) (bool, error) {
	return len(code) == codeDigits && hmac.Equal(ch.CodeHash, c.hash(ch.id, code)), nil
}

// settle lets a code be used again whose effect did not come about because something failed. It returns err.
func (c *challenges) settle(ctx context.Context, ch challenge, err error) error {
	var refused *problem.Problem
	if err == nil || errors.As(err, &refused) && refused.Kind != problem.Unavailable {
		return err
	}
	ch.Done, ch.DoneBy = false, ""
	return errors.Join(err, c.put(context.WithoutCancel(ctx), &ch)) // also when the caller has gone away
}

func (c *challenges) find(ctx context.Context, id string) (challenge, error) {
	entry, err := c.entries.Entry(ctx, ChallengeCollection.Name, id)
	if errors.Is(err, readstore.ErrNotFound) {
		return challenge{}, problem.New(problem.NotFound, "challenge-not-found")
	}
	if err != nil {
		return challenge{}, fmt.Errorf("finding a challenge: %w", err)
	}
	ch := challenge{id: id, version: entry.Version}
	if err := entry.Decode(&ch); err != nil {
		return challenge{}, err
	}
	return ch, nil
}

func (c *challenges) put(ctx context.Context, ch *challenge) error {
	body, err := bson.Marshal(ch)
	if err != nil {
		return fmt.Errorf("encoding a challenge: %w", err)
	}
	entry := readstore.Entry{ID: ch.id, Version: ch.version, Expires: ch.ValidTo.Add(challengeGrace), Body: body}
	if ch.version, err = c.entries.PutEntry(ctx, ChallengeCollection.Name, entry); err != nil {
		return fmt.Errorf("storing a challenge: %w", err)
	}
	return nil
}

func (c *challenges) hash(id, code string) []byte {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write([]byte(id + "\x00" + code))
	return mac.Sum(nil)
}

// quota counts one more code to a phone. Error: problem.TooMany.
func (c *challenges) quota(ctx context.Context, phone string) error {
	id := "quota-" + hex.EncodeToString(c.hash("phone", phone))
	problemNow := &problem.Problem{Kind: problem.TooMany, Code: "too-many-codes", RetryAfter: quotaWindow}
	return c.count(ctx, id, quotaWindow, c.limits.CodesPerHour, problemNow)
}

// count adds one to a counter that starts anew when its window has passed, and answers over when it is beyond its limit.
func (c *challenges) count(ctx context.Context, id string, window time.Duration, limit int, over error) error {
	type counter struct {
		Count int `bson:"count"`
	}
	return tally(ctx, c, id, over, func(n *counter, entry *readstore.Entry) error {
		if n.Count >= limit {
			return over
		}
		n.Count++
		if entry.Version == 0 {
			entry.Expires = c.now().Add(window)
		}
		return nil
	})
}

// tally changes what is remembered under an id, which is nothing at first, and does so again when somebody else was
// faster; contended is answered when that happens too often. An error of add changes nothing and is returned.
func tally[T any](
	ctx context.Context, c *challenges, id string, contended error, add func(remembered *T, entry *readstore.Entry) error,
) error {
	for range maxAttempts {
		var remembered T
		entry, err := c.entries.Entry(ctx, ChallengeCollection.Name, id)
		switch {
		case errors.Is(err, readstore.ErrNotFound):
			entry = readstore.Entry{ID: id}
		case err != nil:
			return fmt.Errorf("reading a tally: %w", err)
		default:
			if err := entry.Decode(&remembered); err != nil {
				return err
			}
		}
		if err := add(&remembered, &entry); err != nil {
			return err
		}
		if entry.Body, err = bson.Marshal(remembered); err != nil {
			return fmt.Errorf("encoding a tally: %w", err)
		}
		if _, err = c.entries.PutEntry(ctx, ChallengeCollection.Name, entry); err == nil {
			return nil
		}
		if !errors.Is(err, readstore.ErrChanged) {
			return fmt.Errorf("storing a tally: %w", err)
		}
	}
	return contended
}

// newCode returns a code of codeDigits random digits.
func newCode() (string, error) {
	var bound int64 = 1
	for range codeDigits {
		bound *= 10
	}
	n, err := rand.Int(rand.Reader, big.NewInt(bound))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	return fmt.Sprintf("%0"+strconv.Itoa(codeDigits)+"d", n.Int64()), nil
}

// challengeID names the challenge of a command: the same for a repeated one.
func challengeID(req Request, of purpose) string {
	return req.derivedID("challenge-" + string(of))
}
