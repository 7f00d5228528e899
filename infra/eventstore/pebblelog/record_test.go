package pebblelog

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
)

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z]+-[0-9a-f]{32}`))
	octets := rapid.SliceOf(rapid.Byte())
	rapid.Check(t, func(r *rapid.T) {
		event := eventstore.Event{
			ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "id")), Type: text.Draw(r, "type"),
			JSON: rapid.Bool().Draw(r, "json"), Data: octets.Draw(r, "data"), Metadata: octets.Draw(r, "metadata"),
		}
		stream := text.Draw(r, "stream")
		h := header{
			position: rapid.Uint64().Draw(r, "position"), users: rapid.Uint64().Draw(r, "users"),
			revision: rapid.Int64Min(0).Draw(r, "revision"), created: rapid.Int64Range(0, 1<<56).Draw(r, "created"),
		}
		p := newPending(stream, event)
		value := p.seal(h)
		got, err := parseRecord(h.position, value)
		if err != nil {
			r.Fatalf("parse: %v", err)
		}
		if diff := cmp.Diff(h, got.header, cmp.AllowUnexported(header{})); diff != "" {
			r.Fatalf("header (-want +got):\n%s", diff)
		}
		recorded := got.recorded()
		if diff := cmp.Diff(event, recorded.Event, cmpopts.EquateEmpty()); diff != "" || recorded.Stream != stream {
			r.Fatalf("stream %q, event (-want +got):\n%s", recorded.Stream, diff)
		}
		if users, err := peekUsers(value); err != nil || users != h.users {
			r.Fatalf("peeked %d, error %v", users, err)
		}
		if _, err := parseRecord(h.position+1, value); err == nil {
			r.Fatal("a record passes for that of another position")
		}
		bit := rapid.IntRange(0, len(value)*8-1).Draw(r, "bit")
		value[bit/8] ^= 1 << (bit % 8)
		if _, err := parseRecord(h.position, value); err == nil {
			r.Fatal("a changed bit goes unnoticed")
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	p := newPending("thing-1", eventstore.Event{ID: uuid.Max, Type: "thing.happened.v1", JSON: true, Data: []byte(`{}`), Metadata: []byte(`{}`)})
	f.Add(uint64(1), p.seal(header{position: 1, users: 1, revision: 0, created: 1}))
	f.Add(uint64(0), []byte{})
	f.Add(uint64(0), bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, position uint64, value []byte) {
		_, _ = peekUsers(value)
		fixed := bytes.Clone(value)
		for _, candidate := range [][]byte{value, fixChecksum(position, fixed)} {
			r, err := parseRecord(position, candidate)
			if err != nil {
				continue
			}
			event := r.recorded()
			if len(event.Stream)+len(event.Type)+len(event.Data)+len(event.Metadata) > len(candidate) {
				t.Errorf("a record of %d bytes gave %+v", len(candidate), event)
			}
			if event.Revision < 0 || r.created < 0 {
				t.Errorf("revision %d, created %d", event.Revision, r.created)
			}
		}
	})
}

// fixChecksum lets the fuzzer reach what is behind the checksum.
func fixChecksum(position uint64, value []byte) []byte {
	if len(value) < checksumSize+1 {
		return value
	}
	rest := value[checksumSize+1:]
	for range 3 {
		_, size := binary.Uvarint(rest)
		if size <= 0 {
			return value
		}
		rest = rest[size:]
	}
	head := value[checksumSize : len(value)-len(rest)]
	binary.BigEndian.PutUint32(value, sumHeader(crcOf(rest), head, position))
	return value
}

func FuzzParseHead(f *testing.F) {
	f.Add(noHead.append(nil))
	f.Add(head{number: 1, last: 2, position: 3, changed: 4, described: true, rules: rules{5, 6, 7}}.append(nil))
	f.Fuzz(func(t *testing.T, value []byte) {
		h, err := parseHead(value)
		if err != nil {
			return
		}
		again, err := parseHead(h.append(nil))
		if err != nil || again != h {
			t.Errorf("head %+v became %+v, error %v", h, again, err)
		}
	})
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(`{"$tb":1,"$maxCount":2,"$maxAge":3,"$acl":{"$r":"role","$w":["a","b"]},"note":{}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRules(data)
		if err != nil && r != (rules{}) {
			t.Errorf("rules %+v with error %v", r, err)
		}
		if r.truncateBefore < 0 || r.maxCount < 0 || r.maxAge < 0 {
			t.Errorf("rules %+v", r)
		}
	})
}
