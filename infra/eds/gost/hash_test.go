package gost_test

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/gost"
)

// hashes are all that the package has, for tests of what they share.
var hashes = map[string]struct {
	make func() hash.Hash
	size int
}{
	"Streebog-512":   {gost.New512, gost.Size512},
	"Streebog-256":   {gost.New256, gost.Size256},
	"GOST 34.311-95": {gost.New94, gost.Size94},
}

// The messages of RFC 6986, section 10, written as its octets come in memory.
const (
	rfc6986M1 = "012345678901234567890123456789012345678901234567890123456789012"
	rfc6986M2 = "\xd1\xe5\x20\xe2\xe5\xf2\xf0\xe8\x2c\x20\xd1\xf2\xf0\xe8\xe1\xee\xe6\xe8\x20\xe2\xed\xf3\xf6\xe8\x2c\x20\xe2\xe5\xfe\xf2\xfa\x20" +
		"\xf1\x20\xec\xee\xf0\xff\x20\xf1\xf2\xf0\xe5\xeb\xe0\xec\xe8\x20\xed\xe0\x20\xf5\xf0\xe0\xe1\xf0\xfb\xff\x20\xef\xeb\xfa\xea\xfb\x20\xc8\xe3\xee\xf0\xe5\xe2\xfb"
)

func TestPublishedVectors(t *testing.T) {
	for _, c := range []struct{ name, hash, message, want string }{
		{"RFC 6986 10.1.1", "Streebog-512", rfc6986M1, "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"},
		{"RFC 6986 10.1.2", "Streebog-256", rfc6986M1, "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"},
		{"RFC 6986 10.2.1", "Streebog-512", rfc6986M2, "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28"},
		{"RFC 6986 10.2.2", "Streebog-256", rfc6986M2, "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50"},
		{"nothing", "Streebog-512", "", "8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a"},
		{"nothing", "Streebog-256", "", "3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb"},
		{"RFC 5831 7.3.1", "GOST 34.311-95", "This is message, length=32 bytes", "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"},
		{"RFC 5831 7.3.2", "GOST 34.311-95", "Suppose the original message has length = 50 bytes", "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208"},
		{"nothing", "GOST 34.311-95", "", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"},
		{"one block and more", "GOST 34.311-95", strings.Repeat("U", 128), "53a3a3ed25180cef0c1d85a074273e551c25660a87062a52d926a9e8fe5733a4"},
	} {
		t.Run(c.hash+"/"+c.name, func(t *testing.T) {
			require.Equal(t, c.want, hex.EncodeToString(digest(hashes[c.hash].make(), []byte(c.message))))
		})
	}
}

// Messages of every length from 0 to 299 bytes; what libgcrypt 1.10.1 makes of them, all digests hashed with SHA-256.
func TestAgainstAnotherImplementation(t *testing.T) {
	for name, want := range map[string]string{
		"Streebog-512":   "401aa3865ac71c52ef0d1bc4695c14d07d766632da6184205922b2d796b3c5f4",
		"Streebog-256":   "d6f5420489b55d629a82ce1b7f95653a4472c23ba0aeee0ea4791f04e96fe7f1",
		"GOST 34.311-95": "9a0b830a0bd4c19d9a40e2288b7b2a8dce25113f7e06676dd231f7067246fff3",
	} {
		t.Run(name, func(t *testing.T) {
			all := sha256.New()
			for n := range 300 {
				message := make([]byte, n)
				for i := range message {
					message[i] = byte(7*i + n)
				}
				all.Write(digest(hashes[name].make(), message))
			}
			require.Equal(t, want, hex.EncodeToString(all.Sum(nil)))
		})
	}
}

func TestSumsCarryFromWordToWord(t *testing.T) {
	// Words of ones make every addition of the checksum carry; libgcrypt 1.10.1 gives these digests.
	message := []byte(strings.Repeat("\xff", 64) + strings.Repeat("\xff", 64) + "\x01")
	for name, want := range map[string]string{
		"Streebog-512":   "89012bfef4f273e0eeaa4d3739e2e9ad40c28a98182a58a655ca25c82271328c10c3575fe16b6360a96a4fe629120547a036b304eeb0784f5f133e402263bb21",
		"Streebog-256":   "85d08b62a24f3c0182c9ca059cadd465f6b57025b2d6c1317baddc133f61f47c",
		"GOST 34.311-95": "adeeb2736e4fef338e44aa672016e68ebcbc68f0e7f15e7414f7874f35cc3089",
	} {
		require.Equal(t, want, hex.EncodeToString(digest(hashes[name].make(), message)), name)
	}
}

func TestHowTheMessageIsCutDoesNotMatter(t *testing.T) {
	for name, h := range hashes {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			message := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "message")
			whole := digest(h.make(), message)
			pieces := h.make()
			for rest := message; len(rest) > 0; {
				n := rapid.IntRange(0, len(rest)).Draw(t, "length")
				written, err := pieces.Write(rest[:n])
				require.NoError(t, err)
				require.Equal(t, n, written)
				pieces.Sum(nil) // asking in between changes nothing
				if n == 0 {
					n, _ = pieces.Write(rest[:1])
				}
				rest = rest[n:]
			}
			require.Equal(t, whole, pieces.Sum(nil))
		}))
	}
}

func TestSumAppendsAndResetForgets(t *testing.T) {
	for name, h := range hashes {
		t.Run(name, func(t *testing.T) {
			d := h.make()
			empty := d.Sum(nil)
			require.Len(t, empty, h.size)
			require.Equal(t, h.size, d.Size())
			d.Write([]byte("forget this"))
			require.NotEqual(t, empty, d.Sum(nil))
			d.Reset()
			require.Equal(t, append([]byte("before"), empty...), d.Sum([]byte("before")))
		})
	}
}

func BenchmarkHash(b *testing.B) {
	message := make([]byte, 1<<16)
	for _, name := range []string{"Streebog-512", "GOST 34.311-95"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				digest(hashes[name].make(), message)
			}
		})
	}
}

func digest(h hash.Hash, message []byte) []byte {
	h.Write(message)
	return h.Sum(nil)
}
