package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheDigestLeavesOutTheBoundaryHoweverTheBodyArrives(t *testing.T) {
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/files?step=1", http.NoBody)
	rapid.Check(t, func(t *rapid.T) {
		boundary := rapid.StringMatching(`[ab-]{1,6}`).Draw(t, "boundary")
		body := rapid.StringMatching(`[abc-]{0,60}`).Draw(t, "body")
		digest := newDigest(request, boundary)
		for rest := body; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			if written, err := digest.body.Write([]byte(rest[:n])); written != n || err != nil {
				t.Fatalf("%d bytes written, %v; want %d", written, err, n)
			}
			rest = rest[n:]
		}
		want := sha256.Sum256([]byte("POST /files?step=1\n" + strings.ReplaceAll(body, boundary, "")))
		if got := digest.String(); got != hex.EncodeToString(want[:]) {
			t.Errorf("boundary %q, body %q: %s, want %x", boundary, body, got, want)
		}
	})
}
