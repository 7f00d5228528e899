package dev

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"services.example/portal/infra/eds/gost/signing"
)

// renewal is how often people get a new certificate. It is less than the certificate's lifetime: each is good for long
// enough.
const renewal = ownerLifetime / 2

// Owner is the holder of a person's certificate at a time. It is the same for half a year; where keys are GOST keys it
// is the same in every process too, because they are derived from the authority's own.
func (ca *CA) Owner(person Person, at time.Time) (*Holder, error) {
	begin := ca.Issuing.Certificate.NotBefore
	period := max(0, int(at.Sub(begin)/renewal))
	who := fmt.Sprintf("%d|%s|%s|%s|%s|%s", period, person.IIN, person.BIN, person.role(), person.Name, person.Organization)
	if made, known := ca.people.Load(who); known {
		return made.(*Holder), nil //nolint:forcetypeassert // nothing else is put there
	}
	key, err := ca.ownerKey(who)
	if err != nil {
		return nil, err
	}
	holder, err := ca.Issuing.IssueTo(key, OwnerTemplate(person, begin.Add(time.Duration(period)*renewal)))
	if err != nil {
		return nil, err
	}
	made, _ := ca.people.LoadOrStore(who, holder)
	return made.(*Holder), nil //nolint:forcetypeassert // nothing else is put there
}

// Issue makes a new holder of a new key for a person. A test may change what the certificate says.
func (ca *CA) Issue(person Person, at time.Time, changes ...func(*Template)) (*Holder, error) {
	key, err := NewKey(ca.Issuing.Key.Kind())
	if err != nil {
		return nil, err
	}
	template := OwnerTemplate(person, at.Add(-time.Minute))
	for _, change := range changes {
		change(template)
	}
	return ca.Issuing.IssueTo(key, template)
}

// ownerKey derives a GOST key; others are made.
func (ca *CA) ownerKey(who string) (*Key, error) {
	authority := ca.Issuing.Key
	if authority.gost == nil {
		return NewKey(authority.kind)
	}
	curve := curveOf(authority.kind)
	scalar, err := hkdf.Key(sha256.New, authority.gost.Bytes(), nil, "demo owner "+who, curve.Size())
	if err != nil {
		return nil, fmt.Errorf("deriving the key of an owner: %w", err)
	}
	scalar[len(scalar)-1] &= 0x1f // less than the order of any curve
	scalar[0] |= 1                // and never zero
	private, err := signing.New(curve, scalar)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of an owner: %w", err)
	}
	return GOSTKey(private)
}
