package pkcs12_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/pkcs12"
)

// The examples of RFC 2268, section 5, in which all bits of the key count.
func TestExamplesOfRC2(t *testing.T) {
	for _, c := range []struct{ key, plain, encrypted string }{
		{"ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
		{"88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"},
	} {
		block := pkcs12.NewRC2(bytesOf(t, c.key))
		require.Equal(t, 8, block.BlockSize())
		encrypted, plain := make([]byte, 8), make([]byte, 8)
		block.Encrypt(encrypted, bytesOf(t, c.plain))
		require.Equal(t, c.encrypted, hex.EncodeToString(encrypted))
		block.Decrypt(plain, encrypted)
		require.Equal(t, c.plain, hex.EncodeToString(plain))
	}
}

func TestDecryptingUndoesEncrypting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		block := pkcs12.NewRC2(rapid.SliceOfN(rapid.Byte(), 1, 128).Draw(t, "key"))
		plain := rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "plain")
		work := append([]byte{}, plain...)
		block.Encrypt(work, work)
		block.Decrypt(work, work)
		require.Equal(t, plain, work)
	})
}
