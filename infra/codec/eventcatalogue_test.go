package codec_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/codec/eventcatalogue"
)

func TestEventCatalogueIsUpToDate(t *testing.T) {
	root := filepath.Join("..", "..")
	path := filepath.Join(root, "docs", "events.md")
	var catalogue bytes.Buffer
	if err := eventcatalogue.Write(&catalogue, root, "services.example/portal", aggregates.All()...); err != nil {
		t.Fatal(err)
	}
	if codectest.Update() {
		if err := os.WriteFile(path, catalogue.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), catalogue.String()); diff != "" {
		t.Errorf("%s is out of date: go test ./infra/codec -run TestEventCatalogue -update\n(-written +registries):\n%s", path, diff)
	}
}
