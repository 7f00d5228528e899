package native_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
)

// What an input may cost that somebody made to cost much. Other programs may be busy beside the test: it takes the best of
// several tries.
const (
	maxTime   = slower * 100 * time.Millisecond
	maxMemory = 8 << 20
	tries     = 5
)

// costs verifies an input, and makes sure that it costs little, whatever comes out.
func costs(t *testing.T, w *world, raw []byte) (eds.Report, error) {
	t.Helper()
	best := time.Duration(1<<63 - 1)
	for range tries {
		begin := time.Now()
		got, err := w.verifier.Verify(t.Context(), handedIn(raw))
		best = min(best, time.Since(begin))
		var is *problem.Problem
		if err != nil && !errors.As(err, &is) {
			t.Fatalf("an error that is no refusal: %v", err)
		}
		if best < maxTime {
			return got, err
		}
	}
	t.Fatalf("it took %s to verify %d bytes", best, len(raw))
	return eds.Report{}, nil
}

func TestHugeAndDeepInputsCostLittle(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	const size = eds.MaxContainer
	f := newForgery(t, pki.GOST2015)
	drafted := func(change func()) []byte {
		fresh := newForgery(t, pki.GOST2015)
		*f = *fresh
		change()
		return f.DER()
	}
	for name, raw := range map[string][]byte{
		"too long":                         make([]byte, size+1),
		"zeros":                            make([]byte, size),
		"sequences without an end":         bytes.Repeat([]byte{0x30, 0x80}, size/2),
		"sequences that promise 4 GB":      bytes.Repeat([]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, size/6),
		"a sequence that promises more":    append([]byte{0x30, 0x83, 0xff, 0xff, 0xff}, make([]byte, 1000)...),
		"sequences within sequences":       nested(0x30, size-8),
		"sets within sets":                 nested(0x31, size-8),
		"strings within strings":           nested(0x24, size-8),
		"deep in the certificates":         drafted(func() { f.draft.Certificates = append(f.draft.Certificates, nested(0x30, 30<<10)) }),
		"deep in an attribute":             drafted(func() { f.unsigned(oidNobody, nested(0x30, 60<<10)) }),
		"deep in the attributes":           drafted(func() { f.attribute(cms.OIDSigningTime).Values = [][]byte{nested(0x30, 60<<10)} }),
		"deep in a time stamp":             drafted(func() { f.unsigned(cms.OIDTimeStampToken, nested(0x30, 60<<10)) }),
		"deep in the revocation lists":     drafted(func() { f.draft.CRLs = [][]byte{nested(0x30, 60<<10)}; f.only().Signature = nil }),
		"thousands of attributes":          drafted(func() { f.only().Attributes = many(20_000 / 10); f.sign() }),
		"thousands of unsigned attributes": drafted(func() { f.only().Unsigned = many(20_000 / 10) }),
		"thousands of values":              drafted(func() { f.unsigned(oidNobody, repeated([]byte{5, 0}, 20_000)...); f.only().Signature = nil }),
		"thousands of digests":             drafted(func() { f.draft.Announced = append(f.draft.Announced, repeated(oidNobody, 5000)...) }),
		"thousands of signers":             drafted(func() { f.draft.Signers = repeated(f.draft.Signers[0], 100) }),
		"a certificate with a huge number": drafted(func() { f.issue(func(c *dev.Template) { c.Serial.Lsh(c.Serial, 20_000*8) }) }),
		"a certificate with thousands of names": drafted(func() {
			f.issue(func(c *dev.Template) {
				c.Subject = append(c.Subject, repeated(dev.NamePart{OID: dev.OIDUnit, Value: "X"}, 1500)...)
			})
			f.only().Signature = nil
		}),
		"a certificate with thousands of purposes": drafted(func() {
			f.issue(func(c *dev.Template) { c.With(dev.ExtKeyUsage(false, repeated(oidNobody, 4000)...)) })
		}),
		"an OID of one huge number": drafted(func() {
			f.draft.ContentType = oidNobody
			f.raw = bytes.Replace(f.draft.DER(), []byte{6, 3, 42, 3, 4}, append([]byte{6, 0x82, 0x40, 0}, bytes.Repeat([]byte{0xff}, 0x4000)...), 1)
		}),
		"as many time stamps as may be, all wrong": drafted(func() {
			for range 4 {
				f.stamp([]byte("another"), noon)
			}
		}),
		"as many certificates as may be, of the same authority": drafted(func() {
			for range 15 {
				f.draft.Certificates = append(f.draft.Certificates, f.impostor().Issuing.DER())
			}
		}),
		"time stamps by many authorities of one name": drafted(func() {
			f.stamp(f.only().Signature, noon)
			f.by = f.impostor().Issuing
			f.issue(nil)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			_, _ = costs(t, f.w, raw)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = f.w.verifier.Verify(t.Context(), handedIn(raw))
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > maxMemory {
				t.Errorf("it took %d bytes to verify %d", used, len(raw))
			}
		})
	}
}

// nested is one element within another as deep as so many bytes go.
func nested(tag byte, size int) []byte {
	buffer := make([]byte, size)
	at := size
	for length := 0; at >= 4; length = size - at {
		header := lengthOf(tag, length)
		at -= len(header)
		copy(buffer[at:], header)
	}
	return buffer[at:]
}

func repeated[T any](one T, times int) []T {
	list := make([]T, times)
	for i := range list {
		list[i] = one
	}
	return list
}

// many are attributes, each another one.
func many(number int) []cms.Attribute {
	list := make([]cms.Attribute, number)
	for i := range list {
		list[i] = cms.Attribute{OID: append(oidNobody[:len(oidNobody):len(oidNobody)], i), Values: [][]byte{{5, 0}}}
	}
	return list
}

// TestDamagedSignaturesCostLittle is what a fuzzer does, with inputs that are the same every time.
func TestDamagedSignaturesCostLittle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		kind   pki.Kind
		inputs int
	}{{"ECDSA", pki.ECDSA, 1700 / slower}, {"GOST", pki.GOST2015, 300 / slower}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := of(t, tt.kind)
			right := w.signed(t, person, noon, dev.SignOptions{TimeStamp: true, Attached: true})
			if _, err := w.verifier.Verify(t.Context(), handedIn(right)); err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range tt.inputs {
				raw := damaged(random, right)
				if bytes.Equal(raw, right) {
					continue
				}
				// What is not signed may be changed: then the time stamp is none any more.
				if got, err := costs(t, w, raw); err == nil && got.TimeFrom != eds.TimeReceipt {
					t.Errorf("accepted: %x", raw)
				}
			}
		})
	}
}

// damaged changes a few places: bytes, lengths, pieces left out or put in again elsewhere.
func damaged(random *rand.Rand, right []byte) []byte {
	raw := bytes.Clone(right)
	for range 1 + random.IntN(3) {
		at := random.IntN(len(raw))
		end := min(len(raw), at+1+random.IntN(40))
		switch random.IntN(5) {
		case 0:
			raw[at] = byte(random.Uint32())
		case 1:
			raw[at] ^= 1 << random.IntN(8)
		case 2:
			raw = append(raw[:at:at], raw[end:]...)
		case 3:
			piece := bytes.Clone(raw[at:end])
			to := random.IntN(len(raw))
			raw = append(raw[:to:to], append(piece, raw[to:]...)...)
		default:
			raw = raw[:max(1, at)]
		}
	}
	return raw
}

func FuzzVerify(f *testing.F) {
	w := of(f, pki.ECDSA)
	right := w.sign(f, person, noon)
	f.Add(right)
	f.Add(w.signed(f, person, noon, dev.SignOptions{TimeStamp: true, Attached: true, Chain: true}))
	f.Add(of(f, pki.GOST2015).sign(f, person, noon))
	f.Add([]byte{0x30, 0x80})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := w.verifier.Verify(t.Context(), handedIn(raw))
		var is *problem.Problem
		if err != nil && (!errors.As(err, &is) || got.Code != is.Code) {
			t.Fatalf("an error that is no refusal: %v, report %+v", err, got)
		}
		if err == nil && got.Certificate.IIN != iin {
			t.Fatalf("accepted as of %+v", got.Certificate)
		}
		o := kept(raw)
		o.Unproven = true
		if _, err := w.verifier.VerifyOffline(t.Context(), o); err != nil && !errors.As(err, &is) {
			t.Fatalf("offline an error that is no refusal: %v", err)
		}
	})
}

// FuzzDamagedSignature damages a right signature of this process' own authority: it gets further than bytes from nowhere.
func FuzzDamagedSignature(f *testing.F) {
	w := of(f, pki.ECDSA)
	right := w.signed(f, person, noon, dev.SignOptions{TimeStamp: true, Attached: true})
	f.Add([]byte{0, 4, 0, 0x30})
	f.Add([]byte{1, 0, 1, 3, 2, 0, 2, 9})
	f.Fuzz(func(t *testing.T, edits []byte) {
		raw := edited(right, edits)
		got, err := w.verifier.Verify(t.Context(), handedIn(raw))
		var is *problem.Problem
		if err != nil && (!errors.As(err, &is) || got.Code != is.Code) {
			t.Fatalf("an error that is no refusal: %v, report %+v", err, got)
		}
		if err == nil && !bytes.Equal(raw, right) && got.TimeFrom != eds.TimeReceipt {
			t.Fatalf("accepted: %x", raw)
		}
	})
}

// edited is a signature after some edits, of four bytes each: two say where, one what, one how much.
func edited(right, edits []byte) []byte {
	raw := bytes.Clone(right)
	for ; len(edits) >= 4 && len(raw) > 0; edits = edits[4:] {
		at := (int(edits[0])<<8 | int(edits[1])) % len(raw)
		end := min(len(raw), at+int(edits[3]))
		switch edits[2] % 3 {
		case 0:
			raw[at] = edits[3]
		case 1:
			raw = append(raw[:at:at], raw[end:]...)
		default:
			raw = append(raw[:end:end], raw[at:]...)
		}
	}
	return raw
}

func BenchmarkVerify(b *testing.B) {
	for _, tt := range kinds {
		w := of(b, tt.kind)
		right := w.sign(b, person, noon)
		stamped := w.signed(b, person, noon, dev.SignOptions{TimeStamp: true})
		list := w.crl(b, dev.List{Number: 1, ThisUpdate: noon, NextUpdate: noon.AddDate(0, 0, 1), Revoked: revokedMany(1000)})
		b.Run(tt.name+" with an OCSP answer", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.verifier.Verify(b.Context(), handedIn(right)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(tt.name+" with chain, list and time stamp", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o := kept(stamped)
				o.CRLs = [][]byte{list}
				if got, err := w.verifier.VerifyOffline(b.Context(), o); err != nil || got.TimeFrom != eds.TimeStamped {
					b.Fatal(got, err)
				}
			}
		})
	}
}
