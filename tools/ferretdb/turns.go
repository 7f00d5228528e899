package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// FerretDB 1 finds a document and changes it in two steps, between which another connection may change it too. MongoDB
// does not: so requests are let through in turns here, one at a time over all connections.

// The wire protocol of MongoDB: every message begins with its length, two ids and a code, four bytes each.
const (
	headerSize  = 16
	maxMessage  = 48 << 20 // bytes
	codeMessage = 2013     // OP_MSG, whose flags come next
	noAnswer    = 1 << 1   // the flag that says that no answer is expected
)

// turns hands requests of clients to a server, one after another.
type turns struct {
	server string // address
	mu     sync.Mutex
}

// serve takes connections until the context ends.
func (t *turns) serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		client, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting a connection: %w", err)
		}
		go func() { _ = t.connection(ctx, client) }()
	}
}

func (t *turns) connection(ctx context.Context, client net.Conn) (err error) {
	defer func() { err = errors.Join(err, client.Close()) }()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	for {
		request, err := readMessage(client)
		if err != nil {
			return err
		}
		answer, err := t.ask(server, request)
		if err != nil {
			return err
		}
		if _, err := client.Write(answer); err != nil {
			return err
		}
	}
}

// ask gives a request to the server and waits for its answer, empty if it has none.
func (t *turns) ask(server net.Conn, request []byte) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(request[12:]) == codeMessage && len(request) >= headerSize+4 &&
		binary.LittleEndian.Uint32(request[headerSize:])&noAnswer != 0 {
		return nil, nil
	}
	return readMessage(server)
}

func readMessage(from io.Reader) ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(from, header); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header)
	if length < headerSize || length > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	message := make([]byte, length)
	copy(message, header)
	_, err := io.ReadFull(from, message[headerSize:])
	return message, err
}
