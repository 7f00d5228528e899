package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/gost/signing"
	"services.example/portal/infra/eds/ncalayer"
	"services.example/portal/infra/eds/pkcs12"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/tsp"
)

// demoKey is the key of somebody of the demo. Its signatures are stamped by the demo's own authority.
func demoKey(authority *dev.CA, person dev.Person) (ncalayer.Key, error) {
	holder, err := authority.Owner(person, now())
	if err != nil {
		return nil, err
	}
	return &ncalayer.SigningKey{
		Owner: holder.Certificate, Private: holder.Key, Now: now,
		Stamp: func(_ context.Context, signature []byte) ([]byte, error) {
			return authority.TimeStamp(signature, now())
		},
	}, nil
}

// fileKey opens the file of a key.
func (c *demoSignerCommand) fileKey() (ncalayer.Key, error) {
	holder, err := c.openFile()
	if err != nil {
		return nil, fmt.Errorf("opening the file of a key: %w", err)
	}
	key := &ncalayer.SigningKey{Owner: holder.Certificate, Private: holder.Key, Now: now}
	if c.TSP == "" {
		return key, nil
	}
	authority, err := tsp.NewClient(tsp.ClientOptions{URL: c.TSP, Client: remote.New(nil)})
	if err != nil {
		return nil, err
	}
	key.Stamp = func(ctx context.Context, signature []byte) ([]byte, error) {
		token, err := authority.Stamp(ctx, signature, now())
		if err != nil {
			return nil, err
		}
		return token.Raw, nil
	}
	return key, nil
}

func (c *demoSignerCommand) openFile() (*dev.Holder, error) {
	file, err := os.ReadFile(c.P12)
	if err != nil {
		return nil, err
	}
	password, err := fromFile(c.P12Password)
	if err != nil {
		return nil, err
	}
	contents, err := pkcs12.Read(file, password)
	if err != nil {
		return nil, err
	}
	if len(contents.Certificates) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	var key *dev.Key
	switch private := contents.Key.(type) {
	case *signing.PrivateKey:
		key, err = dev.GOSTKey(private)
	case crypto.Signer:
		key, err = dev.WrapKey(private)
	default:
		err = fmt.Errorf("no key to sign with: %T", private)
	}
	if err != nil {
		return nil, err
	}
	return dev.NewHolder(contents.Certificates[0], key)
}
