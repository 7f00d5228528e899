package httpapi

import (
	"bytes"
	_ "embed"
	"net/http"
	"time"
)

//go:embed docs.html
var docsPage []byte

//go:embed docs.js
var docsScript []byte

// docsPolicy lets the page do what it must and nothing else: its own script, its own style, the document it reads.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Docs answers a page on which the OpenAPI document can be read. It belongs at /api/docs and needs nothing from outside.
func Docs(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", "en")
	w.Header().Set("Content-Security-Policy", docsPolicy)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(docsPage))
}

// DocsScript answers the script of that page. It belongs at /api/docs.js.
func DocsScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(docsScript))
}
