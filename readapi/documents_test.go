package readapi

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
)

// withDocument adds an act that the provider has signed and the applicant has tried to, in the first application.
func (w *world) withDocument(applicant, executor string) *world {
	w.t.Helper()
	app, sig := "application-"+id("application", 1), "signature-"+id("document", 1)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	w.write("account-"+executor, executor, account.StaffAccountCreated{
		Number: "900101300811", LastName: "Сарыарқаев", FirstName: "Дәурен", Roles: []account.Role{account.Executor},
		ProviderID: id("provider", 1), At: noon,
	})
	w.write(app, applicant, started(applicant, 1, 1), submitted(at(1000), 1))
	w.writeBy(executor, "executor", app, applicant, application.DocumentIssued{
		DocumentID: id("document", 1), Applicant: applicant, ProviderID: id("provider", 1), Kind: "act", Version: 1, FileID: id("file", 1),
		Name: "Акт.pdf", MIME: "application/pdf", Size: 10, SHA256: "sum", Signers: []string{"provider", "applicant"}, By: "eds", At: at(1),
	})
	w.writeBy(executor, "executor", sig, applicant, signature.Accepted{
		Signer: signature.Provider, Account: executor, Method: signature.EDS, CMS: "cms", At: at(2),
		Certificate: &signature.Certificate{Owner: "САРЫАРҚАЕВ ДӘУРЕН", IIN: "900101300811"},
	})
	return w.write(sig, applicant, signature.Rejected{Signer: signature.Applicant, Account: applicant, Code: "doc-changed", CMS: "x", At: at(3)})
}

func TestADocumentShowsItsSignatures(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withDocument(dana, dauren)
	path := "/documents/" + id("document", 1)
	want := map[string]any{
		"id": id("document", 1), "applicationId": id("application", 1), "kind": "act", "version": 1.0, "name": "Акт.pdf", "sha256": "sum",
		"size": 10.0, "mime": "application/pdf", "status": "awaiting_signature", "required": []any{"provider", "applicant"}, "by": "eds",
		"next": "applicant", "issuedAt": "2026-11-23T07:01:00Z",
		"signatures": []any{
			map[string]any{"signer": "provider", "status": "accepted", "at": "2026-11-23T07:02:00Z", "name": "Сарыарқаев Дәурен", "method": "eds", "evidence": map[string]any{"status": "pending", "kinds": []any{}}},
			map[string]any{"signer": "applicant", "status": "waiting"},
		},
		"refused": []any{map[string]any{"code": "doc-changed", "message": "Қолтаңба осы құжатқа емес, басқасына қойылған.", "at": "2026-11-23T07:03:00Z"}},
	}
	w.shows(dana, path, want)
	want["refused"] = []any{} // somebody else's
	w.shows(staff(dauren, id("provider", 1), "executor"), path, want)
	w.shows(staff("another", id("provider", 1), "operator"), path, want)

	w.write("signature-"+id("document", 1), dana,
		signature.Accepted{Signer: signature.Applicant, Account: dana, Method: signature.Acceptance, At: noon}, signature.FullySigned{At: noon})
	var signed struct{ Status, Next, SignedAt string }
	w.get(dana, path).into(t, &signed)
	if signed.Status != "signed" || signed.Next != "" || signed.SignedAt != "2026-11-23T07:00:00Z" {
		t.Errorf("once signed it is %+v", signed)
	}
}

// shows expects an answer with exactly these members.
func (w *world) shows(who, path string, want map[string]any) {
	w.t.Helper()
	var got map[string]any
	w.get(who, path).into(w.t, &got)
	delete(got, "$schema")
	if diff := cmp.Diff(want, got); diff != "" {
		raw, err := json.Marshal(got)
		w.t.Errorf("%s sees (-want +got):\n%s\n%s %v", who, diff, raw, err)
	}
}

func TestTheBytesOfADocument(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withDocument(dana, dauren)
	w.files[dana+"/sum"] = "%PDF-1.4 x"
	path := "/documents/" + id("document", 1) + "/content"
	for _, who := range []string{dana, staff(dauren, id("provider", 1), "executor")} {
		got := w.get(who, path)
		if got.status != http.StatusOK || got.body != "%PDF-1.4 x" {
			t.Fatalf("answered %d %q", got.status, got.body)
		}
		for name, value := range map[string]string{
			"Content-Type": "application/pdf", "Content-Length": "10", "X-Content-Type-Options": "nosniff",
			"Content-Disposition": attachment("Акт.pdf"), "Content-Security-Policy": "default-src 'none'; sandbox",
		} {
			if got.header.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
			}
		}
	}
	delete(w.files, dana+"/sum")
	w.get(dana, path).refuses(t, http.StatusGone, "file-erased")
}

func TestADocumentIsNobodyElses(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withDocument(dana, dauren)
	document := "/documents/" + id("document", 1)
	for _, path := range []string{document, document + "/content", document + "/evidence"} {
		for _, who := range []string{
			"account-aibek",
			staff("a", id("provider", 2), "executor", "operator", "provider-admin"),
			staff("b", id("provider", 1), "auditor"),
			staff("c", "", "admin"),
		} {
			w.get(who, path).refuses(t, http.StatusNotFound, "document-not-found")
		}
		w.get("", path).refuses(t, http.StatusUnauthorized, "sign-in-required")
	}
	for _, unknown := range []string{"/documents/x", "/documents/" + id("document", 9), "/documents/" + id("document", 9) + "/content", "/documents/" + id("document", 9) + "/evidence"} {
		w.get(dana, unknown).refuses(t, http.StatusNotFound, "document-not-found")
	}
}
