package httpapi

import (
	_ "embed"
	"strings"

	"github.com/goccy/go-yaml"

	"services.example/portal/domain/text"
)

//go:embed messages.yaml
var messagesFile []byte

var messages = loadMessages()

func loadMessages() map[string]text.Text {
	all := map[string]text.Text{}
	if err := yaml.UnmarshalWithOptions(messagesFile, &all, yaml.Strict()); err != nil {
		panic("messages.yaml: " + err.Error()) // embedded: cannot happen in a binary whose tests passed
	}
	return all
}

// Message words a code in a language. Params fill the gaps, written {name}. A code without words is itself the message.
func Message(l text.Language, code string, params map[string]string) string {
	words, found := messages[code]
	if !found {
		return code
	}
	message := words.In(l)
	for name, value := range params {
		message = strings.ReplaceAll(message, "{"+name+"}", value)
	}
	return message
}

// Worded tells whether a code has words.
func Worded(code string) bool {
	_, found := messages[code]
	return found
}
