package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/retention"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// Carry takes an erasure as far as it can go now: through its pause, the keeping of what must be kept, the destruction of
// the key, and the cleaning. Each step may be repeated after a crash; what is not due changes nothing.
func (e *Erasures) Carry(ctx context.Context, req Request, person string) error {
	return e.carry(ctx, req, person, true)
}

// Destroy takes an erasure as far as the destruction of the key, so that one cleaning may serve many.
func (e *Erasures) Destroy(ctx context.Context, req Request, person string) error {
	return e.carry(ctx, req, person, false)
}

func (e *Erasures) carry(ctx context.Context, req Request, person string, clean bool) error {
	if e.deps.Erasing == nil {
		return errErasing
	}
	for {
		s, err := e.streams.erasures.state(ctx, person)
		if err != nil {
			return err
		}
		stage := s.Stage
		switch stage {
		case erasure.StageOrdered:
			err = e.begin(ctx, req, person, s)
		case erasure.StageBegun:
			err = e.destroy(ctx, req, person)
		case erasure.StageDestroyed:
			if !clean {
				return nil
			}
			err = e.clean(ctx, req, person, s)
		default:
			return e.reopen(ctx, req, person, s)
		}
		if err != nil {
			return fmt.Errorf("erasing account %s: %w", person, err)
		}
		if s, err = e.streams.erasures.state(ctx, person); err != nil || s.Stage == stage {
			return err
		}
		req = req.next().next() // the first is that of the step
	}
}

// begin keeps what must be kept, and passes the point of no return once the pause is over.
func (e *Erasures) begin(ctx context.Context, req Request, person string, s erasure.State) error {
	if s.Origin == erasure.Unconfirmed {
		return e.beginUnconfirmed(ctx, req, person, s)
	}
	before, err := e.streams.accounts.state(ctx, person)
	if err != nil {
		return err
	}
	changed, at, err := e.closeAccount(ctx, req, person)
	if changed { // whoever ordered it may have died before it came to this
		e.tellOrdered(ctx, s.RequestID, person, before)
	}
	if err != nil || changed || e.deps.Now().Before(s.NotBefore) {
		return err // what was just closed may still have something under way
	}
	command := erasure.Begin{At: e.deps.Now()}
	if command.Obstacles, err = e.obstacles(ctx, person, at); err != nil {
		return err
	}
	if len(command.Obstacles) == 0 {
		if command.Held, err = e.toHold(ctx, person, at); err != nil {
			return err
		}
		for _, held := range command.Held {
			if err := e.copyHeld(ctx, person, held); err != nil {
				return err
			}
		}
		if command.KeyCheck, err = e.deps.Erasing.KeyCheck(ctx, person); err != nil {
			return err
		}
	}
	return e.record(ctx, req.next(), person, command)
}

// beginUnconfirmed closes a registration that was never confirmed for ever: its number leads to the next account from now
// on. Whoever confirms it, or registers again, in the very last moment keeps it.
func (e *Erasures) beginUnconfirmed(ctx context.Context, req Request, person string, s erasure.State) error {
	command := erasure.Begin{At: e.deps.Now()}
	if s.LegalHold { // which refuses it
		return e.record(ctx, req, person, command)
	}
	schedule, err := e.schedule(ctx)
	if err != nil {
		return err
	}
	_, err = e.streams.accounts.execute(ctx, req, person, func(s account.State) (account.Command, error) {
		command.Obstacles = nil
		if s.Active || command.At.Before(schedule.Until(retention.Registration, s.Pending.At)) {
			command.Obstacles = []erasure.Obstacle{{Code: "account-in-use"}}
			return account.Erase{}, errInUse
		}
		return account.Erase{At: command.At}, nil
	})
	if err != nil && !errors.Is(err, errInUse) {
		return err
	}
	if command.KeyCheck, err = e.deps.Erasing.KeyCheck(ctx, person); err != nil {
		return err
	}
	return e.record(ctx, req.next(), person, command)
}

var errInUse = errors.New("somebody uses the account")

// copyHeld puts the files of a document under a key of its own, which outlives the person's.
func (e *Erasures) copyHeld(ctx context.Context, person string, held erasure.Held) (err error) {
	holder := Holder(person, held.DocumentID)
	for _, sha256 := range held.Files {
		if err := e.copyFile(ctx, person, holder, sha256); err != nil {
			return fmt.Errorf("keeping document %s: %w", held.DocumentID, err)
		}
	}
	return nil
}

func (e *Erasures) copyFile(ctx context.Context, from, to, sha256 string) (err error) {
	content, err := e.deps.Files.Open(ctx, from, sha256)
	if err != nil {
		return fmt.Errorf("opening file %s: %w", sha256, err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	stored, err := e.deps.Files.Put(ctx, to, content, maxHeldFile)
	if err != nil {
		return fmt.Errorf("copying file %s: %w", sha256, err)
	}
	if stored.SHA256 != sha256 {
		return fmt.Errorf("copying file %s: it came out as %s", sha256, stored.SHA256)
	}
	return nil
}

// Holder is the subject under whose key a document is kept after its person was erased.
func Holder(person, documentID string) string {
	return uuid.NewSHA1(holderNamespace, []byte(person+"/"+documentID)).String()
}

var holderNamespace = uuid.MustParse("0d2f6c1e-5b6e-5d1a-9f0e-7c1d4b3a2e65")

// destroy destroys the key, and tries that nothing can be read any more.
func (e *Erasures) destroy(ctx context.Context, req Request, person string) error {
	if err := e.deps.Erasing.DestroyKey(ctx, person); err != nil {
		return err
	}
	e.Forget(person)
	unreadable, err := e.unreadable(ctx, person)
	if err != nil {
		return err
	}
	return e.record(ctx, req, person, erasure.RecordKeyDestroyed{Unreadable: unreadable, At: e.deps.Now()})
}

var errReadable = errors.New("the key was destroyed and still opens")

// unreadable counts the events with data of the person that cannot be read any more.
func (e *Erasures) unreadable(ctx context.Context, person string) (int, error) {
	if _, err := e.deps.Keys.AEAD(ctx, person); !errors.Is(err, codec.ErrKeyDestroyed) {
		return 0, errors.Join(errReadable, err)
	}
	ids, err := e.deps.Erasing.Applications(ctx, person, eventstore.Position{})
	if err != nil {
		return 0, err
	}
	streams := []string{"account-" + person, "erasure-" + person, access.Stream + person}
	for _, id := range ids {
		streams = append(streams, "application-"+id, "correspondence-"+id, "note-"+id)
	}
	count := 0
	for _, stream := range streams {
		for recorded, err := range e.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{}) {
			var missing *eventstore.NotFoundError
			if errors.As(err, &missing) {
				break
			}
			if err != nil {
				return 0, fmt.Errorf("reading %s: %w", stream, err)
			}
			envelope, err := e.deps.Codec.Decode(ctx, recorded)
			if err != nil {
				return 0, fmt.Errorf("reading %s: %w", stream, err)
			}
			if envelope.Erased && envelope.Meta.Subject == person {
				count++
			}
		}
	}
	return count, nil
}

// clean removes what lies outside the log, once no process can use the key any more. Only then the account is marked as
// erased, which is what read models drop everything for: until then somebody could still write what they would keep.
func (e *Erasures) clean(ctx context.Context, req Request, person string, s erasure.State) error {
	if e.deps.Now().Before(s.DestroyedAt.Add(e.deps.Erasing.Settles())) {
		return nil
	}
	erased, err := e.streams.accounts.execute(ctx, req, person, func(account.State) (account.Command, error) {
		return account.Erase{At: e.deps.Now()}, nil
	})
	if err != nil {
		return err
	}
	if err := e.deps.Sessions.EndAll(ctx, person, ""); err != nil {
		return err
	}
	if err := e.deps.Erasing.Clean(ctx, person, erased.Position); err != nil {
		return err
	}
	e.Forget(person)
	files, err := e.deps.Erasing.RemoveFiles(ctx, person)
	if err != nil {
		return err
	}
	if err := e.dropCopies(ctx, person, s); err != nil {
		return err
	}
	return e.record(ctx, req.next(), person, erasure.Complete{Files: files, At: e.deps.Now()})
}

// dropCopies destroys copies of documents that are not kept: an erasure that was stopped just before it began, years ago,
// has left them.
func (e *Erasures) dropCopies(ctx context.Context, person string, s erasure.State) error {
	return e.eachApplication(ctx, person, eventstore.Position{}, func(_ string, a application.State) error {
		return e.eachSigned(ctx, a, func(d application.Document, _ signature.State) error {
			if s.Holds(d.ID) {
				return nil
			}
			_, err := e.destroyCopy(ctx, person, d.ID)
			return err
		})
	})
}

// destroyCopy destroys what is kept of a document, and tells how many files were removed.
func (e *Erasures) destroyCopy(ctx context.Context, person, documentID string) (files int, err error) {
	holder := Holder(person, documentID)
	if err := e.deps.Erasing.DestroyKey(ctx, holder); err != nil {
		return 0, err
	}
	return e.deps.Erasing.RemoveFiles(ctx, holder)
}

// EndHold destroys a document that was kept, once its term has passed.
func (e *Erasures) EndHold(ctx context.Context, req Request, person, documentID string) error {
	if e.deps.Erasing == nil {
		return errErasing
	}
	s, err := e.streams.erasures.state(ctx, person)
	if err != nil {
		return err
	}
	now := e.deps.Now()
	if !s.HoldIsOver(documentID, now) {
		return nil
	}
	files, err := e.destroyCopy(ctx, person, documentID)
	if err != nil {
		return err
	}
	return e.record(ctx, req, person, erasure.EndHold{DocumentID: documentID, Files: files, At: now})
}

// KeepErased destroys again what an erasure has destroyed: a keyring that was restored from an older copy still has it.
func (e *Erasures) KeepErased(ctx context.Context, person string) error {
	if e.deps.Erasing == nil {
		return errErasing
	}
	s, err := e.streams.erasures.state(ctx, person)
	if err != nil || s.Stage != erasure.StageCompleted {
		return err
	}
	subjects := []string{person}
	for _, document := range s.Ended {
		subjects = append(subjects, Holder(person, document))
	}
	for _, subject := range subjects {
		_, err := e.deps.Keys.AEAD(ctx, subject)
		if errors.Is(err, codec.ErrKeyDestroyed) {
			continue
		}
		if err == nil {
			slog.WarnContext(ctx, "the key of an erased person was there again, and is destroyed", "account", person, "subject", subject)
		}
		if err := e.deps.Erasing.DestroyKey(ctx, subject); err != nil {
			return err
		}
		e.Forget(person)
	}
	return nil
}

// HeldBy finds under which subject a file of an erased person is kept; empty: it is not.
func (e *Erasures) HeldBy(ctx context.Context, person, sha256 string) (string, error) {
	s, err := e.streams.erasures.state(ctx, person)
	if err != nil {
		return "", err
	}
	if held, found := s.HoldingFile(sha256); found {
		return Holder(person, held.DocumentID), nil
	}
	return "", nil
}

// record appends what has been done.
func (e *Erasures) record(ctx context.Context, req Request, person string, command erasure.Command) error {
	_, err := e.streams.erasures.execute(ctx, req, person, func(erasure.State) (erasure.Command, error) { return command, nil })
	return err
}

// tellOrdered tells the person what becomes of their data, while there is still somewhere to write to. That it cannot be
// told stops nothing.
func (e *Erasures) tellOrdered(ctx context.Context, request, person string, s account.State) {
	if s.Email == "" {
		return
	}
	id := uuid.NewSHA1(holderNamespace, []byte("ordered "+request)).String()
	held, err := e.toHold(ctx, person, eventstore.Position{})
	words := erasureOrderedEmail.In(s.Language)
	if len(held) > 0 {
		words += "\n" + erasureHoldsEmail.In(s.Language)
	}
	if err == nil {
		_, err = e.deps.Messages.Email(ctx, id, s.Email, erasureOrderedSubject.In(s.Language), words)
	}
	if err != nil {
		slog.WarnContext(ctx, "a person was not told of their erasure", "account", person, "error", notSent(ctx, err))
	}
}

// checkPassword asks whether the caller knows their password. Error: invalid (wrong-password).
func (a *Accounts) checkPassword(ctx context.Context, req Request, password string) error {
	s, err := a.streams.accounts.state(ctx, req.Actor)
	if err != nil {
		return err
	}
	if len(password) > maxPasswordBytes {
		password = ""
	}
	matches, err := a.passwords.matches(ctx, password, s.PasswordHash)
	if err != nil || matches {
		return err
	}
	// A stolen session must not become a place to guess the password.
	if err := a.recordFailure(ctx, req.next(), req.Actor, account.WrongPassword); err != nil {
		return err
	}
	return problem.Input(problem.Field{Location: "password", Code: "wrong-password"})
}

// maxHeldFile is more than any file that the portal ever took, in bytes.
const maxHeldFile = 1 << 30
