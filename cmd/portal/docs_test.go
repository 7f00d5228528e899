package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestEveryFlagOfServeIsDocumented: an operator reads docs, not the source.
func TestEveryFlagOfServeIsDocumented(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	var text strings.Builder
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
	}
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	serve := slices.IndexFunc(parser.Model.Children, func(command *kong.Node) bool { return command.Name == "serve" })
	for _, flag := range parser.Model.Children[serve].Flags {
		if !strings.Contains(text.String(), "--"+flag.Name) {
			t.Errorf("no page says what --%s is for", flag.Name)
		}
		if len(flag.Envs) == 0 {
			t.Errorf("--%s has no environment variable", flag.Name)
		}
	}
}

// TestThePagesAreInTheirIndex: a page that nobody can find is not written.
func TestThePagesAreInTheirIndex(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	index, err := os.ReadFile(filepath.Join(docs, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.md", "adr/*.md"} {
		pages, err := filepath.Glob(filepath.Join(docs, pattern))
		if err != nil || len(pages) == 0 {
			t.Fatalf("no pages: %v", err)
		}
		for _, page := range pages {
			name, err := filepath.Rel(docs, page)
			if err != nil {
				t.Fatal(err)
			}
			if name != "README.md" && !strings.Contains(string(index), "]("+filepath.ToSlash(name)+")") {
				t.Errorf("the index leads nobody to %s", name)
			}
		}
	}
}
