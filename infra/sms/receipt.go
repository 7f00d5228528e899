package sms

import (
	"regexp"
	"strings"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// The states of a message in SMPP 3.4, section 5.2.28, and as receipts write them in words.
var (
	delivered = map[string]bool{"2": true, "DELIVRD": true}
	lost      = map[string]string{
		"3": "expired", "EXPIRED": "expired", "4": "deleted", "DELETED": "deleted",
		"5": "undeliverable", "UNDELIV": "undeliverable", "8": "rejected", "REJECTD": "rejected",
	}
)

var (
	receiptID    = regexp.MustCompile(`(?i)\bid:([^\s]+)`)
	receiptState = regexp.MustCompile(`(?i)\bstat:([a-z]+)`)
)

// receipt reads a delivery receipt. What is none, or says that a message is still on its way, is found false.
func receipt(in *pdu.DeliverSM) (report Report, found bool) {
	if in.EsmClass&data.SM_SMSC_DLV_RCPT_TYPE == 0 {
		return Report{}, false
	}
	id, state := "", ""
	if field, present := in.OptionalParameters[pdu.TagReceiptedMessageID]; present {
		id = strings.TrimRight(string(field.Data), "\x00")
	}
	if field, present := in.OptionalParameters[pdu.TagMessageStateOption]; present && len(field.Data) == 1 && field.Data[0] < 10 {
		state = string(rune('0' + field.Data[0]))
	}
	words, err := in.Message.GetMessageData()
	if payload, present := in.OptionalParameters[pdu.TagMessagePayload]; present && (err != nil || len(words) == 0) {
		words = payload.Data
	}
	if id == "" {
		id = submatch(receiptID, string(words))
	}
	if state == "" {
		state = strings.ToUpper(submatch(receiptState, string(words)))
	}
	reason := lost[state]
	if id == "" || len(id) > maxRef || reason == "" && !delivered[state] {
		return Report{}, false
	}
	if reason != "" {
		reason = "smpp-" + reason
	}
	return Report{Ref: id, Delivered: delivered[state], Reason: reason}, true
}

func submatch(pattern *regexp.Regexp, words string) string {
	if match := pattern.FindStringSubmatch(words); match != nil {
		return match[1]
	}
	return ""
}
