package ncalayer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// basicsReply is an answer of the basics module. A body without a result: the person has cancelled.
type basicsReply struct {
	Status  bool        `json:"status"`
	Body    *basicsBody `json:"body,omitempty"`
	Code    string      `json:"code,omitempty"`
	Message string      `json:"message,omitempty"`
	Details string      `json:"details,omitempty"`
}

type basicsBody struct {
	Result any `json:"result,omitempty"`
}

// basicsObject is the result of those who ask for the certificate.
type basicsObject struct {
	Signatures  []string `json:"signatures"`
	Certificate string   `json:"certificate"`
}

// argumentError is an argument that is not what it should be: what the program's JSON library says of it.
type argumentError string

func (e argumentError) Error() string { return string(e) }

// invocationError is how the program answers when one of its methods is called wrongly.
func invocationError(err error) basicsReply {
	return basicsReply{
		Code: "INVOCATION_ERROR", Message: "An invoked method threw an exception.", Details: "org.json.JSONException: " + err.Error(),
	}
}

func (s *session) basics(ctx context.Context, m message) basicsReply {
	switch m.Method {
	case "sign":
		job, err := readBasicsJob(m.Args)
		if err != nil {
			return invocationError(err)
		}
		return s.basicsSign(ctx, job)
	case "generateCsr", "importCertificate":
		return basicsReply{Code: "GENERAL_ERROR", Message: m.Method + " is not part of the demo"}
	default:
		return basicsReply{Code: "INVOCATION_ERROR", Message: "There is no such method."}
	}
}

// basicsJob is what the method sign is asked for.
type basicsJob struct {
	storages []string // nil: any
	format   string
	requests []Request
	several  bool // an array came
	object   bool // the certificate is asked for
	wanted   wanted
	language string
}

// basicsSign makes the signatures, if the person agrees.
func (s *session) basicsSign(ctx context.Context, job basicsJob) basicsReply {
	if job.format != "cms" {
		return basicsReply{Code: "INVALID_SIGNING_PARAMS", Message: "only CMS is part of the demo, XML is not"}
	}
	if len(job.requests) == 0 || len(job.requests) > MaxDocuments {
		return basicsReply{Code: "INVALID_SIGNING_PARAMS", Message: fmt.Sprintf("documents: 1 to %d", MaxDocuments)}
	}
	key, err := s.server.choose(ctx,
		Question{Origin: s.origin, Language: language(job.language, s.language), Documents: describe(job.requests)},
		func(c card) bool { return s.server.holds(job.storages) && c.fits(job.wanted) })
	if errors.Is(err, ErrCancelled) {
		return basicsReply{Status: true, Body: &basicsBody{}}
	}
	if err != nil {
		return basicsReply{Code: "GENERAL_ERROR", Message: err.Error()}
	}
	signatures := make([]string, len(job.requests))
	for i, request := range job.requests {
		der, err := key.Sign(ctx, request)
		if err != nil {
			slog.WarnContext(ctx, "a signature could not be made", "error", err)
			return basicsReply{Code: "SIGNING_FAILURE", Message: err.Error()}
		}
		signatures[i] = string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der}))
	}
	return basicsReply{Status: true, Body: &basicsBody{Result: s.server.shaped(signatures, key, job)}}
}

func (s *Server) shaped(signatures []string, key card, job basicsJob) any {
	switch {
	case job.object || s.shape == ShapeObject:
		return basicsObject{Signatures: signatures, Certificate: key.pem()}
	case job.several || s.shape == ShapeArray:
		return signatures
	default:
		return signatures[0]
	}
}

// holds tells whether the keys seem to lie in one of these kinds of key store (nil: any).
func (s *Server) holds(storages []string) bool {
	return storages == nil || slices.ContainsFunc(storages, func(kind string) bool { return slices.Contains(s.storages, kind) })
}

// readBasicsJob reads the arguments of sign. Its errors are worded as those of the program's JSON library.
func readBasicsJob(args json.RawMessage) (basicsJob, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(args, &fields); err != nil || fields == nil {
		return basicsJob{}, argumentError(`JSONObject["args"] is not a JSONObject.`)
	}
	var (
		job     basicsJob
		data    []string
		signing struct {
			Decode      bool            `json:"decode"`
			Encapsulate bool            `json:"encapsulate"`
			Digested    bool            `json:"digested"`
			TSAProfile  json.RawMessage `json:"tsaProfile"`
			OutputCert  bool            `json:"outputCert"`
		}
	)
	for _, field := range []struct {
		name, kind string
		into       any
		optional   bool
	}{
		{"allowedStorages", "JSONArray", &job.storages, true},
		{"format", "string", &job.format, false},
		{"signingParams", "JSONObject", &signing, false},
		{"signerParams", "JSONObject", &job.wanted, true},
		{"locale", "string", &job.language, true},
	} {
		raw, there := fields[field.name]
		if (!there || string(raw) == "null") && field.optional {
			continue
		}
		if !there {
			return basicsJob{}, argumentError(fmt.Sprintf("JSONObject[%q] not found.", field.name))
		}
		if string(raw) == "null" || json.Unmarshal(raw, field.into) != nil {
			return basicsJob{}, argumentError(fmt.Sprintf("JSONObject[%q] is not a %s.", field.name, field.kind))
		}
	}
	var one *string
	if raw := fields["data"]; json.Unmarshal(raw, &one) == nil && one != nil {
		data = []string{*one}
	} else if job.several = true; json.Unmarshal(raw, &data) != nil || data == nil {
		return basicsJob{}, argumentError(`JSONObject["data"] is not a string.`)
	}
	job.object = signing.OutputCert
	for _, text := range data {
		request := Request{
			Data: []byte(text), Digested: signing.Digested, Attached: signing.Encapsulate,
			TimeStamp: len(signing.TSAProfile) > 0 && string(signing.TSAProfile) != "null",
		}
		if signing.Decode || signing.Digested {
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return basicsJob{}, argumentError(`JSONObject["data"] is not base64.`)
			}
			request.Data = decoded
		}
		job.requests = append(job.requests, request)
	}
	return job, nil
}

// language picks the first that is known: kk (which the program calls kz), ru or en. Nobody has said: empty.
func language(said ...string) string {
	for _, l := range said {
		switch l {
		case "kk", "kz":
			return "kk"
		case "ru", "en":
			return l
		}
	}
	return ""
}
