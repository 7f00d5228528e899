package identity

import (
	_ "embed" // the list of common passwords
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	minPassword = 8   // characters
	maxPassword = 128 // characters
)

//go:embed common_passwords.txt
var commonPasswordList string

var commonPasswords = sync.OnceValue(func() map[string]bool {
	common := map[string]bool{}
	for line := range strings.Lines(commonPasswordList) {
		if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "#") {
			common[word] = true
		}
	}
	return common
})

// CheckPassword tells everything that is wrong with a new password for the account with this login: nothing, if it has
// 8 to 128 characters with a letter and a digit among them and is neither the login nor one that everybody tries first.
func CheckPassword(password, login string) []*Error {
	if password == "" {
		return []*Error{required()}
	}
	if len(password) > maxPassword*utf8.UTFMax {
		return []*Error{tooLong(maxPassword)}
	}
	if !utf8.ValidString(password) {
		return []*Error{fault("not-text")}
	}
	var faults []*Error
	switch length := utf8.RuneCountInString(password); {
	case length < minPassword:
		faults = append(faults, tooShort(minPassword))
	case length > maxPassword:
		faults = append(faults, tooLong(maxPassword))
	}
	if strings.IndexFunc(password, unicode.IsLetter) < 0 {
		faults = append(faults, fault("password-needs-letter"))
	}
	if strings.IndexFunc(password, unicode.IsDigit) < 0 {
		faults = append(faults, fault("password-needs-digit"))
	}
	if login != "" && strings.EqualFold(strings.TrimSpace(password), login) {
		faults = append(faults, fault("password-is-login"))
	}
	if commonPasswords()[strings.ToLower(password)] {
		faults = append(faults, fault("password-common"))
	}
	return faults
}
