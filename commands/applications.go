package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/infra/eventstore"
)

// Applications are the use cases of an application's life.
type Applications struct {
	deps    Deps
	streams *streams
}

// Application is an application after a command, with the content of the service version that it was started with.
type Application struct {
	Outcome[application.State]
	ID      string
	Service service.Content
}

// versionKey names a version of a service.
type versionKey struct {
	service string
	version int
}

// compiled is a version of a service with its form. A version never changes, so it is loaded once.
type compiled struct {
	content service.Content
	form    *service.Form
}

// serviceVersion loads one version of a service, with its compiled form.
func (s *streams) serviceVersion(ctx context.Context, id string, version int) (service.Content, *service.Form, error) {
	key := versionKey{service: id, version: version}
	if known, cached := s.versions.Get(key); cached {
		return known.content, known.form, nil
	}
	state, err := s.services.state(ctx, id)
	if err != nil {
		return service.Content{}, nil, err
	}
	content, found := state.Content(version)
	if !found {
		return service.Content{}, nil, problem.New(problem.NotFound, "service-not-found")
	}
	form, err := service.CompileForm(content.Steps)
	if err != nil {
		return service.Content{}, nil, fmt.Errorf("compiling the form of version %d of service %s: %w", version, id, err)
	}
	s.versions.Add(key, compiled{content: content, form: form})
	return content, form, nil
}

// nextNumber hands out the next running number. A repeated command gets the number that it got before, as long as the
// store remembers the event.
func (a *Applications) nextNumber(ctx context.Context, req Request, applicationID string, at time.Time) (int64, error) {
	event := application.NumberAssigned{ApplicationID: applicationID, At: at}
	id := uuid.NewSHA1(req.CommandID, []byte("number"))
	encoded, err := a.deps.Codec.Encode(ctx, application.NumbersStream, id, req.metadata(""), event)
	if err != nil {
		return 0, fmt.Errorf("encoding a number: %w", err)
	}
	appended, err := a.deps.Events.Append(ctx, application.NumbersStream, eventstore.Any, encoded)
	if err != nil {
		return 0, fmt.Errorf("assigning a number: %w", err)
	}
	return application.RunningNumber(appended.Revision), nil
}
