package mail

import (
	"cmp"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
)

// unsendable says why a message cannot be sent to anybody by anyone.
type unsendable struct{ reason, words string }

func (u *unsendable) Error() string   { return "composing an e-mail: " + u.words }
func (u *unsendable) Permanent() bool { return true }
func (u *unsendable) Reason() string  { return u.reason }

var (
	errID      = &unsendable{"bad-id", "the id is not made of letters, digits and hyphens"}
	errAddress = &unsendable{"bad-address", "the address is not one plain e-mail address"}
	errSubject = &unsendable{"bad-subject", "the subject is not one line of UTF-8"}
	errWords   = &unsendable{"bad-words", "the words are not UTF-8"}
)

// compose makes the message. Nothing that is given becomes a header of its own.
func compose(from netmail.Address, id, address, subject, words string) (*gomail.Msg, error) {
	if strings.ContainsFunc(id, outsideID) {
		return nil, errID
	}
	to, err := netmail.ParseAddress(address)
	if err != nil || to.Address != address {
		return nil, errAddress
	}
	if !utf8.ValidString(subject) || strings.ContainsFunc(subject, unicode.IsControl) {
		return nil, errSubject
	}
	if !utf8.ValidString(words) {
		return nil, errWords
	}
	message := gomail.NewMsg(
		gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingB64), gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(&from)
	message.ToMailAddress(to)
	message.Subject(subject)
	message.SetDate()
	message.SetMessageIDWithValue(cmp.Or(id, uuid.NewString()) + from.Address[strings.LastIndexByte(from.Address, '@'):])
	message.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's holiday notice answers it
	message.SetBodyString(gomail.TypeTextPlain, words)
	return message, nil
}

func outsideID(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
