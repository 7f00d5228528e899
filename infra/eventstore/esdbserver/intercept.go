package esdbserver

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// unary and stream check who calls, and turn errors into statuses and trailers.
func (s *Server) unary(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler,
) (any, error) {
	if err := s.authenticate(ctx, info.FullMethod); err != nil {
		return nil, s.answer(ctx, err)
	}
	response, err := handle(ctx, request)
	return response, s.answer(ctx, err)
}

func (s *Server) stream(service any, call grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if err := s.authenticate(call.Context(), info.FullMethod); err != nil {
		if info.IsClientStream && !info.IsServerStream {
			drain(call)
		}
		return s.answer(call.Context(), err)
	}
	return s.answer(call.Context(), handle(service, call))
}

// open are the services that clients ask before they send a password.
var open = []string{"/event_store.client.server_features.", "/event_store.client.gossip."}

var errAuthentication = &failure{code: codes.Unauthenticated, message: "a valid user name and password are needed"}

func (s *Server) authenticate(ctx context.Context, method string) error {
	if s.options.Username == "" {
		return nil
	}
	for _, prefix := range open {
		if strings.HasPrefix(method, prefix) {
			return nil
		}
	}
	fields, _ := metadata.FromIncomingContext(ctx)
	for _, value := range fields.Get("authorization") {
		scheme, encoded, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "basic") {
			continue
		}
		given, err := base64.StdEncoding.DecodeString(encoded)
		if err == nil && same(given, s.options.Username+":"+s.options.Password) {
			return nil
		}
	}
	return errAuthentication
}

// same compares in a time that tells nothing, not even the length.
func same(given []byte, want string) bool {
	a, b := sha256.Sum256(given), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
