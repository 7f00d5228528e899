// Package trustlist looks after the list of authorities whose certificates count in digital signatures: portal trust-list.
package trustlist

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"services.example/portal/infra/eds/trust"
)

// Command looks after the list of authorities whose certificates count in digital signatures.
type Command struct {
	Show ShowCommand `cmd:"" help:"Write a list as JSON, to be read or changed: the built-in one, or a signed one."`
	Key  KeyCommand  `cmd:"" help:"Make the key that signs lists."`
	Sign SignCommand `cmd:"" help:"Sign a list for --eds-trust."`
}

// output is where a command writes; nil: to standard output.
type output struct{ to io.Writer }

func (o output) write(content []byte) error {
	to := o.to
	if to == nil {
		to = os.Stdout
	}
	_, err := to.Write(content)
	return err
}

// ShowCommand writes a list.
type ShowCommand struct {
	output
	Trust    string `name:"eds-trust" env:"PORTAL_EDS_TRUST" placeholder:"FILE" help:"Signed list; the built-in one if empty."`
	TrustKey string `name:"eds-trust-key" env:"PORTAL_EDS_TRUST_KEY" placeholder:"KEY" help:"Public key that signed it."`
}

// Run writes it as a portal in production would use it.
func (c *ShowCommand) Run() error {
	store, err := trust.Open(trust.Options{Production: true, File: c.Trust, Key: c.TrustKey})
	if err != nil {
		return err
	}
	text, err := store.List().Text()
	if err != nil {
		return err
	}
	return c.write(text)
}

// KeyCommand makes a key.
type KeyCommand struct {
	output
	File string `arg:"" help:"File to make for the private key; it must not exist."`
	Name string `default:"trust.portal" help:"Who signs, in one word: it stands in the list."`
}

// Run makes it. The private key belongs to whoever is responsible for the list, not on the portal's machine.
func (c *KeyCommand) Run() error {
	private, public, err := note.GenerateKey(rand.Reader, c.Name)
	if err != nil {
		return fmt.Errorf("making a key for lists of trust: %w", err)
	}
	if err := writeNew(c.File, private+"\n"); err != nil {
		return fmt.Errorf("making a key for lists of trust: %w", err)
	}
	return c.write([]byte(public + "\n"))
}

// writeNew makes a file that nobody but its owner can read.
func writeNew(path, content string) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// SignCommand signs a list.
type SignCommand struct {
	output
	List string `arg:"" help:"The list as JSON. Its version must be greater than that of the list in use."`
	Key  string `required:"" placeholder:"FILE" help:"The private key."`
}

// Run checks the list as the portal will, and writes it with its signature.
func (c *SignCommand) Run() error {
	signer, err := readSigner(c.Key)
	if err != nil {
		return err
	}
	text, err := readBounded(c.List)
	if err != nil {
		return fmt.Errorf("reading the list of trust: %w", err)
	}
	list, err := trust.Parse(text)
	if err != nil {
		return err
	}
	signed, err := list.Sign(signer)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "signed version", list.Version())
	return c.write(signed)
}

// readSigner reads a private key. Its errors quote nothing of it.
func readSigner(path string) (note.Signer, error) {
	private, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key for lists of trust: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(private)))
	if err != nil {
		return nil, errors.New("reading the key for lists of trust: it is none")
	}
	return signer, nil
}

func readBounded(path string) (_ []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, trust.MaxFile+1))
}
