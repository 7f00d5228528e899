package readapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	domaincatalogue "services.example/portal/domain/catalogue"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/text"
)

// TestPeopleAreNamedAsTheyWereThen: somebody who changes their name on the client card keeps the former one in the past,
// on whatever day a case is looked at.
func TestPeopleAreNamedAsTheyWereThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	positions := w.theCase()
	path := "/applications/" + id("application", 1)
	readerNow := func() string {
		var body asOfCase
		w.audit(path, whyRead).into(t, &body)
		return body.Readers[0].Name
	}
	if got := readerNow(); got != "Самұрық Дана" {
		t.Errorf("before the change they are called %q", got)
	}
	last := positions[len(positions)-1]
	w.write("account-"+dana, dana, account.SignedIn{At: noon}, account.ClientCardSaved{Card: account.Card{LastName: "Тұлпар", FirstName: "Дана"}, At: noon})
	w.asks(1, "Қашан?")
	if got := readerNow(); got != "Тұлпар Дана" {
		t.Errorf("after the change they are called %q", got)
	}
	var then asOfCase
	w.audit(path+"?position="+last.String(), whyRead).into(t, &then)
	if got := then.Readers[0].Name; got != "Самұрық Дана" {
		t.Errorf("as of before the change they are called %q", got)
	}
	w.audit(path+"?revision=4", whyRead).into(t, &then)
	if got := then.Moment.Revision; got != 4 {
		t.Fatalf("revision %d", got)
	}
	var diff asOfDiff
	w.audit(path+"/diff?from="+positions[3].String(), whyRead).into(t, &diff)
	var by []string
	for _, e := range diff.Events {
		by = append(by, e.Type+" "+e.By.Name)
	}
	if diff := cmp.Diff([]string{
		"reading.marked.v1 Самұрық Дана", "correspondence.message-posted.v1 Тұлпар Дана",
	}, by); diff != "" {
		t.Errorf("who did it (-want +got):\n%s", diff)
	}

	w.write("account-"+dana, dana, account.Erased{At: noon})
	w.queries.Forget(dana)
	for _, of := range []string{"", "?position=" + last.String(), "/diff"} {
		if got := w.audit(path+of, whyRead); got.status != http.StatusOK || strings.Contains(got.body, "Самұрық") || strings.Contains(got.body, "Тұлпар") {
			t.Errorf("%q after erasure: %d %s", of, got.status, got.body)
		}
	}
}

// TestTheProviderIsThatOfTheRevision: a moment that is named by a revision is a moment for what lies beside the case, too.
func TestTheProviderIsThatOfTheRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	w.theCase()
	renamed := domaincatalogue.ProviderDescribed{
		Name: text.Text{KK: "Жаңа палата", RU: "Новая палата", EN: "New Chamber"}, ShortName: words("new"), CalendarID: id("calendar", 1), At: noon,
	}
	w.write("provider-"+id("provider", 1), "", renamed)
	w.write("account-"+dana, dana, account.ClientCardSaved{Card: account.Card{LastName: "Тұлпар", FirstName: "Дана"}, At: noon})
	w.does(1, application.DueSoon{DueAt: friday, At: noon})
	for query, want := range map[string]string{"": "New Chamber", "?revision=4": "Sample Chamber", "?revision=5": "New Chamber"} {
		var body asOfCase
		w.audit("/applications/"+id("application", 1)+query, whyRead).into(t, &body)
		if got := body.Passport.Provider.Name.EN; got != want {
			t.Errorf("%q: the provider is called %q, want %q", query, got, want)
		}
	}
}

// TestApplicantsAreToldNamesAndNoAccounts: also where an event itself names the account of somebody else.
func TestApplicantsAreToldNamesAndNoAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	w.sentBy(dana, 1, 1).does(1, application.DocumentIssued{
		DocumentID: id("document", 1), Applicant: dana, ProviderID: id("provider", 1), Kind: "act", Version: 1, FileID: id("file", 1),
		Name: "Акт.pdf", SHA256: "b", Signers: []string{"provider", "applicant"}, By: "eds", At: noon,
	})
	w.writeBy(saule, "", "signature-"+id("document", 1), dana, signature.Accepted{
		Signer: signature.Provider, Account: saule, Method: signature.EDS, CMS: "x", At: noon,
	})
	path := "/applications/" + id("application", 1)
	got := w.getIn(dana, path+"/as-of/diff?from=2", w.at.String(), "en")
	if strings.Contains(got.body, saule) {
		t.Errorf("the applicant is told an account: %s", got.body)
	}
	var own, audited asOfDiff
	got.into(t, &own)
	w.audit(path+"/diff?from=2", whyRead).into(t, &audited)
	const says = ": the signature of the provider was accepted (digital signature), account "
	if text := own.Events[0].Text; !strings.HasSuffix(text, says+"Қызметкер Сәуле") {
		t.Errorf("the applicant is told %q", text)
	}
	if text := audited.Events[0].Text; !strings.HasSuffix(text, says+saule) {
		t.Errorf("the auditor is told %q", text)
	}
}
