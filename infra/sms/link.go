package sms

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

const (
	dialTime    = 10 * time.Second
	writeTime   = 10 * time.Second
	enquireTime = 30 * time.Second // of quiet, until the other side is asked whether it is there
	receiptTime = 5 * time.Second  // for whoever is told of a receipt
	mostWaiting = 64               // receipts; the centre is asked to repeat more
	receivers   = 4                // receipts that are passed on at the same time
)

// link is one bound connection to a centre.
type link struct {
	conn     net.Conn
	reported func(context.Context, Report) error
	receipts chan *pdu.DeliverSM
	done     chan struct{} // closed when nothing more is read

	writing sync.Mutex

	mu      sync.Mutex
	ended   bool
	last    int32
	waiting map[int32]chan pdu.PDU
}

var errBroken = errors.New("the connection to the SMS centre broke")

// bind connects to a centre as its transceiver.
func bind(ctx context.Context, at centre, reported func(context.Context, Report) error) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", at.address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if at.tls {
		encrypted := tls.Client(conn, &tls.Config{ServerName: at.host, MinVersion: tls.VersionTLS12})
		if err := encrypted.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("connecting: %w", err)
		}
		conn = encrypted
	}
	l := &link{
		conn: conn, reported: reported, waiting: map[int32]chan pdu.PDU{},
		receipts: make(chan *pdu.DeliverSM, mostWaiting), done: make(chan struct{}),
	}
	go l.read()
	request := pdu.NewBindRequest(pdu.Transceiver)
	request.SystemID, request.Password, request.SystemType = at.user, at.password, at.systemType
	if _, err := l.call(ctx, request); err != nil {
		l.end()
		<-l.done
		return nil, fmt.Errorf("binding: %w", err)
	}
	return l, nil
}

// serve keeps the connection until it breaks or the context ends. Then nothing of it runs any more.
func (l *link) serve(ctx context.Context) error {
	working, cancel := context.WithCancel(ctx)
	var passing sync.WaitGroup
	for range receivers {
		passing.Go(func() { l.pass(working) })
	}
	err := l.enquire(working)
	if ctx.Err() != nil { // a polite end: the centre need not find out by itself
		leaving, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		_, _ = l.call(leaving, pdu.NewUnbind())
		stop()
	}
	l.end()
	<-l.done
	cancel()
	passing.Wait()
	return err
}

// enquire asks the centre from time to time whether it is there, until it is not.
func (l *link) enquire(ctx context.Context) error {
	ticker := time.NewTicker(enquireTime)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-l.done:
			return errBroken
		case <-ctx.Done():
			return ctx.Err()
		}
		asking, stop := context.WithTimeout(ctx, timeout)
		_, err := l.call(asking, pdu.NewEnquireLink())
		stop()
		if err != nil {
			return err
		}
	}
}

// call sends a request and waits for its answer. Errors: SMPPError if the centre said no, the context's, errBroken.
func (l *link) call(ctx context.Context, request pdu.PDU) (pdu.PDU, error) {
	number, answers, err := l.expect()
	if err != nil {
		return nil, err
	}
	defer l.forget(number)
	request.SetSequenceNumber(number)
	if err := l.write(request); err != nil {
		return nil, err
	}
	select {
	case answer := <-answers:
		if status := answer.GetHeader().CommandStatus; status != data.ESME_ROK {
			return nil, &SMPPError{Status: uint32(status)}
		}
		return answer, nil
	case <-l.done:
		return nil, errBroken
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *link) expect() (number int32, answers chan pdu.PDU, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0, nil, errBroken
	}
	l.last = max(l.last+1, 1) // it starts again from 1 after the greatest
	answers = make(chan pdu.PDU, 1)
	l.waiting[l.last] = answers
	return l.last, answers, nil
}

func (l *link) forget(number int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, number)
}

func (l *link) write(p pdu.PDU) error {
	buffer := pdu.NewBuffer(nil)
	p.Marshal(buffer)
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return errBroken
	}
	if _, err := l.conn.Write(buffer.Bytes()); err != nil {
		l.end() // half a request may be on its way: nothing can follow it
		return errBroken
	}
	return nil
}

// over tells whether the connection has ended.
func (l *link) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// end closes the connection. Repeating it is harmless.
func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	_ = l.conn.Close()
}

// read takes what the centre sends, until the connection ends.
func (l *link) read() {
	defer close(l.done)
	defer l.end()
	from := bufio.NewReader(l.conn)
	for {
		p, err := parse(from)
		if err != nil {
			return
		}
		if !l.take(p) {
			return
		}
	}
}

var errNonsense = errors.New("the SMS centre does not speak SMPP")

// parse reads one PDU. The library trusts the lengths in what it reads more than it should.
func parse(from *bufio.Reader) (p pdu.PDU, err error) {
	defer func() {
		if recover() != nil {
			p, err = nil, errNonsense
		}
	}()
	return pdu.Parse(from)
}

// take deals with one PDU; it tells whether the connection goes on.
func (l *link) take(p pdu.PDU) bool {
	switch request := p.(type) {
	case *pdu.DeliverSM:
		select {
		case l.receipts <- request:
		default:
			l.answer(request, data.ESME_RMSGQFUL)
		}
	case *pdu.EnquireLink:
		l.answer(request, data.ESME_ROK)
	case *pdu.Unbind:
		l.answer(request, data.ESME_ROK)
		return false
	default:
		l.mu.Lock()
		answers := l.waiting[p.GetSequenceNumber()]
		l.mu.Unlock()
		if answers == nil {
			return true // too late, or not asked for
		}
		select {
		case answers <- p:
		default: // a second answer to the same request
		}
	}
	return true
}

// answer responds to a request of the centre.
func (l *link) answer(request pdu.PDU, status data.CommandStatusType) {
	response := request.GetResponse()
	response.SetSequenceNumber(request.GetSequenceNumber())
	if r, ok := response.(*pdu.DeliverSMResp); ok {
		r.CommandStatus = status
	}
	_ = l.write(response) // where that fails, the reader notices
}

// pass tells of receipts, and answers the centre when they are recorded.
func (l *link) pass(ctx context.Context) {
	for {
		select {
		case in := <-l.receipts:
			l.answer(in, l.tell(ctx, in))
		case <-ctx.Done():
			return
		}
	}
}

func (l *link) tell(ctx context.Context, in *pdu.DeliverSM) data.CommandStatusType {
	report, found := receipt(in)
	if !found {
		return data.ESME_ROK
	}
	telling, cancel := context.WithTimeout(ctx, receiptTime)
	defer cancel()
	if err := l.reported(telling, report); err != nil {
		slog.WarnContext(ctx, "a delivery receipt could not be recorded, the SMS centre will repeat it", "error", err)
		return data.ESME_RX_T_APPN
	}
	return data.ESME_ROK
}
