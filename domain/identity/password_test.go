package identity_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity"
)

func TestPasswordsAreToldEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	const login = "061211600012"
	for _, tt := range []struct {
		name, password string
		want           []string
	}{
		{"letters and digits", "Tulpar2031", nil},
		{"Kazakh letters", "тұлпар2031", nil},
		{"a sentence", "менің атым 7 рет озды", nil},
		{"shortest", "tulpar31", nil},
		{"longest", "1" + strings.Repeat("ә", 127), nil},
		{"too short", "tulpar3", []string{"too-short"}},
		{"too long", "1" + strings.Repeat("ә", 128), []string{"too-long"}},
		{"endless", strings.Repeat("a1", 10_000), []string{"too-long"}},
		{"no digit", "tulparlar", []string{"password-needs-digit"}},
		{"the login", login, []string{"password-needs-letter", "password-is-login"}},
		{"the login with a space", login + " ", []string{"password-needs-letter", "password-is-login"}},
		{"one that everybody tries", "Qwerty123", []string{"password-common"}},
		{"one that everybody tries, in Kazakh", "Қазақстан1", []string{"password-common"}},
		{"short and only digits", "1234", []string{"too-short", "password-needs-letter"}},
		{"broken UTF-8", "tulpar2031\xff", []string{"not-text"}},
		{"nothing", "", []string{"required"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, fault := range identity.CheckPassword(tt.password, login) {
				got = append(got, fault.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("Tulpar2031", "061211600012")
	f.Add("", "")
	f.Add("tulpar2031\xff", "x")
	f.Fuzz(func(t *testing.T, password, login string) {
		if len(identity.CheckPassword(password, login)) > 0 {
			return
		}
		if n := utf8.RuneCountInString(password); n < 8 || n > 128 || !utf8.ValidString(password) || password == login {
			t.Fatalf("%q is accepted for %q", password, login)
		}
	})
}
