package eventcatalogue

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// comments is what the source says about a struct.
type comments struct {
	text   string
	fields map[string]string // by Go name
}

// sources finds the comments of structs in a module's folders.
type sources struct {
	root, module string
	packages     map[string]map[string]comments // by package path, then by type name
}

func newSources(root, module string) *sources {
	return &sources{root: root, module: module, packages: map[string]map[string]comments{}}
}

func (s *sources) find(t reflect.Type) (comments, error) {
	folder, inside := strings.CutPrefix(t.PkgPath(), s.module+"/")
	if !inside {
		return comments{}, fmt.Errorf("%s: %w", t, errNoSource)
	}
	if s.packages[folder] == nil {
		found, err := parseFolder(filepath.Join(s.root, filepath.FromSlash(folder)))
		if err != nil {
			return comments{}, fmt.Errorf("reading the source of %s: %w", t.PkgPath(), err)
		}
		s.packages[folder] = found
	}
	found, known := s.packages[folder][t.Name()]
	if !known {
		return comments{}, fmt.Errorf("%s: %w", t, errNoSource)
	}
	return found, nil
}

func parseFolder(folder string) (map[string]comments, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	found := map[string]comments{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, declared := range file.Decls {
			if group, ok := declared.(*ast.GenDecl); ok && group.Tok == token.TYPE {
				collect(group, found)
			}
		}
	}
	return found, nil
}

func collect(group *ast.GenDecl, into map[string]comments) {
	for _, spec := range group.Specs {
		declared, isType := spec.(*ast.TypeSpec)
		if !isType {
			continue
		}
		shape, isStruct := declared.Type.(*ast.StructType)
		if !isStruct {
			continue
		}
		c := comments{text: declared.Doc.Text(), fields: map[string]string{}}
		if c.text == "" && len(group.Specs) == 1 {
			c.text = group.Doc.Text()
		}
		c.text = strings.TrimSpace(c.text)
		for _, field := range shape.Fields.List {
			for _, name := range field.Names {
				c.fields[name.Name] = strings.TrimSpace(field.Doc.Text() + field.Comment.Text())
			}
		}
		into[declared.Name.Name] = c
	}
}
