package feed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"hash"
	"strconv"
	"sync"
)

// pseudonyms hides ids from one reader. The same id of the same kind is the same pseudonym for as long as the feed's secret
// lasts, also after a move of the log; without the secret nobody can tell whose it is, nor match those of two readers but by
// the events in which they are.
type pseudonyms struct{ macs *sync.Pool }

func newPseudonyms(secret []byte, reader string) pseudonyms {
	key := derive(secret, "pseudonyms of", reader)
	return pseudonyms{macs: &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// derive makes a key for one purpose.
func derive(secret []byte, purpose, of string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose + "\x00" + of))
	return mac.Sum(nil)
}

// plain is lower-case base32 without padding: what stays whole in names, addresses and files.
var plain = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const pseudonymBytes = 16

// append appends the pseudonym of an id: 26 letters and digits, none for no id.
func (p pseudonyms) append(dst []byte, kind string, id string) []byte {
	if id == "" {
		return dst
	}
	mac, _ := p.macs.Get().(hash.Hash)
	defer p.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(id))
	var sum [sha256.Size]byte
	return plain.AppendEncode(dst, mac.Sum(sum[:0])[:pseudonymBytes])
}

// HookSecret is what the requests to a webhook are signed with, in the form in which people are given it: whsec_ and base64.
// It is derived, and so kept nowhere; a new generation is a new secret.
func (f *Feed) HookSecret(webhook string, generation int) string {
	return secretMark + base64.StdEncoding.EncodeToString(derive(f.secret, "secret of webhook", webhook+"/"+strconv.Itoa(generation)))
}

const secretMark = "whsec_"
