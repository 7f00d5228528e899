package main

import (
	"net/http"

	"github.com/pquerna/otp/totp"
)

// totpCode is what the authenticator of somebody of the demo's staff shows now.
type totpCode struct {
	Login string `json:"login"`
	Code  string `json:"code"`
}

// totp is the authenticator of the demo's staff, for those who have no app at hand.
func (d *demo) totp(w http.ResponseWriter, r *http.Request) {
	for _, a := range d.accounts {
		if a.TOTP == "" || a.Login != r.URL.Query().Get("login") {
			continue
		}
		code, err := totp.GenerateCode(a.TOTP, now())
		if err != nil {
			http.Error(w, "the secret of this account is no secret of an authenticator", http.StatusInternalServerError)
			return
		}
		writeJSON(w, r, totpCode{Login: a.Login, Code: code})
		return
	}
	http.NotFound(w, r)
}
