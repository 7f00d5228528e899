package pkcs12

// Bounds of a file.
const (
	maxFile  = 64 << 10 // in bytes; the centre's files have three to six thousand
	maxDepth = 24       // of constructed values in each other
)

// Tags that the reader of BER knows.
const (
	tagOctets            = 0x04
	tagConstructed       = 0x20
	tagConstructedOctets = tagOctets | tagConstructed
	tagLong              = 0x1f // the number does not fit: no such tag is in PKCS #12
	indefinite           = 0x80 // the length of a value that a mark ends
)

// open is a constructed value whose end has not been reached.
type open struct {
	tag    byte
	end    int  // where it ends at the latest
	marked bool // its length is indefinite: a mark ends it
	body   []byte
}

// normalize brings one value of BER into the form of DER as far as PKCS #12 needs it: every length is definite and as
// short as can be, and an octet string is in one piece.
func normalize(ber []byte) ([]byte, error) {
	if len(ber) > maxFile {
		return nil, malformed("too long")
	}
	around := []open{{end: len(ber)}}
	at := 0
	for {
		top := &around[len(around)-1]
		if len(around) == 1 && len(top.body) > 0 {
			if at != len(ber) {
				return nil, malformed("something after the end")
			}
			return top.body, nil
		}
		if len(around) > 1 && top.ends(ber, &at) {
			tag, body := top.tag, top.body
			around = around[:len(around)-1]
			if err := around[len(around)-1].put(tag, body); err != nil {
				return nil, err
			}
			continue
		}
		tag, length, err := header(ber[:top.end], &at)
		switch {
		case err != nil:
			return nil, err
		case tag&tagConstructed == 0:
			if length == unknown {
				return nil, malformed("a primitive value of indefinite length")
			}
			if err := top.put(tag, ber[at:at+length]); err != nil {
				return nil, err
			}
			at += length
		case len(around) > maxDepth:
			return nil, malformed("too deep")
		case length == unknown:
			around = append(around, open{tag: tag, end: top.end, marked: true})
		default:
			around = append(around, open{tag: tag, end: at + length})
		}
	}
}

// ends says whether the value ends here, and skips its end mark.
func (o *open) ends(ber []byte, at *int) bool {
	if !o.marked {
		return *at == o.end
	}
	if o.end-*at >= 2 && ber[*at] == 0 && ber[*at+1] == 0 {
		*at += 2
		return true
	}
	return false
}

// put appends a value to the body.
func (o *open) put(tag byte, content []byte) error {
	if tag == tagConstructedOctets {
		tag = tagOctets
	}
	if o.tag == tagConstructedOctets {
		if tag != tagOctets {
			return malformed("a piece of an octet string is something else")
		}
		o.body = append(o.body, content...)
		return nil
	}
	o.body = append(o.body, tag)
	o.body = appendLength(o.body, len(content))
	o.body = append(o.body, content...)
	return nil
}

// unknown is the length of a value that a mark ends.
const unknown = -1

// header reads a tag and a length; what follows is within ber.
func header(ber []byte, at *int) (tag byte, length int, err error) {
	if len(ber)-*at < 2 {
		return 0, 0, malformed("cut off")
	}
	tag, first := ber[*at], ber[*at+1]
	*at += 2
	if tag&tagLong == tagLong || tag == 0 {
		return 0, 0, malformed("an unknown tag")
	}
	switch count := int(first &^ 0x80); {
	case first == indefinite:
		return tag, unknown, nil
	case first < indefinite:
		length = int(first)
	case count > 4 || len(ber)-*at < count:
		return 0, 0, malformed("a length too long")
	default:
		for _, b := range ber[*at : *at+count] {
			length = length<<8 | int(b)
		}
		*at += count
	}
	if length > len(ber)-*at {
		return 0, 0, malformed("cut off")
	}
	return tag, length, nil
}

// appendLength writes a length as DER has it. No body is much longer than maxFile.
func appendLength(to []byte, length int) []byte {
	switch {
	case length < 0x80:
		return append(to, byte(length))
	case length <= 0xff:
		return append(to, 0x81, byte(length))
	case length <= 0xffff:
		return append(to, 0x82, byte(length>>8), byte(length))
	default:
		return append(to, 0x83, byte(length>>16), byte(length>>8), byte(length))
	}
}
