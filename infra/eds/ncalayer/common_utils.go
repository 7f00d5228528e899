package ncalayer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
)

// commonReply is an answer of the commonUtils module.
type commonReply struct {
	Code    string          `json:"code"`
	Message string          `json:"message,omitempty"`
	Object  any             `json:"responseObject,omitempty"`
	UUID    json.RawMessage `json:"uuid,omitempty"`
}

// The storage of keys that are a file.
const fileStorage = "PKCS12"

// knownStorages are the kinds of key store that NCALayer knows.
var knownStorages = []string{
	fileStorage, "JKS", "AKKaztokenStore", "AKKZIDCardStore", "AKEToken72KStore", "AKEToken5110Store", "AKJaCartaStore", "AKAKEYStore",
}

func done(object any) commonReply { return commonReply{Code: "200", Object: object} }

func failed(message string) commonReply { return commonReply{Code: "500", Message: message} }

// mismatch is how the program answers when an argument has another type than its method takes.
func mismatch(method string) commonReply {
	return failed("java.lang.IllegalArgumentException: argument type mismatch. Method: " + method)
}

// commonUtils does what the older module does. Its arguments have no names.
func (s *session) commonUtils(ctx context.Context, m message) commonReply {
	var args []json.RawMessage
	if len(m.Args) > 0 && json.Unmarshal(m.Args, &args) != nil {
		return mismatch(m.Method)
	}
	switch m.Method {
	case "getActiveTokens":
		return done(slices.DeleteFunc(slices.Clone(s.server.storages), func(kind string) bool { return kind == fileStorage || kind == "JKS" }))
	case "changeLocale":
		var code string
		if !arguments(args, &code) {
			return mismatch(m.Method)
		}
		s.language = language(code)
		return commonReply{Code: "200"}
	case "getKeyInfo":
		var storage string
		if !arguments(args, &storage) {
			return mismatch(m.Method)
		}
		key, refused := s.commonChoose(ctx, storage, "", nil)
		if refused != nil {
			return *refused
		}
		return done(key.info())
	case "createCAdESFromBase64", "createCMSSignatureFromBase64":
		var storage, usage, data string
		var attached bool
		if !arguments(args, &storage, &usage, &data, &attached) {
			return mismatch(m.Method)
		}
		return s.commonSign(ctx, storage, usage, data, Request{Attached: attached, TimeStamp: m.Method == "createCMSSignatureFromBase64"})
	case "createCAdESFromBase64Hash":
		var storage, usage, data string
		if !arguments(args, &storage, &usage, &data) {
			return mismatch(m.Method)
		}
		return s.commonSign(ctx, storage, usage, data, Request{Digested: true})
	default:
		return failed("java.lang.NoSuchMethodException: not part of the demo. Method: " + printable(m.Method))
	}
}

// arguments reads positional arguments. None may be null, of another type, missing or too many.
func arguments(args []json.RawMessage, into ...any) bool {
	if len(args) != len(into) {
		return false
	}
	for i, target := range into {
		if string(args[i]) == "null" || json.Unmarshal(args[i], target) != nil {
			return false
		}
	}
	return true
}

// commonSign makes one signature, in base64 without PEM.
func (s *session) commonSign(ctx context.Context, storage, usage, data string, request Request) commonReply {
	decoded, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return failed("Illegal base64")
	}
	if request.Data = decoded; request.Digested && len(decoded) == 0 {
		return failed("") // so does NCALayer
	}
	key, refused := s.commonChoose(ctx, storage, usage, []Request{request})
	if refused != nil {
		return *refused
	}
	der, err := key.Sign(ctx, request)
	if err != nil {
		slog.WarnContext(ctx, "a signature could not be made", "error", err)
		return failed(err.Error())
	}
	return done(base64.StdEncoding.EncodeToString(der))
}

// commonChoose lets the person choose a key of a storage, or answers why there is none.
func (s *session) commonChoose(ctx context.Context, storage, usage string, requests []Request) (card, *commonReply) {
	var refused commonReply
	switch {
	case !slices.Contains(knownStorages, storage):
		refused = failed("storage.unknown")
		return card{}, &refused
	case !s.server.holds([]string{storage}):
		refused = failed("storage.empty")
		return card{}, &refused
	}
	var w wanted
	switch usage {
	case "SIGNATURE":
		w.Usages = []string{usageSigning}
	case "AUTHENTICATION":
		w.Usages = []string{usageAuthentication}
	}
	key, err := s.server.choose(ctx, Question{Origin: s.origin, Language: s.language, Documents: describe(requests)},
		func(c card) bool { return c.fits(w) })
	switch {
	case errors.Is(err, ErrCancelled):
		refused = failed("action.canceled")
		return card{}, &refused
	case err != nil:
		refused = failed(err.Error())
		return card{}, &refused
	}
	return key, nil
}
