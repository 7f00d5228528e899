package native_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/gost/signing"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pkcs12"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
)

// national is a verifier that believes the national authorities, and those for developers if that is said.
func national(tb testing.TB, o trust.Options) *native.Verifier {
	tb.Helper()
	store, err := trust.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	return native.New(store, nil)
}

// TestASignatureOf2018 verifies a real one of the production authority, with the time stamp of its service: by now every
// certificate in it has ended, and so have the authorities. Its certificate was made for a test, hence the names.
func TestASignatureOf2018(t *testing.T) {
	t.Parallel()
	v := national(t, trust.Options{Production: true})
	raw := edstest.DER(t, "cms/prod2018_gost2004_cades_t_attached.pem")
	got, err := v.VerifyOffline(t.Context(), native.Offline{CMS: raw, Unproven: true})
	if err != nil {
		t.Fatalf("%v: %+v", err, got.Checks)
	}
	if len(got.Evidence) != 3 {
		t.Errorf("%d pieces of evidence are kept; want the time stamp, the authority and its root", len(got.Evidence))
	}
	got.Evidence = nil
	stamped := time.Date(2018, 12, 21, 9, 25, 4, 0, time.UTC)
	want := eds.Report{
		Verifier: native.Name, TrustList: got.TrustList, Algorithm: "GOST-2004",
		Certificate: signature.Certificate{
			Owner: "ТЕСТТОВ ТЕСТТ", IIN: "123456789012", BIN: "123456789021", Issuer: "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST)",
			Serial: got.Certificate.Serial, SHA256: got.Certificate.SHA256,
			NotBefore: time.Date(2018, 8, 23, 4, 14, 5, 0, time.UTC), NotAfter: time.Date(2019, 8, 23, 4, 14, 5, 0, time.UTC),
		},
		ClaimedAt: time.Date(2018, 12, 21, 9, 24, 0, 0, time.UTC), TrustedAt: stamped, TimeFrom: eds.TimeStamped,
		Checks: []eds.Check{
			{Step: eds.StepContainer},
			{Step: eds.StepDocument},
			{Step: eds.StepSignature},
			{Step: eds.StepTime},
			{Step: eds.StepChain},
			{Step: eds.StepUsage},
			{Step: eds.StepOwner},
			{Step: eds.StepRevocation, Code: pki.CodeEvidencePending, Detail: "nothing says that the certificate was not revoked then"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}

	for name, tt := range map[string]struct {
		of   native.Offline
		code string
	}{
		"without any proof about revocation": {native.Offline{CMS: raw}, pki.CodeEvidencePending},
		"over another document":              {native.Offline{CMS: raw, Document: bytes.NewReader([]byte("another")), Unproven: true}, pki.CodeDocChanged},
		"another person's":                   {native.Offline{CMS: raw, IIN: "123456789011", Unproven: true}, pki.CodeWrongIIN},
		"for another organisation":           {native.Offline{CMS: raw, BIN: "123456789012", Unproven: true}, pki.CodeWrongBIN},
		"received years later":               {native.Offline{CMS: raw, At: noon, Unproven: true}, pki.CodeClockSkew},
	} {
		got, err := v.VerifyOffline(t.Context(), tt.of)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		refused(t, got, err, tt.code)
	}
	got, err = v.Verify(t.Context(), eds.Signature{CMS: raw, Document: bytes.NewReader(nil), IIN: "123456789012", At: noon})
	refused(t, got, err, pki.CodeNotAllowed)
}

// theirs are signatures by official keys for developers, over a document that is not known: everything else can be checked.
var theirs = []struct {
	name string
	of   native.Offline
	code string // of the owner's check
}{
	{"cms/fixture_individual_valid_individual_valid.cms", native.Offline{IIN: "123456789011"}, ""},
	{"cms/fixture_legal_valid_head.cms", native.Offline{BIN: "123456789021"}, ""},
	{"cms/fixture_legal_valid_employee_signright.cms", native.Offline{BIN: "123456789021"}, ""},
	{"cms/fixture_legal_valid_employee.cms", native.Offline{BIN: "123456789021"}, pki.CodeRole},
	{"cms/fixture_legal_valid_employee.cms", native.Offline{IIN: "123456789012", Staff: true}, ""},
	{"cms/fixture_legal_valid_head.cms", native.Offline{IIN: "123456789011"}, pki.CodeRole},
	{"cms/fixture_individual_valid_individual_valid.cms", native.Offline{BIN: "123456789021"}, pki.CodeWrongBIN},
}

func TestSignaturesByOfficialKeysForDevelopers(t *testing.T) {
	t.Parallel()
	for _, production := range []bool{false, true} {
		v := national(t, trust.Options{Test: !production, Production: production})
		for _, tt := range theirs {
			o := tt.of
			o.CMS, o.Document = edstest.DER(t, tt.name), bytes.NewReader(document)
			o.At = time.Date(2026, 11, 22, 4, 16, 10, 0, time.UTC)
			got, err := v.VerifyOffline(t.Context(), o)
			refused(t, got, err, pki.CodeDocChanged)
			chain := ""
			if production {
				chain = pki.CodeTestCertificate
			}
			want := []eds.Check{
				{Step: eds.StepContainer},
				{Step: eds.StepDocument, Code: pki.CodeDocChanged},
				{Step: eds.StepSignature},
				{Step: eds.StepTime},
				{Step: eds.StepChain, Code: chain},
				{Step: eds.StepUsage},
				{Step: eds.StepOwner, Code: tt.code},
			}
			for i := range got.Checks {
				got.Checks[i].Detail = ""
			}
			if diff := cmp.Diff(want, got.Checks); diff != "" {
				t.Errorf("%s, production %v (-want +got):\n%s", tt.name, production, diff)
			}
		}
	}
}

// TestSignaturesOfOtherPrograms refuses what a program signed with a certificate that had ended, or as two.
func TestSignaturesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	v := national(t, trust.Options{Test: true})
	for _, tt := range []struct {
		name     string
		document string
		at       time.Time
		code     string
	}{
		{"cms/unit_SIGNED_CMS_ONE_SIGNER.cms", "test123", time.Date(2022, 9, 28, 14, 40, 30, 0, time.UTC), pki.CodeUntrusted},
		{"cms/integ_SIGNED_CMS.cms", "lol_kek", time.Date(2022, 10, 1, 18, 52, 19, 0, time.UTC), pki.CodeUntrusted},
		{"cms/unit_SIGNED_CMS.cms", "test123", time.Date(2022, 9, 27, 21, 17, 59, 0, time.UTC), pki.CodeMalformed},
		{"cms/unit_SIGNED_DETACHED_CMS.cms", "test123", time.Date(2022, 9, 27, 21, 29, 41, 0, time.UTC), pki.CodeMalformed},
	} {
		got, err := v.VerifyOffline(t.Context(), native.Offline{
			CMS: edstest.DER(t, tt.name), Document: bytes.NewReader([]byte(tt.document)), At: tt.at, Unproven: true,
		})
		if err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
		refused(t, got, err, tt.code)
	}
}

// list answers with a list that was got before.
type list struct{ *revocation.List }

func (l list) Check(_ context.Context, q revocation.Query) (revocation.Status, error) {
	return l.Status(q, nil)
}

// TestOfficialKeysForDevelopersSign signs with the official keys, and looks them up in the centre's own list. The names of
// the files do not always tell the truth: employees are on that list, too.
func TestOfficialKeysForDevelopersSign(t *testing.T) {
	t.Parallel()
	revoked, err := revocation.ParseCRL(edstest.DER(t, "crl/2026-08_nca_gost2022_test.crl"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := trust.Open(trust.Options{Test: true})
	if err != nil {
		t.Fatal(err)
	}
	v := native.New(store, list{revoked})
	for _, tt := range []struct {
		file string
		of   eds.Signature
		code string
	}{
		{"individual_valid_individual_valid", eds.Signature{IIN: "123456789011"}, ""},
		{"individual_valid_individual_valid", eds.Signature{IIN: iin}, pki.CodeWrongIIN},
		{"individual_revoked_individual_revoked", eds.Signature{IIN: "123456789011"}, pki.CodeRevoked},
		{"legal_valid_head", eds.Signature{BIN: "123456789021"}, ""},
		{"legal_revoked_head", eds.Signature{BIN: "123456789021"}, pki.CodeRevoked},
		{"legal_valid_employee_signright", eds.Signature{BIN: "123456789021"}, ""},
		{"legal_revoked_employee_signright", eds.Signature{BIN: "123456789021"}, pki.CodeRevoked},
		{"legal_valid_employee", eds.Signature{BIN: "123456789021"}, pki.CodeRole},
		{"legal_valid_employee", eds.Signature{IIN: "123456789012", Staff: true}, pki.CodeRevoked},
		{"legal_revoked_employee", eds.Signature{IIN: "123456789012", Staff: true}, pki.CodeRevoked},
		{"legal_valid_infosystem", eds.Signature{BIN: "123456789021"}, pki.CodeRole},
		{"legal_valid_treasury_client", eds.Signature{BIN: "123456789021"}, pki.CodeNotForSigning},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			draft := official(t, tt.file).Draft(document, noon)
			if err := draft.SignBy(official(t, tt.file).Key); err != nil {
				t.Fatal(err)
			}
			s := tt.of
			s.CMS, s.Document, s.At = draft.DER(), bytes.NewReader(document), noon
			got, err := v.Verify(t.Context(), s)
			if tt.code != "" {
				refused(t, got, err, tt.code)
			} else if err != nil || got.Algorithm != "GOST-2015-512" {
				t.Errorf("%v: %+v", err, got)
			}
		})
	}
}

// official is one of the official keys for developers.
func official(t *testing.T, name string) *dev.Holder {
	t.Helper()
	file, err := pkcs12.Read(edstest.Fixture(t, "p12/2026_"+name+".p12"), "Qwerty12")
	if err != nil {
		t.Fatal(err)
	}
	key, err := dev.GOSTKey(file.Key.(*signing.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	holder, err := dev.NewHolder(file.Certificates[0], key)
	if err != nil {
		t.Fatal(err)
	}
	return holder
}
