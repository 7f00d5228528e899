package trust

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/infra/eds/pki"
)

// Role says what an authority is believed in.
type Role string

// The roles.
const (
	Production Role = "production" // signs certificates of people and organisations today
	Historic   Role = "historic"   // did so once: believed for signatures of that time
	Test       Role = "test"       // the national centre's, for developers: its certificates name nobody
	Dev        Role = "dev"        // made on this machine, for a demo or a test
)

// Real tells whether the certificates of such an authority name real people.
func (r Role) Real() bool { return r == Production || r == Historic }

// Kind is an authority's place in a chain.
type Kind string

// The kinds of authorities.
const (
	Root    Kind = "root"    // signs authorities, its own certificate too
	Issuing Kind = "issuing" // signs certificates of those who sign; a root of the same list signed its own
)

// Purpose is what the certificates of an issuing authority are for.
type Purpose string

// The purposes.
const (
	Signing      Purpose = "signing"       // people and organisations sign
	TimeStamping Purpose = "time-stamping" // a time-stamping authority signs
)

// Authority is a certification authority that is believed, from the one time to the other, both included.
type Authority struct {
	Name        string // for people: unique in its list
	Role        Role
	Kind        Kind
	Purposes    []Purpose // of an issuing one; a root has none of its own
	From, Until time.Time
	SHA256      string // of the certificate's DER, hexadecimal: the pin
	Certificate *pki.Certificate

	root *Authority // that signed it; set in a list
}

// At tells whether the authority is believed at a time.
func (a Authority) At(at time.Time) bool { return !at.Before(a.From) && !at.After(a.Until) }

// NewDev makes the authorities of a demo or a test out of their certificates: a root, and those that it signed. They are
// believed for every purpose as long as their certificates last.
func NewDev(root *pki.Certificate, issuing ...*pki.Certificate) []Authority {
	list := []Authority{ofCertificate("dev-root", Dev, Root, root)}
	for i, c := range issuing {
		list = append(list, ofCertificate(fmt.Sprintf("dev-%d", i+1), Dev, Issuing, c))
	}
	return list
}

// ofCertificate is an authority that is believed for every purpose as long as its certificate lasts.
func ofCertificate(name string, role Role, kind Kind, c *pki.Certificate) Authority {
	a := Authority{
		Name: name, Role: role, Kind: kind, From: c.NotBefore.UTC(), Until: c.NotAfter.UTC(),
		SHA256: pinOf(c), Certificate: c,
	}
	if kind == Issuing {
		a.Purposes = []Purpose{Signing, TimeStamping}
	}
	return a
}

func pinOf(c *pki.Certificate) string {
	sum := c.SHA256()
	return hex.EncodeToString(sum[:])
}

// check tells what is wrong with an authority by itself.
func (a Authority) check() error {
	if a.Certificate == nil {
		return errors.New("no certificate")
	}
	switch {
	case a.Name == "":
		return errors.New("no name")
	case !slices.Contains([]Role{Production, Historic, Test, Dev}, a.Role):
		return fmt.Errorf("no role %q", a.Role)
	case a.SHA256 != pinOf(a.Certificate):
		return errors.New("the certificate is not the one that is pinned")
	case !a.Certificate.IsCA:
		return errors.New("the certificate is not an authority's")
	case len(a.Certificate.Unknown) > 0:
		return errors.New("the certificate has a critical extension that is not known")
	case a.From.Before(a.Certificate.NotBefore) || a.Until.After(a.Certificate.NotAfter) || !a.From.Before(a.Until):
		return errors.New("the window lies outside of the certificate's validity")
	}
	switch a.Kind {
	case Root:
		if len(a.Purposes) > 0 {
			return errors.New("a root with purposes")
		}
	case Issuing:
		if len(a.Purposes) == 0 {
			return errors.New("no purpose")
		}
		for i, p := range a.Purposes {
			if p != Signing && p != TimeStamping || slices.Contains(a.Purposes[:i], p) {
				return fmt.Errorf("no purpose %q, or twice", p)
			}
		}
	default:
		return fmt.Errorf("no kind %q", a.Kind)
	}
	return nil
}
