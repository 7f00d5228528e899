package readapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds/bundle"
)

// keeps stores a file of an applicant's and returns its name.
func (w *world) keeps(applicant, content string) string {
	sum := sha256.Sum256([]byte(content))
	hash := hex.EncodeToString(sum[:])
	w.files[applicant+"/"+hash] = content
	return hash
}

// withAgreement adds an agreement in the first application, which the applicant has signed with all evidence and the provider
// with some.
func (w *world) withAgreement(applicant, executor string) *world {
	w.t.Helper()
	w.withDocument(applicant, executor)
	app, sig := "application-"+id("application", 1), "signature-"+id("document", 2)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	w.writeBy(executor, "executor", app, applicant, application.DocumentIssued{
		DocumentID: id("document", 2), Applicant: applicant, ProviderID: id("provider", 1), Kind: "agreement", Version: 1, FileID: id("file", 2),
		Name: "Келісім.pdf", MIME: "application/pdf", Size: 10, SHA256: w.keeps(applicant, "%PDF-1.4 x"), Signers: []string{"applicant", "provider"},
		By: "eds", At: at(10),
	})
	signs := func(signer signature.Signer, account string, minute int) signature.Accepted {
		return signature.Accepted{Signer: signer, Account: account, Method: signature.EDS, CMS: w.keeps(applicant, "container of "+account), At: at(minute)}
	}
	has := func(signer signature.Signer, kinds ...signature.EvidenceKind) signature.EvidenceAttached {
		e := signature.EvidenceAttached{Signer: signer, At: at(20)}
		for i, kind := range kinds {
			content := string(signer) + " " + string(kind) + " " + string(rune('a'+i))
			e.Evidence = append(e.Evidence, signature.Evidence{Kind: kind, SHA256: w.keeps(applicant, content)})
		}
		return e
	}
	w.write(sig, applicant, signs(signature.Applicant, applicant, 11), has(signature.Applicant, "report", "ocsp", "certificate", "certificate", "time-stamp"),
		signature.EvidenceCompleted{Signer: signature.Applicant, At: at(20)})
	return w.write(sig, applicant, signs(signature.Provider, executor, 12), has(signature.Provider, "report"),
		signature.EvidenceGivenUp{Signer: signature.Provider, Missing: []signature.EvidenceKind{"time-stamp", "ocsp"}, Code: "cert-revoked", At: at(20)},
		signature.FullySigned{At: at(12)})
}

func TestADocumentShowsHowTheEvidenceOfItsSignaturesStands(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withAgreement(dana, dauren)
	var got struct {
		Signatures []struct{ Evidence map[string]any }
	}
	w.get(dana, "/documents/"+id("document", 2)).into(t, &got)
	want := []map[string]any{
		{"status": "complete", "kinds": []any{"report", "ocsp", "certificate", "time-stamp"}},
		{
			"status": "incomplete", "code": "cert-revoked", "kinds": []any{"report"},
			"message": "Сертификат кері қайтарылған. Жаңасын алып, қайта қол қойыңыз.",
		},
	}
	if len(got.Signatures) != 2 {
		t.Fatalf("signatures: %+v", got.Signatures)
	}
	for i := range want {
		if diff := cmp.Diff(want[i], got.Signatures[i].Evidence); diff != "" {
			t.Errorf("signature %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestTheEvidenceOfADocumentIsOneFile(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withAgreement(dana, dauren)
	path := "/documents/" + id("document", 2) + "/evidence"
	for _, who := range []string{dana, staff(dauren, id("provider", 1), "executor")} {
		got := w.get(who, path)
		if got.status != http.StatusOK {
			t.Fatalf("answered %d %q", got.status, got.body)
		}
		for name, value := range map[string]string{
			"Content-Type": "application/zip", "X-Content-Type-Options": "nosniff",
			"Content-Disposition": attachment("Келісім.evidence.zip"), "Content-Security-Policy": "default-src 'none'; sandbox",
		} {
			if got.header.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
			}
		}
		b, err := bundle.Read(bytes.NewReader([]byte(got.body)), int64(len(got.body)))
		if err != nil {
			t.Fatal(err)
		}
		if b.Document.ID != id("document", 2) || b.Document.Name != "Келісім.pdf" || b.Document.Kind != "agreement" || b.Document.Version != 1 ||
			b.Document.MIME != "application/pdf" || !b.Document.IssuedAt.Equal(noon.Add(10*time.Minute)) {
			t.Errorf("the document is %+v", b.Document)
		}
		from, err := b.OpenDocument()
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(from); string(content) != "%PDF-1.4 x" {
			t.Errorf("the document holds %q, error %v", content, err)
		}
		var lines []string
		for _, s := range b.Signatures {
			lines = append(lines, s.Signer+" "+s.Method+" "+s.Status+" "+s.ReceivedAt.Format("15:04")+" "+string(b.Bytes(*s.Container)))
			for _, piece := range s.Pieces {
				lines = append(lines, string(piece.Kind)+": "+string(b.Bytes(piece.File)))
			}
		}
		want := []string{
			"applicant eds complete 07:11 container of account-dana",
			"report: applicant report a", "ocsp: applicant ocsp b", "certificate: applicant certificate c",
			"certificate: applicant certificate d", "time-stamp: applicant time-stamp e",
			"provider eds incomplete 07:12 container of account-dauren", "report: provider report a",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("signatures (-want +got):\n%s", diff)
		}
	}
}

func TestThereIsNoEvidenceOfWhatNobodySigned(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withAgreement(dana, dauren)
	w.writeBy(dauren, "executor", "application-"+id("application", 1), dana, application.DocumentIssued{
		DocumentID: id("document", 3), Applicant: dana, ProviderID: id("provider", 1), Kind: "act", Version: 2, FileID: id("file", 3),
		Name: "Акт.pdf", SHA256: "sum", Signers: []string{"applicant"}, By: "eds", At: noon,
	})
	w.get(dana, "/documents/"+id("document", 3)+"/evidence").refuses(t, http.StatusConflict, "not-signed")
}

func TestEvidenceOfAnErasedApplicantIsGone(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withAgreement(dana, dauren)
	clear(w.files)
	w.get(dana, "/documents/"+id("document", 2)+"/evidence").refuses(t, http.StatusGone, "file-erased")
}

func TestEvidenceThatBreaksOffIsNoSoundFile(t *testing.T) {
	t.Parallel()
	const dana, dauren = "account-dana", "account-dauren"
	w := newWorld(t).withCatalogue().withAgreement(dana, dauren)
	delete(w.files, dana+"/"+w.keeps(dana, "applicant ocsp b"))
	got := w.get(dana, "/documents/"+id("document", 2)+"/evidence")
	if b, err := bundle.Read(bytes.NewReader([]byte(got.body)), int64(len(got.body))); err == nil {
		t.Errorf("read %+v", b.Manifest)
	}
}
