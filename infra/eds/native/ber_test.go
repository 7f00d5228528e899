package native_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"services.example/portal/infra/eds/pki"
)

// element is a piece of DER, taken apart as deep as it goes.
type element struct {
	tag      byte
	content  []byte     // of a primitive one
	children []*element // of a constructed one
}

// read takes DER apart. It must be right, and its lengths below 64 KiB.
func read(t *testing.T, der []byte) []*element {
	t.Helper()
	var list []*element
	for len(der) > 0 {
		header, length := 2, int(der[1])
		switch der[1] {
		case 0x81:
			header, length = 3, int(der[2])
		case 0x82:
			header, length = 4, int(binary.BigEndian.Uint16(der[2:]))
		}
		e := &element{tag: der[0], content: der[header : header+length]}
		if e.tag&0x20 != 0 {
			e.children, e.content = read(t, e.content), nil
		}
		list = append(list, e)
		der = der[header+length:]
	}
	return list
}

// all are an element and all below it.
func (e *element) all() []*element {
	list := []*element{e}
	for _, c := range e.children {
		list = append(list, c.all()...)
	}
	return list
}

// write puts an element together again; odd writes those that it knows in another way.
func (e *element) write(odd func(e *element, content []byte) []byte) []byte {
	content := e.content
	for _, c := range e.children {
		content = append(content[:len(content):len(content)], c.write(odd)...)
	}
	if other := odd(e, content); other != nil {
		return other
	}
	return append(lengthOf(e.tag, len(content)), content...)
}

func lengthOf(tag byte, length int) []byte {
	switch {
	case length < 0x80:
		return []byte{tag, byte(length)}
	case length < 0x100:
		return []byte{tag, 0x81, byte(length)}
	default:
		return []byte{tag, 0x82, byte(length >> 8), byte(length)}
	}
}

// tricks are ways to write the same in BER.
var tricks = []struct {
	name  string
	write func(e *element, content []byte) []byte // nil: it is not written so
}{
	{"an indefinite length", func(e *element, content []byte) []byte {
		if e.tag&0x20 == 0 {
			return nil
		}
		return slices.Concat([]byte{e.tag, 0x80}, content, []byte{0, 0})
	}},
	{"a length with a zero before it", func(e *element, content []byte) []byte {
		return slices.Concat([]byte{e.tag, 0x83, 0, byte(len(content) >> 8), byte(len(content))}, content)
	}},
	{"a long length where a short one would do", func(e *element, content []byte) []byte {
		if len(content) >= 0x80 {
			return nil
		}
		return slices.Concat([]byte{e.tag, 0x81, byte(len(content))}, content)
	}},
	{"a string in pieces", func(e *element, content []byte) []byte {
		if e.tag != 0x04 || len(content) < 2 {
			return nil
		}
		return slices.Concat(lengthOf(0x24, len(content)+4), lengthOf(4, 1), content[:1], lengthOf(4, len(content)-1), content[1:])
	}},
	{"a tag of several bytes", func(e *element, content []byte) []byte {
		return slices.Concat([]byte{e.tag | 0x1f, e.tag & 0x1f}, lengthOf(0, len(content))[1:], content)
	}},
	{"something behind the content", func(e *element, content []byte) []byte {
		if e.tag&0x20 == 0 {
			return nil
		}
		return slices.Concat(lengthOf(e.tag, len(content)+2), content, []byte{5, 0})
	}},
	{"a zero before a number", func(e *element, content []byte) []byte {
		if e.tag != 0x02 {
			return nil
		}
		return slices.Concat(lengthOf(2, len(content)+1), []byte{0}, content)
	}},
	{"nothing where something was", func(e *element, _ []byte) []byte { return []byte{e.tag, 0} }},
	{"twice", func(e *element, content []byte) []byte {
		once := slices.Concat(lengthOf(e.tag, len(content)), content)
		return slices.Concat(once, once)
	}},
}

// TestNoElementCanBeWrittenInAnotherWay writes each element of a signature, one at a time, in each of the ways that BER
// knows and DER does not.
func TestNoElementCanBeWrittenInAnotherWay(t *testing.T) {
	t.Parallel()
	w := of(t, pki.ECDSA)
	right := w.sign(t, person, noon)
	whole := read(t, right)[0]
	if again := whole.write(func(*element, []byte) []byte { return nil }); !bytes.Equal(again, right) {
		t.Fatal("the signature is not put together as it was")
	}
	announced := whole.children[1].children[0].children[1].children[0]
	for _, trick := range tricks {
		t.Run(trick.name, func(t *testing.T) {
			t.Parallel()
			written := 0
			for i, odd := range whole.all() {
				if trick.name == "twice" && odd == announced {
					continue // a set of one digest: it says the same
				}
				raw := whole.write(func(e *element, content []byte) []byte {
					if e != odd {
						return nil
					}
					return trick.write(e, content)
				})
				if bytes.Equal(raw, right) {
					continue
				}
				written++
				if got, err := w.verifier.Verify(t.Context(), handedIn(raw)); err == nil {
					t.Errorf("element %d, tag %02x: accepted as of %+v: %s", i, odd.tag, got.Certificate, hex.EncodeToString(raw[:min(64, len(raw))]))
				}
			}
			if written == 0 {
				t.Error("nothing was written so")
			}
		})
	}
}
