package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/httpapi"
)

// demoCAFile is where the certification authority of a demo lies in the data folder.
const demoCAFile = "demo-ca.pem"

// verifier is who checks digital signatures. A portal in production has nobody yet: it takes none.
func (p *portal) verifier() eds.Verifier {
	if p.demoCA == nil {
		return eds.None{}
	}
	return p.demoCA
}

// demoSigning stands in for the signing program on people's computers: it signs as whoever is asked for.
type demoSigning struct {
	authority *dev.Authority
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
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDemoDocument))
	body.DisallowUnknownFields()
	err := body.Decode(&in)
	if _, more := body.Token(); err != nil || !errors.Is(more, io.EOF) {
		httpapi.Write(w, r, problem.New(problem.Malformed, "malformed"))
		return
	}
	person, err := s.person(in.Login)
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	cms, err := s.authority.Sign(person, in.Document, s.now())
	if err != nil {
		httpapi.Write(w, r, err)
		return
	}
	writeJSON(w, r, map[string][]byte{"cms": cms})
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
