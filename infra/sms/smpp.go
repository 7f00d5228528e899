package sms

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

const (
	smppPort    = "2775"
	smppTLSPort = "3550"

	// The longest that SMPP 3.4 allows, in bytes without the closing zero.
	maxSystemID = 15
	maxPassword = 8
	maxSource   = 20
	maxNamed    = 11 // a sender that is a name

	firstPause   = time.Second // after a lost connection; doubles
	longestPause = 30 * time.Second
)

// centre is an operator's message centre and how to be its client.
type centre struct {
	address        string
	host           string
	tls            bool
	user, password string
	systemType     string
	source         pdu.Address
}

// smppSender keeps one connection to a centre bound, for sending and for receipts, and makes a new one when it breaks.
type smppSender struct {
	centre   centre
	reported func(context.Context, Report) error

	ending context.Context //nolint:containedctx // ends with the sender
	stop   context.CancelFunc
	tasks  sync.WaitGroup

	mu      sync.Mutex
	link    *link         // nil: not bound
	changed chan struct{} // closed when link changes
}

// newSMPP returns a sender through the centre at smpp://user:password@host:2775?source=…; smpps:// speaks TLS. The source
// is a number or a name of at most eleven letters; system_type is passed on where the operator asks for it.
func newSMPP(u *url.URL, options Options) (*smppSender, error) {
	at, err := parseCentre(u)
	if err != nil {
		return nil, err
	}
	s := &smppSender{centre: at, reported: options.Reported, changed: make(chan struct{})}
	if s.reported == nil {
		s.reported = func(context.Context, Report) error { return nil }
	}
	s.ending, s.stop = context.WithCancel(context.Background())
	s.tasks.Go(s.keepBound)
	return s, nil
}

func parseCentre(u *url.URL) (centre, error) {
	at := centre{host: u.Hostname(), tls: u.Scheme == "smpps", user: u.User.Username()}
	at.password, _ = u.User.Password()
	query := u.Query()
	source := query.Get("source")
	at.systemType = query.Get("system_type")
	query.Del("source")
	query.Del("system_type")
	if u.Path != "" && u.Path != "/" || len(query) > 0 || !plain(at.user, maxSystemID) || !plain(at.password, maxPassword) ||
		!plain(at.systemType, 12) || at.user == "" || source == "" {
		return centre{}, errURL
	}
	port := u.Port()
	if port == "" {
		port = smppPort
		if at.tls {
			port = smppTLSPort
		}
	}
	at.address = net.JoinHostPort(at.host, port)
	var err error
	at.source, err = sourceAddress(source)
	return at, err
}

// plain tells whether a text is short enough, and printable ASCII.
func plain(text string, longest int) bool {
	return len(text) <= longest && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// Types of number and numbering plans of SMPP 3.4, sections 5.2.5 and 5.2.6.
const (
	tonUnknown, tonInternational, tonShort, tonName = 0, 1, 3, 5
	npiUnknown, npiISDN                             = 0, 1
)

// sourceAddress is whom messages come from: a number, a short number, or a name.
func sourceAddress(source string) (pdu.Address, error) {
	digits := strings.TrimPrefix(source, "+")
	switch {
	case strings.Trim(digits, "0123456789") != "":
		if !plain(source, maxNamed) {
			return pdu.Address{}, errURL
		}
		return pdu.NewAddressWithTonNpiAddr(tonName, npiUnknown, source)
	case len(digits) > maxSource:
		return pdu.Address{}, errURL
	case len(digits) <= 6:
		return pdu.NewAddressWithTonNpiAddr(tonShort, npiUnknown, digits)
	default:
		return pdu.NewAddressWithTonNpiAddr(tonInternational, npiISDN, digits)
	}
}

// Token is empty: receipts come over the connection.
func (s *smppSender) Token() string { return "" }

// Close leaves the centre and waits until nothing of the sender runs any more.
func (s *smppSender) Close() error {
	s.stop()
	s.tasks.Wait()
	return nil
}

// errNotBound says that there is no connection to the centre now.
var errNotBound = errors.New("not connected to the SMS centre")

// Send submits a message in as many parts as it needs. A receipt is asked for the last one. Where a part was submitted and
// its answer is lost, nobody knows whether the centre has it: the message is then submitted again with the same
// user_message_reference, and its parts under the same number, by which a centre or a phone can tell.
func (s *smppSender) Send(ctx context.Context, id, phone, words string) (ref string, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	over, err := s.bound(ctx)
	if err != nil {
		return "", fmt.Errorf("sending an SMS: %w", err)
	}
	to, err := pdu.NewAddressWithTonNpiAddr(tonInternational, npiISDN, strings.TrimPrefix(phone, "+"))
	if err != nil {
		return "", fmt.Errorf("sending an SMS: %w", &SMPPError{Status: uint32(data.ESME_RINVDSTADR)})
	}
	parts := segments(words)
	if len(parts) > mostParts {
		return "", fmt.Errorf("sending an SMS: %w", &SMPPError{Status: uint32(data.ESME_RINVMSGLEN)})
	}
	for i := range parts {
		request, err := s.part(id, to, parts, i)
		if err != nil {
			return "", fmt.Errorf("sending an SMS: %w", err)
		}
		answer, err := over.call(ctx, request)
		if err != nil {
			return "", fmt.Errorf("sending an SMS: %w", err)
		}
		if submitted, ok := answer.(*pdu.SubmitSMResp); ok {
			ref = submitted.MessageID
		}
	}
	if id == "" || len(ref) > maxRef {
		return "", nil
	}
	return ref, nil
}

// mostParts is how many parts a message may have.
const mostParts = 10

// part is the request that submits one part of a message.
func (s *smppSender) part(id string, to pdu.Address, parts [][]byte, i int) (*pdu.SubmitSM, error) {
	request, ok := pdu.NewSubmitSM().(*pdu.SubmitSM)
	if !ok {
		return nil, errors.New("composing a message for the SMS centre")
	}
	request.SourceAddr, request.DestAddr = s.centre.source, to
	if err := request.Message.SetMessageDataWithEncoding(parts[i], data.UCS2); err != nil {
		return nil, fmt.Errorf("composing a message for the SMS centre: %w", err)
	}
	sum := sha256.Sum256([]byte(id + "\x00" + to.Address()))
	if len(parts) > 1 {
		request.EsmClass |= data.SM_UDH_GSM
		request.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(parts)), byte(i+1), sum[0])})
	}
	if id != "" {
		reference := binary.BigEndian.AppendUint16(nil, binary.BigEndian.Uint16(sum[1:])+uint16(i))
		request.RegisterOptionalParam(pdu.Field{Tag: pdu.TagUserMessageReference, Data: reference})
		if i == len(parts)-1 {
			request.RegisteredDelivery = data.SM_SMSC_RECEIPT_REQUESTED
		}
	}
	return request, nil
}

// bound waits for a connection.
func (s *smppSender) bound(ctx context.Context) (*link, error) {
	for {
		s.mu.Lock()
		now, changed := s.link, s.changed
		s.mu.Unlock()
		if now != nil && !now.over() {
			return now, nil
		}
		select {
		case <-changed:
		case <-s.ending.Done():
			return nil, errNotBound
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, errNotBound
			}
			return nil, ctx.Err()
		}
	}
}

func (s *smppSender) set(now *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = now
	close(s.changed)
	s.changed = make(chan struct{})
}

// keepBound binds, and binds again when the connection breaks, until the sender is closed.
func (s *smppSender) keepBound() {
	pause := firstPause
	for s.ending.Err() == nil {
		bound, err := bind(s.ending, s.centre, s.reported)
		if err == nil {
			pause = firstPause
			slog.InfoContext(s.ending, "connected to the SMS centre", "address", s.centre.address)
			s.set(bound)
			err = bound.serve(s.ending)
			s.set(nil)
		}
		if s.ending.Err() != nil {
			return
		}
		slog.WarnContext(s.ending, "not connected to the SMS centre, trying again", "address", s.centre.address, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-s.ending.Done():
			timer.Stop()
		}
		pause = min(2*pause, longestPause)
	}
}

// SMPPError says that a centre answered no.
type SMPPError struct {
	Status uint32 // command_status of SMPP 3.4, section 5.1.3
}

// Error names the status.
func (e *SMPPError) Error() string {
	return fmt.Sprintf("SMS centre refused with status %#x", e.Status)
}

// Permanent tells whether the centre refused the message or its recipient for good.
func (e *SMPPError) Permanent() bool {
	switch data.CommandStatusType(e.Status) {
	case data.ESME_RINVMSGLEN, data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI:
		return true
	default:
		return false
	}
}

// Reason names the status as a code.
func (e *SMPPError) Reason() string { return fmt.Sprintf("smpp-%x", e.Status) }
