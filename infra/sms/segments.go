package sms

import "unicode/utf16"

const (
	wholeUnits = 70 // UTF-16 units of an SMS that is one part
	partUnits  = 67 // of a part of a longer one, beside the header that joins the parts
)

// segments cuts words into the parts in which they travel, in UCS-2. No part ends within a character.
func segments(words string) [][]byte {
	units := utf16.Encode([]rune(words))
	if len(units) <= wholeUnits {
		return [][]byte{bigEndian(units)}
	}
	var parts [][]byte
	for len(units) > 0 {
		n := min(partUnits, len(units))
		if n < len(units) && utf16.IsSurrogate(rune(units[n])) && !startsPair(units[n]) {
			n-- // the second half of a character begins the next part otherwise
		}
		parts = append(parts, bigEndian(units[:n]))
		units = units[n:]
	}
	return parts
}

func startsPair(unit uint16) bool { return unit >= 0xd800 && unit < 0xdc00 }

func bigEndian(units []uint16) []byte {
	bytes := make([]byte, 0, 2*len(units))
	for _, unit := range units {
		bytes = append(bytes, byte(unit>>8), byte(unit))
	}
	return bytes
}
