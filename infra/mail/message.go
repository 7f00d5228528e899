package mail

import (
	"errors"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
)

var (
	errAddress = errors.New("composing an e-mail: the address is not one plain e-mail address")
	errSubject = errors.New("composing an e-mail: the subject is not one line of UTF-8")
	errWords   = errors.New("composing an e-mail: the words are not UTF-8")
)

// compose makes the message. Nothing that is given becomes a header of its own.
func compose(from netmail.Address, address, subject, words string) (*gomail.Msg, error) {
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
	message.SetMessageIDWithValue(uuid.NewString() + from.Address[strings.LastIndexByte(from.Address, '@'):])
	message.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's holiday notice answers it
	message.SetBodyString(gomail.TypeTextPlain, words)
	return message, nil
}
