package ncalayer

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/coder/websocket"
)

// heartbeat is what pages send to see whether the program is still there. It is sent back.
const heartbeat = "--heartbeat--"

// session is one page.
type session struct {
	server     *Server
	connection *websocket.Conn
	origin     string
	language   string // set by the page; empty: not set
}

// run greets the page and answers its requests one after another until it goes.
func (s *session) run(ctx context.Context) {
	var reader sync.WaitGroup
	defer reader.Wait()
	defer s.connection.CloseNow() //nolint:errcheck // the page may have gone
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	if s.send(ctx, []byte(`{"result":{"version":"`+Version+`"}}`)) != nil {
		return
	}
	requests := make(chan []byte)
	reader.Go(func() {
		defer leave() // the page has gone: nobody signs for a page that does not wait any more
		s.read(ctx, requests)
	})
	for {
		select {
		case request := <-requests:
			if s.send(ctx, s.answer(ctx, request)) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// read passes requests on until the page has gone. It answers heartbeats, also while a person is being asked.
func (s *session) read(ctx context.Context, requests chan<- []byte) {
	for {
		kind, message, err := s.connection.Read(ctx)
		switch {
		case err != nil || kind != websocket.MessageText:
			return
		case string(message) == heartbeat:
			if s.send(ctx, message) != nil {
				return
			}
			continue
		}
		select {
		case requests <- message:
		case <-ctx.Done():
			return
		}
	}
}

func (s *session) send(ctx context.Context, message []byte) error {
	return s.connection.Write(ctx, websocket.MessageText, message)
}

// maxUUID is how long what a page calls its request may be, in bytes.
const maxUUID = 100

// The modules of NCALayer that are there.
const (
	moduleBasics      = "kz.gov.pki.knca.basics"
	moduleCommonUtils = "kz.gov.pki.knca.commonUtils"
)

// message is a request of a page.
type message struct {
	Module string          `json:"module"`
	Method string          `json:"method"`
	Args   json.RawMessage `json:"args"`
	UUID   json.RawMessage `json:"uuid"` // sent back by commonUtils
}

// answer does what a page asks for.
func (s *session) answer(ctx context.Context, text []byte) []byte {
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return encode(map[string]any{"success": false, "code": "COMMON_JSON_WRAPPING_EXCEPTION"})
	}
	switch m.Module {
	case moduleBasics:
		return encode(s.basics(ctx, m))
	case moduleCommonUtils:
		reply := s.commonUtils(ctx, m)
		if len(m.UUID) <= maxUUID {
			reply.UUID = m.UUID
		}
		return encode(reply)
	default: // KAZTOKEN, for which the library asks, the applet that was switched off in 2024, and whatever others have made
		return encode(map[string]any{"success": false, "errorCode": "MODULE_NOT_FOUND"})
	}
}

// encode writes an answer. All that is ever answered can be written.
func encode(answer any) []byte {
	text, err := json.Marshal(answer)
	if err != nil {
		slog.Error("writing an answer to a page", "error", err)
		return []byte(`{"success":false}`)
	}
	return text
}
