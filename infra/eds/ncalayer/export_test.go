package ncalayer

import "context"

// Answer answers one request of a page without a connection.
func (s *Server) Answer(ctx context.Context, request []byte) []byte {
	return (&session{server: s}).answer(ctx, request)
}
