package sms

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// submitted is what a centre sees of a part.
type submitted struct {
	From, To            string
	FromTON, ToTON      byte
	Coding, Receipt     byte
	Header              bool
	Words               string
	Reference, Sequence []byte
}

func seen(t *testing.T, p *pdu.SubmitSM) submitted {
	t.Helper()
	s := submitted{
		From: p.SourceAddr.Address(), To: p.DestAddr.Address(), FromTON: p.SourceAddr.Ton(), ToTON: p.DestAddr.Ton(),
		Coding: p.Message.Encoding().DataCoding(), Receipt: p.RegisteredDelivery, Header: p.EsmClass&data.SM_UDH_GSM != 0,
		Words: wordsOf(t, p), Reference: p.OptionalParameters[pdu.TagUserMessageReference].Data,
	}
	for _, element := range p.Message.UDH() {
		s.Sequence = element.Data
	}
	return s
}

func TestAMessageIsSubmittedInUCS2(t *testing.T) {
	c := openCentre(t)
	s := c.sender(Options{}, "source=Portal&system_type=web")
	ref, err := s.Send(t.Context(), "a-notice", phone, words)
	if err != nil || ref != "m-77010000417" {
		t.Fatalf("reference %q, error %v", ref, err)
	}
	bind := next(t, c.binds)
	if bind.SystemID != "portal" || bind.Password != "s3cret" || bind.SystemType != "web" || bind.BindingType != pdu.Transceiver {
		t.Errorf("bound as %q of type %q", bind.SystemID, bind.SystemType)
	}
	got := seen(t, next(t, c.parts))
	if len(got.Reference) != 2 {
		t.Errorf("user_message_reference %x", got.Reference)
	}
	want := submitted{
		From: "Portal", To: "77010000417", FromTON: tonName, ToTON: tonInternational, Coding: data.UCS2Coding, Receipt: 1,
		Words: words, Reference: got.Reference,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("submitted (-want +got):\n%s", diff)
	}

	if _, err := s.Send(t.Context(), "a-notice", phone, words); err != nil {
		t.Fatal(err)
	}
	if again := seen(t, next(t, c.parts)); !bytes.Equal(again.Reference, got.Reference) {
		t.Error("the same message is another to the centre when it is sent again")
	}
	ref, err = s.Send(t.Context(), "", phone, words)
	if code := seen(t, next(t, c.parts)); err != nil || ref != "" || code.Receipt != 0 || code.Reference != nil {
		t.Errorf("a message that nobody follows up: reference %q, error %v, submitted %+v", ref, err, code)
	}
}

func TestALongMessageTravelsInParts(t *testing.T) {
	c := openCentre(t)
	s := c.sender(Options{}, "source=1414")
	long := strings.Repeat("Қ", 66) + "😀" + strings.Repeat("ұ", 100)
	if _, err := s.Send(t.Context(), "a-notice", phone, long); err != nil {
		t.Fatal(err)
	}
	var got []submitted
	var whole strings.Builder
	for range 3 {
		part := seen(t, next(t, c.parts))
		whole.WriteString(part.Words)
		part.Reference = nil
		got = append(got, part)
	}
	if whole.String() != long {
		t.Errorf("the parts together are %q", whole.String())
	}
	number := got[0].Sequence[0]
	var want []submitted
	for i, words := range []string{strings.Repeat("Қ", 66), "😀" + strings.Repeat("ұ", 65), strings.Repeat("ұ", 35)} {
		part := submitted{
			From: "1414", To: "77010000417", FromTON: tonShort, ToTON: tonInternational, Coding: data.UCS2Coding, Header: true,
			Words: words, Sequence: []byte{number, 3, byte(i + 1)},
		}
		if i == 2 {
			part.Receipt = 1
		}
		want = append(want, part)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestACentreThatRefuses(t *testing.T) {
	for _, test := range []struct {
		status    data.CommandStatusType
		permanent bool
		reason    string
	}{
		{data.ESME_RINVDSTADR, true, "smpp-b"},
		{data.ESME_RTHROTTLED, false, "smpp-58"},
		{data.ESME_RMSGQFUL, false, "smpp-14"},
	} {
		c := openCentre(t)
		c.set(func() { c.status = test.status })
		_, err := c.sender(Options{}, "source=Portal").Send(t.Context(), "a-notice", phone, words)
		var refused *SMPPError
		if !errors.As(err, &refused) || refused.Permanent() != test.permanent || refused.Reason() != test.reason {
			t.Errorf("%s: error %v", test.reason, err)
		}
		assertDiscreet(t, err)
	}
}

func TestASilentCentreIsLeftWhenTheContextEnds(t *testing.T) {
	c := openCentre(t)
	c.set(func() { c.swallows = true })
	s := c.sender(Options{}, "source=Portal")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		next(t, c.parts)
		cancel()
	}()
	if _, err := s.Send(ctx, "a-notice", phone, words); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestABrokenConnectionIsMadeAgain(t *testing.T) {
	c := openCentre(t)
	c.set(func() { c.swallows = true })
	s := c.sender(Options{}, "source=Portal")
	go func() {
		next(t, c.parts)
		c.cut()
	}()
	if _, err := s.Send(t.Context(), "a-notice", phone, words); !errors.Is(err, errBroken) {
		t.Errorf("error %v while the connection broke", err)
	}
	c.set(func() { c.swallows = false })
	if ref, err := s.Send(t.Context(), "a-notice", phone, words); err != nil || ref == "" {
		t.Errorf("reference %q, error %v on the next connection", ref, err)
	}
}

func TestACentreThatIsNotThereHoldsUpNobody(t *testing.T) {
	c := openCentre(t)
	c.set(func() { c.refuses = data.ESME_RINVPASWD })
	s := c.sender(Options{}, "source=Portal")
	next(t, c.binds)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, "a-notice", phone, words); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReceiptsAreReported(t *testing.T) {
	c := openCentre(t)
	reports := make(chan Report, 10)
	fail := make(chan error, 1)
	s := c.sender(Options{Reported: func(_ context.Context, r Report) error {
		select {
		case err := <-fail:
			return err
		default:
			reports <- r
			return nil
		}
	}}, "source=Portal")
	if _, err := s.Send(t.Context(), "a-notice", phone, words); err != nil {
		t.Fatal(err)
	}
	c.deliver(receiptOf(t, "id:m-1 sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:"))
	if got := next(t, c.receipts); got != data.ESME_ROK {
		t.Errorf("answered %#x", got)
	}
	if diff := cmp.Diff(Report{Ref: "m-1", Delivered: true}, next(t, reports)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}

	fail <- errors.New("the store is away")
	again := receiptOf(t, "id:m-1 stat:UNDELIV err:001")
	c.deliver(again)
	if got := next(t, c.receipts); got != data.ESME_RX_T_APPN {
		t.Errorf("answered %#x to what was not recorded", got)
	}
	c.deliver(again)
	if got := next(t, c.receipts); got != data.ESME_ROK {
		t.Errorf("answered %#x to the repetition", got)
	}
	if diff := cmp.Diff(Report{Ref: "m-1", Reason: "smpp-undeliverable"}, next(t, reports)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestWhatAReceiptSays(t *testing.T) {
	id := pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: []byte("m-7\x00")}
	state := func(n byte) pdu.Field { return pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{n}} }
	for _, test := range []struct {
		name  string
		in    *pdu.DeliverSM
		want  Report
		found bool
	}{
		{"delivered, in fields", receiptOf(t, "", id, state(2)), Report{Ref: "m-7", Delivered: true}, true},
		{"expired, in fields", receiptOf(t, "", id, state(3)), Report{Ref: "m-7", Reason: "smpp-expired"}, true},
		{"rejected, in words", receiptOf(t, "ID:a1 STAT:rejectd"), Report{Ref: "a1", Reason: "smpp-rejected"}, true},
		{"on its way", receiptOf(t, "id:a1 stat:ENROUTE"), Report{}, false},
		{"a state that nobody knows", receiptOf(t, "", id, state(200)), Report{}, false},
		{"of no message", receiptOf(t, "stat:DELIVRD"), Report{}, false},
		{"babble", receiptOf(t, "id:"+strings.Repeat("x", 220)+" stat:DELIVRD"), Report{}, false},
	} {
		got, found := receipt(test.in)
		if diff := cmp.Diff(test.want, got); diff != "" || found != test.found {
			t.Errorf("%s: found %t (-want +got):\n%s", test.name, found, diff)
		}
	}
	incoming := receiptOf(t, "id:a1 stat:DELIVRD")
	incoming.EsmClass = 0
	if _, found := receipt(incoming); found {
		t.Error("a message from a person was taken for a receipt")
	}
}

func TestURLsOfCentres(t *testing.T) {
	for _, url := range []string{
		"smpp://portal:s3cret@centre.example:x?source=Portal", "smpp://centre.example?source=Portal", "smpp://portal:s3cret@centre.example",
		"smpp://portal:s3cret@centre.example?source=PortalOfServices", "smpp://portal:s3cret@centre.example?source=Портал",
		"smpp://portal:s3cret99@centre.example?source=+7701000041777010000417", "smpp://portal:s3cretpassword@centre.example?source=1414",
		"smpp://portal:s3cret@centre.example/path?source=1414", "smpp://portal:s3cret@centre.example?source=1414&sauce=1",
	} {
		if _, err := New(url, Options{}); !errors.Is(err, errURL) {
			t.Errorf("%s: error %v", url, err)
		}
	}
}

// Whatever a centre sends, the connection only ends.
func FuzzPDU(f *testing.F) {
	buffer := pdu.NewBuffer(nil)
	p := pdu.NewDeliverSM()
	p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: []byte("m-7\x00")})
	p.Marshal(buffer)
	f.Add(buffer.Bytes())
	f.Add([]byte{0, 0, 0, 16, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, sent []byte) {
		from := bufio.NewReader(bytes.NewReader(sent))
		for {
			p, err := parse(from)
			if err != nil {
				return
			}
			if in, ok := p.(*pdu.DeliverSM); ok {
				if report, found := receipt(in); found && (report.Ref == "" || report.Delivered != (report.Reason == "")) {
					t.Fatalf("reported %+v", report)
				}
			}
		}
	})
}

// The parts of any words are those words, none longer than a part may be.
func FuzzSegments(f *testing.F) {
	f.Add(strings.Repeat("😀", 90))
	f.Add(strings.Repeat("қ", 70))
	f.Fuzz(func(t *testing.T, words string) {
		var units []uint16
		parts := segments(words)
		for _, part := range parts {
			longest := 2 * partUnits
			if len(parts) == 1 {
				longest = 2 * wholeUnits
			}
			if len(part) > longest {
				t.Fatalf("a part of %d bytes among %d", len(part), len(parts))
			}
			var own []uint16
			for i := 0; i < len(part); i += 2 {
				own = append(own, uint16(part[i])<<8|uint16(part[i+1]))
			}
			if n := len(own); n > 0 && startsPair(own[n-1]) {
				t.Fatal("a part ends within a character")
			}
			units = append(units, own...)
		}
		if want := string([]rune(words)); string(utf16.Decode(units)) != want {
			t.Fatalf("%q came out as %q", want, string(utf16.Decode(units)))
		}
	})
}
