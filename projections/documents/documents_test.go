package documents_test

import (
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/projectionstest"
)

const (
	app      = "application-a"
	nurai    = "applicant"
	dauren   = "executor"
	provider = "provider-1"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

func minutes(n int) time.Time  { return noon.Add(time.Duration(n) * time.Minute) }
func at(n int) *time.Time      { t := minutes(n); return &t }
func stream(id string) string  { return "signature-" + id }
func both() []signature.Signer { return []signature.Signer{signature.Provider, signature.Applicant} }

func issues(id string, version int, supersedes string, signers ...string) application.DocumentIssued {
	return application.DocumentIssued{
		DocumentID: id, Applicant: nurai, ProviderID: provider, Kind: "act", Version: version, FileID: "file of " + id, Name: "Акт.pdf",
		MIME: "application/pdf", Size: 10, SHA256: "sha of " + id, Signers: signers, By: "eds", Supersedes: supersedes, At: minutes(version),
	}
}

func prepares(id string) signature.Prepared {
	return signature.Prepared{ApplicationID: "a", Applicant: nurai, ProviderID: provider, Kind: "act", SHA256: "sha of " + id, Signers: both(), By: signature.EDS}
}

func shown(id string, version int, signatures ...documents.Signature) documents.Document {
	return documents.Document{
		ApplicationID: "a", Applicant: nurai, ProviderID: provider, Kind: "act", Version: version, FileID: "file of " + id, Name: "Акт.pdf",
		MIME: "application/pdf", Size: 10, SHA256: "sha of " + id, By: "eds", IssuedAt: minutes(version),
		Signatures: append([]documents.Signature{}, signatures...),
	}
}

var certificate = signature.Certificate{Owner: "САРЫАРҚАЕВ ДӘУРЕН", IIN: "900101300811", Serial: "0a", NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}

func read(c signature.Certificate) *documents.Certificate {
	r := documents.Certificate(c)
	return &r
}

// signing is a document that the provider has signed, after a try that was refused.
func signing() projectionstest.History {
	return projectionstest.History{}.
		In(app, dauren, "executor", issues("one", 1, "", "provider", "applicant")).
		In(stream("one"), dauren, "executor",
			prepares("one"),
			signature.Rejected{Signer: signature.Provider, Account: dauren, Code: "doc-changed", CMS: "bad", At: minutes(2)},
			signature.Accepted{Signer: signature.Provider, Account: dauren, Method: signature.EDS, CMS: "good", Certificate: &certificate, At: minutes(3)})
}

func signedByProvider() documents.Document {
	d := shown("one", 1,
		documents.Signature{Signer: "provider", At: at(3), Account: dauren, Method: "eds", CMS: "good", Certificate: read(certificate), EvidenceStatus: "pending"},
		documents.Signature{Signer: "applicant"})
	d.Failed, d.LackingSince = 1, at(3)
	d.Tries = []documents.Try{{Signer: "provider", Account: dauren, Code: "doc-changed", CMS: "bad", At: minutes(2)}}
	return d
}

func TestADocumentShowsWhoHasSigned(t *testing.T) {
	t.Parallel()
	want := signedByProvider()
	projectionstest.Expect(t, documents.Model, signing(), map[string]documents.Document{"one": want})
	if next := want.Next(); next != "applicant" {
		t.Errorf("next signs %q", next)
	}
}

func TestADocumentIsSignedByEverybody(t *testing.T) {
	t.Parallel()
	history := signing().
		In(stream("one"), nurai, "applicant",
			signature.Accepted{Signer: signature.Applicant, Account: nurai, Method: signature.Acceptance, At: minutes(5)},
			signature.FullySigned{At: minutes(5)}).
		In(app, nurai, "applicant", application.DocumentSigned{DocumentID: "one", At: minutes(6)})
	want := signedByProvider()
	want.Signatures[1] = documents.Signature{Signer: "applicant", At: at(5), Account: nurai, Method: "acceptance"}
	want.SignedAt = at(5)
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})
	if next := want.Next(); next != "" {
		t.Errorf("next signs %q", next)
	}
}

func TestALaterDocumentReplacesTheEarlierOne(t *testing.T) {
	t.Parallel()
	history := signing().
		In(app, dauren, "executor", issues("two", 2, "one", "applicant")).
		In(stream("two"), dauren, "executor", prepares("two")).
		In(stream("one"), dauren, "executor", signature.Withdrawn{At: minutes(9)})
	one := signedByProvider()
	one.SupersededAt = at(2)
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{
		"one": one, "two": shown("two", 2, documents.Signature{Signer: "applicant"}),
	})
	if next := one.Next(); next != "" {
		t.Errorf("next signs %q", next)
	}
}

func TestADocumentWithoutSignersIsThereToRead(t *testing.T) {
	t.Parallel()
	history := projectionstest.History{}.In(app, dauren, "executor", issues("one", 1, ""))
	want := shown("one", 1)
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})
	if next := want.Next(); next != "" {
		t.Errorf("next signs %q", next)
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	history := projectionstest.History{}.In(app, dauren, "executor", issues("one", 1, "", "applicant"))
	want := shown("one", 1, documents.Signature{Signer: "applicant"})
	for i := range documents.TriesKept + 5 {
		history = history.In(stream("one"), nurai, "applicant",
			signature.Rejected{Signer: signature.Applicant, Account: nurai, Code: "malformed", CMS: "x", At: minutes(i)})
		want.Failed++
		if i >= 5 {
			want.Tries = append(want.Tries, documents.Try{Signer: "applicant", Account: nurai, Code: "malformed", CMS: "x", At: minutes(i)})
		}
	}
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})
}

func TestAnErasedApplicantLeavesNoNames(t *testing.T) {
	t.Parallel()
	history := signing().In("account-"+nurai, "", "admin", account.Erased{})
	want := signedByProvider()
	want.Name, want.Signatures[0].Certificate, want.LackingSince = "", nil, nil
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})

	elsewhere := signing().In("account-"+dauren, "", "admin", account.Erased{})
	projectionstest.Expect(t, documents.Model, elsewhere, map[string]documents.Document{"one": signedByProvider()})
}

func TestADocumentShowsTheEvidenceOfItsSignatures(t *testing.T) {
	t.Parallel()
	piece := func(kind signature.EvidenceKind) signature.Evidence {
		return signature.Evidence{Kind: kind, SHA256: "sha of a " + string(kind)}
	}
	attaches := func(signer signature.Signer, kinds ...signature.EvidenceKind) signature.EvidenceAttached {
		e := signature.EvidenceAttached{Signer: signer, At: noon}
		for _, kind := range kinds {
			e.Evidence = append(e.Evidence, piece(kind))
		}
		return e
	}
	shownEvidence := func(kinds ...signature.EvidenceKind) []documents.Evidence {
		var list []documents.Evidence
		for _, kind := range kinds {
			list = append(list, documents.Evidence{Kind: string(kind), SHA256: "sha of a " + string(kind)})
		}
		return list
	}
	history := signing().
		In(stream("one"), nurai, "applicant",
			signature.Accepted{Signer: signature.Applicant, Account: nurai, Method: signature.EDS, CMS: "hers", At: minutes(5)},
			attaches(signature.Applicant, "report", "ocsp")).
		In(stream("one"), "", "system", attaches(signature.Provider, "report", "time-stamp", "crl"), signature.EvidenceCompleted{Signer: signature.Provider, At: noon})
	want := signedByProvider()
	want.Signatures[0].Evidence, want.Signatures[0].EvidenceStatus = shownEvidence("report", "time-stamp", "crl"), "complete"
	want.Signatures[1] = documents.Signature{
		Signer: "applicant", At: at(5), Account: nurai, Method: "eds", CMS: "hers", Evidence: shownEvidence("report", "ocsp"), EvidenceStatus: "pending",
	}
	want.LackingSince = at(5)
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})

	history = history.In(stream("one"), "", "system",
		signature.EvidenceGivenUp{Signer: signature.Applicant, Missing: []signature.EvidenceKind{"time-stamp"}, Code: "evidence-unavailable", At: noon})
	want.Signatures[1].EvidenceStatus, want.Signatures[1].EvidenceCode, want.LackingSince = "incomplete", "evidence-unavailable", nil
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})

	history = history.In(stream("one"), "", "system", attaches(signature.Applicant, "time-stamp"), signature.EvidenceCompleted{Signer: signature.Applicant, At: noon})
	want.Signatures[1].EvidenceStatus, want.Signatures[1].EvidenceCode = "complete", ""
	want.Signatures[1].Evidence = shownEvidence("report", "ocsp", "time-stamp")
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{"one": want})
}

func TestWhatBelongsToNoDocumentChangesNothing(t *testing.T) {
	t.Parallel()
	history := projectionstest.History{}.
		In(stream("unknown"), nurai, "applicant", prepares("unknown"), signature.FullySigned{At: noon}, signature.Withdrawn{At: noon}).
		In(app, nurai, "applicant", application.DocumentSigned{DocumentID: "unknown", At: noon}, application.Withdrawn{At: noon})
	projectionstest.Expect(t, documents.Model, history, map[string]documents.Document{})
}
