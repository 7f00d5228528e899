package sms

import (
	"bufio"
	"net"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// smsc is a message centre on this machine.
type smsc struct {
	t        *testing.T
	listener net.Listener
	running  sync.WaitGroup
	binds    chan *pdu.BindRequest
	parts    chan *pdu.SubmitSM
	receipts chan data.CommandStatusType // answers to what deliver sent

	mu       sync.Mutex
	conns    map[net.Conn]bool
	bound    net.Conn               // the latest
	refuses  data.CommandStatusType // binds
	status   data.CommandStatusType // of what is submitted
	swallows bool                   // what is submitted, without an answer
}

func openCentre(t *testing.T) *smsc {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &smsc{
		t: t, listener: listener, binds: make(chan *pdu.BindRequest, 100), parts: make(chan *pdu.SubmitSM, 100),
		receipts: make(chan data.CommandStatusType, 100), conns: map[net.Conn]bool{},
	}
	c.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.running.Go(func() { c.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		c.cut()
		c.running.Wait()
	})
	return c
}

// set changes how the centre behaves.
func (c *smsc) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// cut breaks all connections.
func (c *smsc) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		_ = conn.Close()
	}
}

func (c *smsc) serve(conn net.Conn) {
	c.set(func() { c.conns[conn] = true })
	defer c.set(func() { delete(c.conns, conn) })
	defer conn.Close() //nolint:errcheck // it is only a test's
	from := bufio.NewReader(conn)
	for {
		p, err := pdu.Parse(from)
		if err != nil {
			return
		}
		c.take(conn, p)
		if _, over := p.(*pdu.Unbind); over {
			return
		}
	}
}

func (c *smsc) take(conn net.Conn, p pdu.PDU) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := p.GetResponse()
	switch p := p.(type) {
	case *pdu.BindRequest:
		if response, ok := answer.(*pdu.BindResp); ok {
			response.CommandStatus = c.refuses
		}
		if c.refuses == data.ESME_ROK {
			c.bound = conn
		}
		c.binds <- p
	case *pdu.SubmitSM:
		c.parts <- p
		if c.swallows {
			return
		}
		if response, ok := answer.(*pdu.SubmitSMResp); ok {
			response.CommandStatus = c.status
			response.MessageID = "m-" + p.DestAddr.Address()
		}
	case *pdu.DeliverSMResp:
		c.receipts <- p.CommandStatus
		return
	}
	if answer != nil {
		c.send(conn, answer)
	}
}

func (c *smsc) send(conn net.Conn, p pdu.PDU) {
	buffer := pdu.NewBuffer(nil)
	p.Marshal(buffer)
	_, _ = conn.Write(buffer.Bytes())
}

// deliver sends something to the client.
func (c *smsc) deliver(p pdu.PDU) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send(c.bound, p)
}

// receiptOf is a receipt as most centres write it.
func receiptOf(t *testing.T, words string, fields ...pdu.Field) *pdu.DeliverSM {
	t.Helper()
	p, ok := pdu.NewDeliverSM().(*pdu.DeliverSM)
	if !ok {
		t.Fatal("no deliver_sm")
	}
	p.EsmClass = data.SM_SMSC_DLV_RCPT_TYPE
	if err := p.Message.SetMessageWithEncoding(words, data.ASCII); err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		p.RegisterOptionalParam(field)
	}
	return p
}

func (c *smsc) sender(options Options, query string) Sender {
	c.t.Helper()
	s, err := New("smpp://portal:s3cret@"+c.listener.Addr().String()+"?"+query, options)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			c.t.Error(err)
		}
	})
	return s
}

// wordsOf are the words of a part.
func wordsOf(t *testing.T, p *pdu.SubmitSM) string {
	t.Helper()
	bytes, err := p.Message.GetMessageData()
	if err != nil {
		t.Fatal(err)
	}
	var units []uint16
	for i := 0; i+1 < len(bytes); i += 2 {
		units = append(units, uint16(bytes[i])<<8|uint16(bytes[i+1]))
	}
	return string(utf16.Decode(units))
}

// next waits for something.
func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
