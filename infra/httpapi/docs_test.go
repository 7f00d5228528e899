package httpapi

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// docsAnswer asks the docs' handlers as they are mounted: behind Protect.
func docsAnswer(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	router := chi.NewRouter()
	router.Use(Protect)
	router.Get("/api/docs", Docs)
	router.Get("/api/docs.js", DocsScript)
	answer := httptest.NewRecorder()
	router.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	if answer.Code != http.StatusOK {
		t.Fatalf("%s: status %d", path, answer.Code)
	}
	return answer
}

func TestTheDocsPageStandsAlone(t *testing.T) {
	answer := docsAnswer(t, "/api/docs")
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Language": "en", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
			"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		if got := answer.Header().Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	page := answer.Body.String()
	for _, reference := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(reference[1], "/api/") && !strings.HasPrefix(reference[1], "#") {
			t.Errorf("the page refers to %s", reference[1])
		}
	}
	if regexp.MustCompile(`(?i)\son[a-z]+=|<script(?:\s[^>]*)?>[^<]|@import|url\(`).MatchString(page) {
		t.Error("the page has inline script or loads something by its style")
	}
	for _, landmark := range []string{`<html lang="en">`, "<title>", "<header>", "<nav aria-label=", "<main ", "<label>", `role="status"`, "<noscript>"} {
		if !strings.Contains(page, landmark) {
			t.Errorf("the page has no %s", landmark)
		}
	}
}

func TestTheDocsScriptMakesTextOnly(t *testing.T) {
	answer := docsAnswer(t, "/api/docs.js")
	if got := answer.Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	script := answer.Body.String()
	if !strings.Contains(script, `fetch("/api/openapi.json")`) {
		t.Error("the script does not read the document")
	}
	if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(|https?://`).FindString(script); found != "" {
		t.Errorf("the script has %s", found)
	}
}
