package ncalayer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/ncalayer"
)

// recordings are conversations with the real program that come with the library ncalayer-js-client.
const recordings = "../../../tools/ncalayer/node_modules/ncalayer-js-client/test/test-data.json"

// TestAnswersAreThoseThatWereRecorded asks what the authors of the library have asked the real program, and cancels where they
// have cancelled. Everything must come out as it did then, but for the bytes of signatures and for XML, which is refused.
func TestAnswersAreThoseThatWereRecorded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash(recordings))
	if errors.Is(err, fs.ErrNotExist) {
		edstest.Missing(t, fmt.Errorf("install the library with npm ci --prefix tools/ncalayer: %w", err))
	}
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct{ Request, Response string }
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	tokens := []string{"PKCS12", "AKKaztokenStore"}
	wallet := wallet(t)
	agrees := serve(t, ncalayer.Config{Keys: wallet, Storages: tokens})
	without := serve(t, ncalayer.Config{Keys: wallet})
	cancels := serve(t, ncalayer.Config{Keys: wallet, Storages: tokens, Consent: ncalayer.Never{}})
	compared := 0
	for _, r := range recorded {
		if strings.Contains(r.Request, "Xml") || strings.Contains(r.Request, `"xml"`) || strings.Contains(r.Request, "digiflow") {
			continue // XML is no part of a demo, and it is no KAZTOKEN
		}
		address := agrees
		switch {
		case r.Response == `{"body":{},"status":true}` || strings.Contains(r.Response, "action.canceled"):
			address = cancels
		case r.Response == `{"responseObject":[],"code":"200"}`:
			address = without
		case strings.Contains(r.Request, "AUTHENTICATION"):
			continue // the key to sign in with was another one
		}
		p := open(t, address)
		want, got := shape(parse(t, r.Response)), shape(p.ask(r.Request))
		if err := p.connection.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.300s was answered (-recorded +got):\n%s", r.Request, diff)
		}
		compared++
	}
	if compared < 30 {
		t.Errorf("only %d conversations were compared", compared)
	}
}

// shape replaces what depends on keys: signatures and what is known of keys.
func shape(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if _, key := v["certNotBefore"]; key {
			return "a key"
		}
		shaped := map[string]any{}
		for name, field := range v {
			shaped[name] = field
			if name == "responseObject" || name == "body" || name == "result" {
				shaped[name] = shape(field)
			}
		}
		return shaped
	case []any:
		var shaped []any
		for _, item := range v {
			shaped = append(shaped, shape(item))
		}
		return shaped
	case string:
		if strings.HasPrefix(v, "-----BEGIN CMS-----\n") && strings.HasSuffix(v, "-----END CMS-----\n") {
			return "a signature in PEM"
		}
		if strings.HasPrefix(v, "AK") {
			return v // a store of keys
		}
		return "a signature"
	default:
		return value
	}
}
