package ncalayer_test

import (
	"testing"

	"services.example/portal/infra/eds/ncalayer"
)

// FuzzAnswer sends whatever to a page's session: every request gets one answer, in JSON, and no more than one.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		basics(`"YQ=="`, `{"decode":true}`, anyKey), basics(`["YQ=="]`, `{"digested":true,"tsaProfile":{}}`, `{"iin":"1"}`), basics(`null`, `555`, `[]`),
		`{"module":"kz.gov.pki.knca.commonUtils","method":"createCAdESFromBase64","args":["PKCS12","SIGNATURE","YQ==",false]}`,
		`{"module":"kz.gov.pki.knca.commonUtils","method":"getKeyInfo","args":[null],"uuid":{}}`, `{"module":"x"}`, `{`, `[]`, `null`, "",
	} {
		f.Add(seed)
	}
	server, err := ncalayer.New(ncalayer.Config{Keys: wallet(f), Consent: ncalayer.Always{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request string) {
		parse(t, string(server.Answer(t.Context(), []byte(request))))
	})
}
