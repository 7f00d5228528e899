package readapi

import (
	"mime"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"services.example/portal/domain/application"
)

func TestAttachment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"report.pdf":           `attachment; filename=report.pdf`,
		"annual report.pdf":    `attachment; filename="annual report.pdf"`,
		`a"b\c.pdf`:            `attachment; filename="a\"b\\c.pdf"`,
		"Құжат № 1.pdf":        `attachment; filename*=utf-8''%D2%9A%D2%B1%D0%B6%D0%B0%D1%82%20%E2%84%96%201.pdf`,
		"a\r\nSet-Cookie: x=y": `attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3Dy`,
		"a;b=c.pdf":            `attachment; filename="a;b=c.pdf"`,
		"":                     `attachment; filename=""`,
	} {
		if got := attachment(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// FuzzAttachment: whatever a file is called, the header is one line of ASCII, and a browser reads the name back from it.
func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"", "a.pdf", "Құжат № 1.pdf", `"\`, "\r\n\x00", "\xff", "a=b;c", "100%", "utf-8''x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		header := attachment(name)
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }) {
			t.Errorf("%q: %q", name, header)
		}
		disposition, params, err := mime.ParseMediaType(header)
		if err != nil || disposition != "attachment" {
			t.Fatalf("%q: %q is read as %q, %v", name, header, disposition, err)
		}
		if utf8.ValidString(name) && params["filename"] != name {
			t.Errorf("%q: %q is read as %q", name, header, params["filename"])
		}
	})
}

func TestDownloadingAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	const dana, aibek = "account-dana", "account-aibek"
	w.files[dana+"/sum"] = "%PDF-1.4 x"
	attached := func(n int, name, sum string) application.FileAttached {
		return application.FileAttached{FileID: id("file", n), StepID: "papers", Name: name, MIME: "application/pdf", Size: 10, SHA256: sum, At: noon}
	}
	w.write("application-"+id("application", 1), dana, started(dana, 1, 1), attached(1, `Құжат "1".pdf`, "sum"), attached(2, "gone.pdf", "gone"))
	path := "/applications/" + id("application", 1) + "/files/"

	got := w.get(dana, path+id("file", 1))
	if got.status != http.StatusOK || got.body != "%PDF-1.4 x" {
		t.Errorf("answered %d %q", got.status, got.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Length": "10", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Disposition":     `attachment; filename*=utf-8''%D2%9A%D2%B1%D0%B6%D0%B0%D1%82%20%221%22.pdf`,
		"Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		if value := strings.Join(got.header.Values(name), " | "); value != want {
			t.Errorf("%s: %s, want %s", name, value, want)
		}
	}
	w.get(dana, path+id("file", 2)).refuses(t, http.StatusGone, "file-erased")
	w.get(dana, path+id("file", 3)).refuses(t, http.StatusNotFound, "file-not-found")
	w.get(aibek, path+id("file", 1)).refuses(t, http.StatusNotFound, "application-not-found")
	w.get("", path+id("file", 1)).refuses(t, http.StatusUnauthorized, "sign-in-required")
}
