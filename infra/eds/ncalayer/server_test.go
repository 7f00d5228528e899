package ncalayer_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds/ncalayer"
)

var (
	aPerson = identitytest.IIN(710_001)
	aHead   = identitytest.IIN(710_002)
	aFirm   = identitytest.BIN(710_003)
)

// wallet is what most tests sign with: a person's key, and that of a head of an organisation.
func wallet(tb testing.TB) []ncalayer.Key {
	tb.Helper()
	return []ncalayer.Key{
		key(tb, "ҮЛГІБАЕВ ҮЛГІ", aPerson, "", emailProtection, individual),
		key(tb, "МЫСАЛОВА МЫСАЛ", aHead, aFirm, emailProtection, legalEntity, head),
	}
}

func asPEM(content string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: []byte(content)}))
}

func asBase64(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }

// basics is a request to sign, as the library writes it.
func basics(data, signing, signer string) string {
	return `{"module":"kz.gov.pki.knca.basics","method":"sign","args":{"allowedStorages":null,"format":"cms","data":` + data +
		`,"signingParams":` + signing + `,"signerParams":` + signer + `,"locale":"kk"}}`
}

const anyKey = `{"extKeyUsageOids":[]}`

func TestThePageIsAnsweredAsByTheRealProgram(t *testing.T) {
	t.Parallel()
	plain := ncalayer.Request{}
	ok := func(result any) any { return map[string]any{"status": true, "body": map[string]any{"result": result}} }
	cancelled := map[string]any{"status": true, "body": map[string]any{}}
	wrong := func(details string) any {
		return map[string]any{
			"status": false, "code": "INVOCATION_ERROR", "message": "An invoked method threw an exception.",
			"details": "org.json.JSONException: " + details,
		}
	}
	unfit := func(message string) any {
		return map[string]any{"status": false, "code": "INVALID_SIGNING_PARAMS", "message": message}
	}
	failed := func(message string) any { return map[string]any{"code": "500", "message": message} }
	mismatch := func(method string) any {
		return failed("java.lang.IllegalArgumentException: argument type mismatch. Method: " + method)
	}
	common := func(method, args string) string {
		return `{"module":"kz.gov.pki.knca.commonUtils","method":"` + method + `","args":` + args + `}`
	}
	unknown := map[string]any{"success": false, "errorCode": "MODULE_NOT_FOUND"}
	document := `"` + asBase64("акт") + `"`
	for name, tc := range map[string]struct {
		ask  string
		want any
	}{
		"a document": {
			basics(document, `{"decode":true,"encapsulate":false,"digested":false,"tsaProfile":{}}`, anyKey),
			ok(asPEM(signed("акт", ncalayer.Request{TimeStamp: true}))),
		},
		"without a time stamp": {basics(document, `{"decode":true,"tsaProfile":null}`, anyKey), ok(asPEM(signed("акт", plain)))},
		"attached": {
			basics(document, `{"decode":true,"encapsulate":true}`, anyKey), ok(asPEM(signed("акт", ncalayer.Request{Attached: true}))),
		},
		"a digest": {
			basics(document, `{"digested":true}`, anyKey), ok(asPEM(signed("акт", ncalayer.Request{Digested: true}))),
		},
		"a text": {basics(`"акт"`, `{}`, anyKey), ok(asPEM(signed("акт", plain)))},
		"several documents": {
			basics(`["YQ==","Yg=="]`, `{"decode":true}`, anyKey), ok([]any{asPEM(signed("a", plain)), asPEM(signed("b", plain))}),
		},
		"one document in an array":  {basics(`["YQ=="]`, `{"decode":true}`, anyKey), ok([]any{asPEM(signed("a", plain))})},
		"no parameters for the key": {basics(`"YQ=="`, `{"decode":true}`, `null`), ok(asPEM(signed("a", plain)))},
		"a role that nobody has":    {basics(document, `{}`, `{"extKeyUsageOids":["1.2.398.3.3.4.1.2.2"]}`), cancelled},
		"two roles that nobody has at once": {
			basics(document, `{}`, `{"extKeyUsageOids":["1.2.398.3.3.4.1.1","1.2.398.3.3.4.1.2"]}`), cancelled,
		},
		"somebody's number that is not there": {basics(document, `{}`, `{"iin":"`+identitytest.IIN(5)+`"}`), cancelled},
		"a hardware token": {
			strings.Replace(basics(document, `{}`, anyKey), `"allowedStorages":null`, `"allowedStorages":["AKKaztokenStore"]`, 1), cancelled,
		},
		"a file among others": {
			strings.Replace(basics(document, `{"decode":true}`, anyKey), `"allowedStorages":null`, `"allowedStorages":["JKS","PKCS12"]`, 1),
			ok(asPEM(signed("акт", plain))),
		},
		"parameters that are none":     {basics(document, `555`, anyKey), wrong(`JSONObject["signingParams"] is not a JSONObject.`)},
		"null for parameters":          {basics(document, `null`, anyKey), wrong(`JSONObject["signingParams"] is not a JSONObject.`)},
		"a number for a document":      {basics(`5`, `{}`, anyKey), wrong(`JSONObject["data"] is not a string.`)},
		"null for a document":          {basics(`null`, `{}`, anyKey), wrong(`JSONObject["data"] is not a string.`)},
		"no base64":                    {basics(`"?"`, `{"decode":true}`, anyKey), wrong(`JSONObject["data"] is not base64.`)},
		"no arguments":                 {`{"module":"kz.gov.pki.knca.basics","method":"sign"}`, wrong(`JSONObject["args"] is not a JSONObject.`)},
		"null for arguments":           {`{"module":"kz.gov.pki.knca.basics","method":"sign","args":null}`, wrong(`JSONObject["args"] is not a JSONObject.`)},
		"no format":                    {`{"module":"kz.gov.pki.knca.basics","method":"sign","args":{}}`, wrong(`JSONObject["format"] not found.`)},
		"no documents":                 {basics(`[]`, `{}`, anyKey), unfit("documents: 1 to 100")},
		"too many documents":           {basics(`["",`+strings.Repeat(`"",`, 99)+`""]`, `{}`, anyKey), unfit("documents: 1 to 100")},
		"XML":                          {strings.Replace(basics(`"<a/>"`, `{}`, anyKey), `"cms"`, `"xml"`, 1), unfit("only CMS is part of the demo, XML is not")},
		"a request for a certificate":  {`{"module":"kz.gov.pki.knca.basics","method":"generateCsr","args":{}}`, map[string]any{"status": false, "code": "GENERAL_ERROR", "message": "generateCsr is not part of the demo"}},
		"a method that there is not":   {`{"module":"kz.gov.pki.knca.basics","method":"?"}`, map[string]any{"status": false, "code": "INVOCATION_ERROR", "message": "There is no such method."}},
		"KAZTOKEN":                     {`{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}`, unknown},
		"the applet":                   {`{"method":"getVersion"}`, unknown},
		"what is no JSON":              {`{`, map[string]any{"success": false, "code": "COMMON_JSON_WRAPPING_EXCEPTION"}},
		"a module that is no name":     {`{"module":5}`, map[string]any{"success": false, "code": "COMMON_JSON_WRAPPING_EXCEPTION"}},
		"no tokens":                    {`{"module":"kz.gov.pki.knca.commonUtils","method":"getActiveTokens"}`, map[string]any{"code": "200", "responseObject": []any{}}},
		"a language":                   {common("changeLocale", `["kk"]`), map[string]any{"code": "200"}},
		"a language that is none":      {common("changeLocale", `[2]`), mismatch("changeLocale")},
		"CAdES":                        {common("createCAdESFromBase64", `["PKCS12","SIGNATURE",`+document+`,false]`), map[string]any{"code": "200", "responseObject": asBase64(signed("акт", plain))}},
		"CAdES, attached":              {common("createCAdESFromBase64", `["PKCS12","",`+document+`,true]`), map[string]any{"code": "200", "responseObject": asBase64(signed("акт", ncalayer.Request{Attached: true}))}},
		"CAdES of a digest":            {common("createCAdESFromBase64Hash", `["PKCS12","SIGNATURE",`+document+`]`), map[string]any{"code": "200", "responseObject": asBase64(signed("акт", ncalayer.Request{Digested: true}))}},
		"CMS":                          {common("createCMSSignatureFromBase64", `["PKCS12","SIGNATURE",`+document+`,false]`), map[string]any{"code": "200", "responseObject": asBase64(signed("акт", ncalayer.Request{TimeStamp: true}))}},
		"a key to sign in with":        {common("createCAdESFromBase64", `["PKCS12","AUTHENTICATION",`+document+`,false]`), failed("action.canceled")},
		"an empty store":               {common("createCAdESFromBase64", `["AKKaztokenStore","SIGNATURE",`+document+`,false]`), failed("storage.empty")},
		"a store that there is not":    {common("getKeyInfo", `["Q"]`), failed("storage.unknown")},
		"null for a store":             {common("getKeyInfo", `[null]`), mismatch("getKeyInfo")},
		"arguments in the wrong order": {common("createCAdESFromBase64", `["PKCS12",123,`+document+`,false]`), mismatch("createCAdESFromBase64")},
		"an argument too few":          {common("createCAdESFromBase64", `["PKCS12"]`), mismatch("createCAdESFromBase64")},
		"arguments with names":         {common("getKeyInfo", `{}`), mismatch("getKeyInfo")},
		"an empty digest":              {common("createCAdESFromBase64Hash", `["PKCS12","SIGNATURE",""]`), map[string]any{"code": "500"}},
		"base64 that is none":          {common("createCAdESFromBase64", `["PKCS12","SIGNATURE","?",false]`), failed("Illegal base64")},
		"a file by its path":           {common("createCMSSignatureFromFile", `["PKCS12","SIGNATURE","/etc/passwd",true]`), failed("java.lang.NoSuchMethodException: not part of the demo. Method: createCMSSignatureFromFile")},
		"with a name for the request":  {`{"module":"kz.gov.pki.knca.commonUtils","method":"changeLocale","args":["ru"],"uuid":"u1"}`, map[string]any{"code": "200", "uuid": "u1"}},
		"with too long a name for it":  {`{"module":"kz.gov.pki.knca.commonUtils","method":"changeLocale","args":["ru"],"uuid":"` + strings.Repeat("u", 100) + `"}`, map[string]any{"code": "200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := open(t, serve(t, ncalayer.Config{Keys: wallet(t)})).ask(tc.ask)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("answered (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSignaturesComeInEveryShapeThatHasBeenSeen(t *testing.T) {
	t.Parallel()
	keys := wallet(t)
	signature := asPEM(signed("a", ncalayer.Request{}))
	object := map[string]any{
		"signatures":  []any{signature},
		"certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys[0].Certificate()})),
	}
	for name, tc := range map[string]struct {
		shape   ncalayer.Shape
		signing string
		want    any
	}{
		"as it is":                       {"", `{"decode":true}`, signature},
		"a string":                       {ncalayer.ShapeString, `{"decode":true}`, signature},
		"an array":                       {ncalayer.ShapeArray, `{"decode":true}`, []any{signature}},
		"an object":                      {ncalayer.ShapeObject, `{"decode":true}`, object},
		"the certificate is asked for":   {ncalayer.ShapeString, `{"decode":true,"outputCert":true}`, object},
		"the certificate is not wanted":  {ncalayer.ShapeArray, `{"decode":true,"outputCert":false}`, []any{signature}},
		"an object, even if not wanted…": {ncalayer.ShapeObject, `{"decode":true,"outputCert":false}`, object},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, serve(t, ncalayer.Config{Keys: keys, Shape: tc.shape}))
			want := any(map[string]any{"status": true, "body": map[string]any{"result": tc.want}})
			if diff := cmp.Diff(want, p.ask(basics(`"YQ=="`, tc.signing, anyKey))); diff != "" {
				t.Errorf("answered (-want +got):\n%s", diff)
			}
		})
	}
}

// question remembers what was asked.
type question struct {
	asked chan ncalayer.Question
	n     int
	err   error
}

func (q *question) Choose(_ context.Context, asked ncalayer.Question) (int, error) {
	q.asked <- asked
	return q.n, q.err
}

func TestOnlyKeysThatFitAreShownAndThePersonChooses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wanted string
		keys   []string
	}{
		"anybody":             {`{}`, []string{"ҮЛГІБАЕВ ҮЛГІ", "МЫСАЛОВА МЫСАЛ, «Қиял, ЖШС»"}},
		"keys to sign with":   {`{"extKeyUsageOids":["1.3.6.1.5.5.7.3.4"]}`, []string{"ҮЛГІБАЕВ ҮЛГІ", "МЫСАЛОВА МЫСАЛ, «Қиял, ЖШС»"}},
		"keys to sign in":     {`{"extKeyUsageOids":["1.3.6.1.5.5.7.3.2"]}`, nil},
		"an individual":       {`{"extKeyUsageOids":["1.3.6.1.5.5.7.3.4","1.2.398.3.3.4.1.1"]}`, []string{"ҮЛГІБАЕВ ҮЛГІ"}},
		"the head":            {`{"extKeyUsageOids":["1.2.398.3.3.4.1.2.1"]}`, []string{"МЫСАЛОВА МЫСАЛ, «Қиял, ЖШС»"}},
		"a person":            {`{"iin":"` + aPerson + `"}`, []string{"ҮЛГІБАЕВ ҮЛГІ"}},
		"an organisation":     {`{"bin":"` + aFirm + `"}`, []string{"МЫСАЛОВА МЫСАЛ, «Қиял, ЖШС»"}},
		"a serial number":     {`{"iin":"` + aPerson + `","serialNumber":"ABCDEF"}`, []string{"ҮЛГІБАЕВ ҮЛГІ"}},
		"the same in decimal": {`{"iin":"` + aPerson + `","serialNumber":"11259375"}`, []string{"ҮЛГІБАЕВ ҮЛГІ"}},
		"another":             {`{"iin":"` + aPerson + `","serialNumber":"1"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			person := &question{asked: make(chan ncalayer.Question, 1), n: len(tc.keys) - 1}
			p := open(t, serve(t, ncalayer.Config{Keys: wallet(t), Consent: person}))
			answer, _ := p.ask(basics(`"YQ=="`, `{"decode":true,"outputCert":true}`, tc.wanted)).(map[string]any)
			asked := <-person.asked
			if asked.Origin != portal || asked.Language != "kk" || len(asked.Documents) != 1 || asked.Documents[0].Size != 1 {
				t.Errorf("the person was asked %+v", asked)
			}
			if diff := cmp.Diff(tc.keys, asked.Keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			body, _ := answer["body"].(map[string]any)
			if _, made := body["result"]; made != (tc.keys != nil) || answer["status"] != true {
				t.Errorf("answered %v", answer)
			}
		})
	}
}

func TestAPersonMayCancel(t *testing.T) {
	t.Parallel()
	p := open(t, serve(t, ncalayer.Config{Keys: wallet(t), Consent: ncalayer.Never{}}))
	for ask, want := range map[string]any{
		basics(`"YQ=="`, `{}`, anyKey): map[string]any{"status": true, "body": map[string]any{}},
		`{"module":"kz.gov.pki.knca.commonUtils","method":"getKeyInfo","args":["PKCS12"]}`: map[string]any{"code": "500", "message": "action.canceled"},
	} {
		if diff := cmp.Diff(want, p.ask(ask)); diff != "" {
			t.Errorf("%s was answered (-want +got):\n%s", ask, diff)
		}
	}
}

func TestAKeyThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	broken := key(t, "ҮЛГІБАЕВ ҮЛГІ", aPerson, "", emailProtection)
	broken.broken = true
	p := open(t, serve(t, ncalayer.Config{Keys: []ncalayer.Key{broken}}))
	for ask, want := range map[string]any{
		basics(`"YQ=="`, `{}`, anyKey): map[string]any{"status": false, "code": "SIGNING_FAILURE", "message": "the key is broken"},
		`{"module":"kz.gov.pki.knca.commonUtils","method":"createCAdESFromBase64","args":["PKCS12","SIGNATURE","YQ==",false]}`: map[string]any{
			"code": "500", "message": "the key is broken",
		},
	} {
		if diff := cmp.Diff(want, p.ask(ask)); diff != "" {
			t.Errorf("%s was answered (-want +got):\n%s", ask, diff)
		}
	}
}

func TestThePageMayAskWhoseKeyItIs(t *testing.T) {
	t.Parallel()
	keys := wallet(t)
	person := &question{asked: make(chan ncalayer.Question, 1), n: 1}
	p := open(t, serve(t, ncalayer.Config{Keys: keys, Storages: []string{"PKCS12", "AKKaztokenStore"}, Consent: person}))
	want := any(map[string]any{"code": "200", "responseObject": []any{"AKKaztokenStore"}})
	if diff := cmp.Diff(want, p.ask(`{"module":"kz.gov.pki.knca.commonUtils","method":"getActiveTokens"}`)); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	dn := `C=KZ,O=«Қиял\, ЖШС»,OU=BIN` + aFirm + `,CN=МЫСАЛОВА МЫСАЛ,SERIALNUMBER=IIN` + aHead
	want = map[string]any{"code": "200", "responseObject": map[string]any{
		"alias": "010203", "keyId": "010203", "algorithm": "ECDSA", "subjectCn": "МЫСАЛОВА МЫСАЛ", "subjectDn": dn,
		"issuerCn": "МЫСАЛОВА МЫСАЛ", "issuerDn": dn, "serialNumber": "abcdef", "certNotBefore": "1795338000000",
		"certNotAfter": "1826874000000", "authorityKeyIdentifier": "040506",
		"pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys[1].Certificate()})),
	}}
	if diff := cmp.Diff(want, p.ask(`{"module":"kz.gov.pki.knca.commonUtils","method":"getKeyInfo","args":["AKKaztokenStore"]}`)); diff != "" {
		t.Errorf("the key (-want +got):\n%s", diff)
	}
	if asked := <-person.asked; len(asked.Documents) > 0 {
		t.Errorf("the person was asked %+v", asked)
	}
}

// patient is a person who never answers.
type patient struct{ asked, gone chan struct{} }

func (p patient) Choose(ctx context.Context, _ ncalayer.Question) (int, error) {
	close(p.asked)
	<-ctx.Done()
	close(p.gone)
	return 0, ctx.Err()
}

func TestHeartbeatsAreAnsweredWhileAPersonThinksAndTheQuestionGoesWithThePage(t *testing.T) {
	t.Parallel()
	person := patient{asked: make(chan struct{}), gone: make(chan struct{})}
	p := open(t, serve(t, ncalayer.Config{Keys: wallet(t), Consent: person}))
	p.send(basics(`"YQ=="`, `{}`, anyKey))
	<-person.asked
	p.send("--heartbeat--")
	if got := p.next(); got != "--heartbeat--" {
		t.Errorf("a heartbeat was answered with %s", got)
	}
	if err := p.connection.CloseNow(); err != nil {
		t.Fatal(err)
	}
	<-person.gone
}

func TestStrangersAreNotServed(t *testing.T) {
	t.Parallel()
	server, err := ncalayer.New(ncalayer.Config{Origins: []string{portal, "http://127.0.0.1:8080"}, Consent: ncalayer.Always{}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		from, host, origin string
		status             int
	}{
		"another page":                           {"127.0.0.1:4000", "127.0.0.1:13580", "https://evil.example", http.StatusForbidden},
		"the same name at another port":          {"127.0.0.1:4000", "127.0.0.1:13580", portal + ":8443", http.StatusForbidden},
		"the same name without TLS":              {"127.0.0.1:4000", "127.0.0.1:13580", "http://portal.example", http.StatusForbidden},
		"a file or a frame":                      {"127.0.0.1:4000", "127.0.0.1:13580", "null", http.StatusForbidden},
		"a name that was made to point here":     {"127.0.0.1:4000", "evil.example:13580", "http://evil.example:13580", http.StatusForbidden},
		"such a name in the portal's own page":   {"127.0.0.1:4000", "evil.example:13580", portal, http.StatusForbidden},
		"another machine":                        {"192.0.2.1:4000", "127.0.0.1:13580", portal, http.StatusForbidden},
		"the portal's page":                      {"127.0.0.1:4000", "127.0.0.1:13580", portal, http.StatusNotImplemented}, // a recorder is no connection
		"the portal's page in capitals":          {"127.0.0.1:4000", "LOCALHOST:13580", "HTTPS://Portal.Example", http.StatusNotImplemented},
		"over IPv6":                              {"[::1]:4000", "[::1]:13580", portal, http.StatusNotImplemented},
		"a program that is no browser":           {"127.0.0.1:4000", "127.0.0.1:13580", "", http.StatusNotImplemented},
		"the demo's page, on the standard port…": {"127.0.0.1:4000", "localhost", "http://127.0.0.1:8080", http.StatusNotImplemented},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := handshake(t, server, tc.from, tc.host, tc.origin); got != tc.status {
				t.Errorf("answered %d, want %d", got, tc.status)
			}
		})
	}
}

func TestAPersonWhoLooksIsToldWhatItIs(t *testing.T) {
	t.Parallel()
	address := strings.Replace(serve(t, ncalayer.Config{}), "ws:", "http:", 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasPrefix(string(text), "DEMO: not a signature of anybody.") {
		t.Errorf("answered %q, error %v", text, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestOnlySoManyPagesAtOnce(t *testing.T) {
	t.Parallel()
	address := serve(t, ncalayer.Config{Keys: wallet(t)})
	var pages []*page
	for range 8 {
		pages = append(pages, open(t, address))
	}
	if _, answer, err := websocket.Dial(t.Context(), address, nil); err == nil || //nolint:bodyclose // Dial closes it
		answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the ninth page was answered %+v, error %v", answer, err)
	}
	pages[0].ask(basics(`"YQ=="`, `{}`, anyKey))
}

func TestWhatIsSetUpWronglyIsRefused(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]ncalayer.Config{
		"an origin with a path":   {Origins: []string{"https://portal.example/"}},
		"an origin of a file":     {Origins: []string{"file:///tmp"}},
		"every origin":            {Origins: []string{"*"}},
		"a shape that is none":    {Shape: "round"},
		"a certificate that is 0": {Keys: []ncalayer.Key{fakeKey{}}},
	} {
		if _, err := ncalayer.New(config); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	server, err := ncalayer.New(ncalayer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := server.Serve(t.Context(), listener); err == nil {
		t.Error("other machines could have reached it")
	}
}

func TestAMessageThatIsTooLargeEndsTheSession(t *testing.T) {
	t.Parallel()
	p := open(t, serve(t, ncalayer.Config{Keys: wallet(t)}))
	large := make([]byte, ncalayer.MaxMessage+1)
	_ = p.connection.Write(t.Context(), websocket.MessageText, large) // the other side may have gone before all is written
	if _, text, err := p.connection.Read(t.Context()); err == nil {
		t.Errorf("answered %.100s", text)
	}
}
