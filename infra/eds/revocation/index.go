package revocation

import (
	"bytes"
	"hash/maphash"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// Entry is one revoked certificate of a list.
type Entry struct {
	RevokedAt time.Time // or since when it must be taken for invalid, if that is earlier
	Reason    Reason
}

// index finds entries by serial number in the bytes of the list itself: half a million entries take 4 MB beside it, and
// no garbage. Serial numbers are the authority's and the hash is seeded, so that nobody makes them collide.
type index struct {
	entries []byte   // of the list
	slots   []uint32 // offsets into entries, plus one; a power of two, at most half full
	seed    maphash.Seed
	count   int
}

// indexEntries reads all entries and fails if one of them is not right.
func indexEntries(entries cryptobyte.String) (index, error) {
	x := index{entries: entries, seed: maphash.MakeSeed()}
	var offsets []uint32
	for rest := entries; !rest.Empty(); {
		offset := uint32(len(entries) - len(rest)) // a list is shorter than MaxCRL
		var serial cryptobyte.String
		var e Entry
		if err := readEntry(&rest, &serial, &e); err != nil {
			return index{}, err
		}
		if offsets == nil {
			entry := len(entries) - len(rest)
			offsets = make([]uint32, 0, len(entries)/entry+1) // they are all much alike
		}
		offsets = append(offsets, offset)
	}
	x.count = len(offsets)
	if x.count == 0 {
		return x, nil
	}
	size := 1
	for size < 2*x.count {
		size *= 2
	}
	x.slots = make([]uint32, size)
	for _, offset := range offsets {
		x.put(offset)
	}
	return x, nil
}

// put puts an entry into its slot. Of several with one serial number the earliest stays: were all to stay, a list of
// nothing else would take forever.
func (x *index) put(offset uint32) {
	slot, there := x.search(serialAt(x.entries, offset))
	if !there || x.entryAt(offset).RevokedAt.Before(x.entryAt(x.slots[slot]-1).RevokedAt) {
		x.slots[slot] = offset + 1
	}
}

// search finds the slot of a serial number, by the content of its DER, or the free one where it would be.
func (x *index) search(serial []byte) (slot int, there bool) {
	slot = int(maphash.Bytes(x.seed, serial) % uint64(len(x.slots)))
	for x.slots[slot] != 0 {
		if bytes.Equal(serialAt(x.entries, x.slots[slot]-1), serial) {
			return slot, true
		}
		slot = (slot + 1) % len(x.slots)
	}
	return slot, false
}

// find finds the entry of a serial number, by the content of its DER.
func (x *index) find(serial []byte) (Entry, bool) {
	if len(x.slots) == 0 {
		return Entry{}, false
	}
	slot, there := x.search(serial)
	if !there {
		return Entry{}, false
	}
	return x.entryAt(x.slots[slot] - 1), true
}

// serialAt is the serial number of the entry there, which has been read before.
func serialAt(entries []byte, offset uint32) []byte {
	rest := cryptobyte.String(entries[offset:])
	var entry, serial cryptobyte.String
	if !rest.ReadASN1(&entry, asn1.SEQUENCE) || !readSerial(&entry, &serial) {
		return nil
	}
	return serial
}

// entryAt is the entry there, which has been read before.
func (x *index) entryAt(offset uint32) Entry {
	rest := cryptobyte.String(x.entries[offset:])
	var e Entry
	var serial cryptobyte.String
	if err := readEntry(&rest, &serial, &e); err != nil {
		return Entry{}
	}
	return e
}

// readEntry reads one of revokedCertificates.
func readEntry(from, serial *cryptobyte.String, e *Entry) error {
	var entry, list cryptobyte.String
	if !from.ReadASN1(&entry, asn1.SEQUENCE) || !readSerial(&entry, serial) || !der.ReadTime(&entry, &e.RevokedAt) {
		return pki.Malformed("an entry of a list of revoked certificates")
	}
	if entry.Empty() {
		return nil
	}
	if !entry.ReadASN1(&list, asn1.SEQUENCE) || !entry.Empty() {
		return pki.Malformed("an entry of a list of revoked certificates")
	}
	return der.ReadExtensions(list, e.takeExtension)
}

// takeExtension knows the extensions of entries. The issuer of a certificate (indirect lists) is critical, and unknown.
func (e *Entry) takeExtension(x der.Extension) (known, fine bool) {
	switch string(x.OID) {
	case oidReason:
		return true, readReason(x.Value, &e.Reason)
	case oidInvalidity:
		var since time.Time
		if !der.ReadGeneralizedTime(&x.Value, &since) || !x.Value.Empty() {
			return true, false
		}
		if since.Before(e.RevokedAt) {
			e.RevokedAt = since
		}
		return true, true
	default:
		return false, false
	}
}
