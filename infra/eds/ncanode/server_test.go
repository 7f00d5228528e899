package ncanode_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/ncanode"
	"services.example/portal/infra/eds/pki"
)

// server stands in for a NCANode: it answers as one does to a signature that is valid, unless a test lets it answer otherwise.
type server struct {
	*httptest.Server
	t *testing.T

	change func(*saying)               // what it says, if that is JSON
	status int                         // of HTTP; 0: 200
	after  string                      // what stands behind what it says
	handle func(w http.ResponseWriter) // instead of all this

	mu    sync.Mutex
	asked []question
}

// question is what it was asked.
type question struct {
	CMS             []byte   `json:"cms"`
	Data            []byte   `json:"data"`
	RevocationCheck []string `json:"revocationCheck"`

	authorization string
}

// saying is an answer in the words of NCANode's DTOs.
type saying struct {
	Status  int     `json:"status"`
	Message string  `json:"message"`
	Valid   bool    `json:"valid"`
	Signers []sayer `json:"signers"`
}

type sayer struct {
	Certificates []sayingCertificate `json:"certificates"`
	TSP          map[string]any      `json:"tsp,omitempty"`
}

type sayingCertificate struct {
	Valid        bool             `json:"valid"`
	Revocations  []map[string]any `json:"revocations"`
	NotBefore    string           `json:"notBefore"`
	NotAfter     string           `json:"notAfter"`
	KeyUsage     string           `json:"keyUsage"`
	SerialNumber string           `json:"serialNumber"`
	SignAlg      string           `json:"signAlg"`
	KeyUser      []string         `json:"keyUser"`
	Signature    []byte           `json:"signature,omitempty"`
	Subject      map[string]any   `json:"subject"`
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{t: t}
	s.Server = httptest.NewServer(http.HandlerFunc(s.verify))
	t.Cleanup(s.Close)
	return s
}

// client is the verifier that asks this server.
func (s *server) client() *ncanode.Verifier {
	s.t.Helper()
	v, err := ncanode.New(ncanode.Options{URL: s.URL})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = v.Close() })
	return v
}

func (s *server) questions() []question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	var asked question
	if r.Method != http.MethodPost || r.URL.Path != "/cms/verify" || r.Header.Get("Content-Type") != "application/json" {
		http.NotFound(w, r)
		return
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		s.t.Errorf("asked something else: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		s.t.Errorf("asked something more: %v", err)
	}
	asked.authorization = r.Header.Get("Authorization")
	s.mu.Lock()
	s.asked = append(s.asked, asked)
	s.mu.Unlock()
	if s.handle != nil {
		s.handle(w)
		return
	}
	said := answerTo(s.t, asked)
	if s.change != nil {
		s.change(&said)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(cmp.Or(s.status, http.StatusOK))
	if err := json.NewEncoder(w).Encode(said); err != nil {
		s.t.Error(err)
	}
	_, _ = io.WriteString(w, s.after)
}

// keyUsers are the words of NCANode for roles.
var keyUsers = map[pki.Role]string{
	pki.RoleIndividual: "INDIVIDUAL", pki.RoleLegalEntity: "ORGANIZATION", pki.RoleCEO: "CEO", pki.RoleSigner: "CAN_SIGN",
	pki.RoleFinancial: "CAN_SIGN_FINANCIAL", pki.RoleHR: "HR", pki.RoleEmployee: "EMPLOYEE",
}

func answerTo(t *testing.T, asked question) saying {
	t.Helper()
	signed, err := cms.Parse(asked.CMS, cms.Options{})
	if err != nil {
		t.Error(err)
		return saying{}
	}
	c := signed.Signers[0].Certificate
	const form = "2006-01-02T15:04:05.000-07:00"
	said := sayingCertificate{
		Valid: true, NotBefore: c.NotBefore.Format(form), NotAfter: c.NotAfter.Format(form), KeyUsage: "SIGN",
		SerialNumber: c.Serial.Text(16), SignAlg: "ECGOST3410-2015-512", Signature: c.X509.Signature,
		Subject: map[string]any{"commonName": c.Owner.CommonName, "iin": c.Owner.IIN},
		Revocations: []map[string]any{
			{"revoked": false, "by": "OCSP", "revocationTime": nil, "reason": "OK"},
			{"revoked": false, "by": "CRL", "revocationTime": nil, "reason": nil},
		},
	}
	if c.Owner.BIN != "" {
		said.Subject["bin"] = c.Owner.BIN
	}
	for _, role := range c.Roles {
		said.KeyUser = append(said.KeyUser, keyUsers[role])
	}
	return saying{Status: http.StatusOK, Message: "OK", Valid: true, Signers: []sayer{{Certificates: []sayingCertificate{said}}}}
}
