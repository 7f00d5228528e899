package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/httpapi"
)

// demoCAFile is where the certification authority of a demo lies in the data folder.
const demoCAFile = "demo-gost-ca.pem"

// demoSigning stands in for the signing program on people's computers: it signs as whoever is asked for.
type demoSigning struct {
	authority *dev.CA
	people    map[string]dev.Person // by login
	now       func() time.Time
}

// maxDemoDocument is the largest body that asks for a signature, in bytes: a document of 20 MB in base64.
const maxDemoDocument = 30 << 20

// demoHead is the IIN of whoever signs for an organisation in a demo. It is generated and belongs to nobody.
var demoHead = identitytest.IIN(910_003)

// know remembers the name of an invented person.
func (s *demoSigning) know(person dev.Person) {
	if person.BIN != "" {
		s.people[person.BIN] = person
		return
	}
	s.people[person.IIN] = person
}

// person is the owner of the certificate for a login: somebody invented, or whoever has registered.
func (s *demoSigning) person(login string) (dev.Person, error) {
	number, err := identity.ParseNumber(login)
	if err != nil {
		return dev.Person{}, problem.Input(problem.Field{Location: "login", Code: "iin-invalid"})
	}
	if person, known := s.people[number.String()]; known {
		return person, nil
	}
	if number.Kind() == identity.KindBIN {
		return dev.Person{Name: "DEMO HEAD", IIN: demoHead, BIN: number.String(), Organization: "DEMO"}, nil
	}
	return dev.Person{Name: "DEMO PERSON", IIN: number.String()}, nil
}

// serve signs: {login, document: base64} → {cms: base64}.
func (s *demoSigning) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Login    string `json:"login"`
		Document []byte `json:"document"`
	}
	if !readDemo(w, r, &in) {
		return
	}
	person, err := s.person(in.Login)
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	cms, err := s.authority.Sign(person, in.Document, s.now(), dev.SignOptions{})
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	writeJSON(w, r, map[string][]byte{"cms": cms})
}

// revoke revokes the certificate with which somebody signs now, or restores it: {login, restore: bool} → {serial, revoked}.
func (s *demoSigning) revoke(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Login   string `json:"login"`
		Restore bool   `json:"restore"`
	}
	if !readDemo(w, r, &in) {
		return
	}
	person, err := s.person(in.Login)
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	at := s.now()
	owner, err := s.authority.Owner(person, at)
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	serial := owner.Certificate.Serial
	if in.Restore {
		err = s.authority.Restore(serial)
	} else {
		err = s.authority.Revoke(dev.Revocation{Serial: serial, At: at, Reason: dev.ReasonCertificateHold})
	}
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	writeJSON(w, r, map[string]any{"serial": serial.Text(16), "revoked": !in.Restore})
}

// readDemo reads what a demo is asked for: one JSON object with nothing unknown in it.
func readDemo(w http.ResponseWriter, r *http.Request, in any) bool {
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDemoDocument))
	body.DisallowUnknownFields()
	err := body.Decode(in)
	if _, more := body.Token(); err != nil || !errors.Is(more, io.EOF) {
		httpapi.Write(w, r, problem.New(problem.Malformed, "malformed"))
		return false
	}
	return true
}

// services adds what the authority serves: /dev/ocsp, /dev/tsp, its lists of revoked certificates and its certificates.
func (s *demoSigning) services(router chi.Router) {
	services := http.StripPrefix("/dev", s.authority.Handler(s.now)).ServeHTTP
	router.Post("/dev/ocsp", services)
	router.Post("/dev/tsp", services)
	for _, path := range []string{"/dev/ca.crl", "/dev/root.crl", "/dev/ca.cer", "/dev/root.cer"} {
		router.Get(path, services)
	}
}

// signer is how the person is named in a certificate.
func (d demoPerson) signer() dev.Person {
	if d.staff != nil {
		return dev.Person{Name: d.staff.LastName + " " + d.staff.FirstName, IIN: d.staff.IIN}
	}
	a := d.applicant
	person := dev.Person{Name: a.LastName + " " + a.FirstName, IIN: a.IIN, BIN: a.BIN, Organization: a.Organization}
	if person.IIN == "" {
		person.IIN = demoHead
	}
	return person
}
