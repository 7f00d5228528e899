// Package httpapi is what the command API and the query API share: the OpenAPI document, problems in the reader's
// language, who calls, idempotent repetition, and the protections around every request.
package httpapi

import (
	"bytes"
	"errors"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"services.example/portal/domain/problem"
)

// Base is the path under which the API's version 1 lies.
const Base = "/api/v1"

// New returns the API on a router. The document is at /api/openapi.json.
func New(router chi.Router, version string) huma.API {
	configure()
	config := huma.DefaultConfig("Service portal", version)
	config.Info.Description = "Entrepreneurs find a service, apply for it and get its result. " +
		"Texts of the catalogue come as {kk, ru, en}; messages in the language of Accept-Language, Kazakh if none fits."
	config.CreateHooks = nil // no $schema members in answers: they would be fields nobody asked for
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/openapi", "", ""
	strict := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshalStrict}
	config.Formats = map[string]huma.Format{"application/json": strict, "json": strict}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		sessionScheme: {
			Type: "apiKey", In: "cookie", Name: Cookies{Production: true}.name(), Description: "The session of somebody signed in",
		},
		machineScheme: {
			Type: "http", Scheme: "bearer",
			Description: "The token of a service account, whose scopes an administrator chose. Only operations that name a scope are open to it.",
		},
	}
	api := humachi.New(router, config)
	api.UseMiddleware(requireSession)
	return api
}

const sessionScheme = "session"

// Private marks an operation as one for people who are signed in. Anybody else is refused before the body is read.
func Private(operation huma.Operation) huma.Operation {
	operation.Security = []map[string][]string{{sessionScheme: {}}}
	return operation
}

func requireSession(hctx huma.Context, next func(huma.Context)) {
	if len(hctx.Operation().Security) > 0 {
		openTo(hctx)
		if _, err := Signed(hctx.Context()); err != nil {
			if _, machine := MachineOf(hctx.Context()); machine {
				err = problem.New(problem.NotFound, "not-found")
			}
			r, w := humachi.Unwrap(hctx)
			Write(w, r, err)
			return
		}
	}
	next(hctx)
}

var (
	errNotUTF8         = errors.New("not-text")
	errDuplicateMember = errors.New("duplicate-member")
)

// unmarshalStrict refuses what encoding/json would silently repair. Names must be written as they are in the document.
func unmarshalStrict(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errDuplicateMember
	case !utf8.Valid(body) || halfCharacters(body):
		return errNotUTF8
	default:
		return err
	}
}

// halfCharacters tells whether an escape in a body is one half of a character, without the other.
func halfCharacters(body []byte) bool {
	return bytes.Contains(body, []byte(`\u`)) && !jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true)) &&
		jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// configure makes huma speak in the portal's codes. Its hooks are global, so this happens once.
var configure = sync.OnceFunc(func() {
	huma.NewErrorWithContext = newError
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newError(nil, status, message, errs...)
	}
	validation.MsgUnexpectedProperty = "unknown-field"
	validation.MsgExpectedRequiredProperty = "required|%s"
	validation.MsgExpectedDependentRequiredProperty = "required|%s"
	for _, m := range []*string{
		&validation.MsgExpectedBoolean, &validation.MsgExpectedNumber, &validation.MsgExpectedInteger,
		&validation.MsgExpectedString, &validation.MsgExpectedArray, &validation.MsgExpectedObject,
	} {
		*m = "wrong-type"
	}
	validation.MsgExpectedRFC4122UUID = "wrong-format|%v"
	validation.MsgExpectedRFC3339DateTime = "wrong-format"
	validation.MsgExpectedOneOf = "not-in-list|%s"
	validation.MsgExpectedMinLength, validation.MsgExpectedMaxLength = "too-short|%d", "too-long|%d"
	validation.MsgExpectedMinimumNumber, validation.MsgExpectedMaximumNumber = "out-of-range|%v", "out-of-range|%v"
	validation.MsgExpectedMinItems, validation.MsgExpectedMaxItems = "too-few|%d", "too-many|%d"
	validation.MsgExpectedArrayItemsUnique = "repeated"
	validation.MsgExpectedMatchPattern, validation.MsgExpectedBePattern = "wrong-format|%s", "wrong-format|%s"
})
