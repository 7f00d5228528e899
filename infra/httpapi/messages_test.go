package httpapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"services.example/portal/domain/text"
)

func TestEveryMessageExistsInThreeLanguages(t *testing.T) {
	gap := regexp.MustCompile(`\{[^}]*\}`)
	for code, words := range messages {
		if !words.Complete() {
			t.Errorf("%s is not in every language: %+v", code, words)
		}
		for _, l := range text.Languages {
			if got := words.In(l); got != strings.TrimSpace(got) {
				t.Errorf("%s in %s begins or ends with blanks", code, l)
			}
			if !slices.Equal(sorted(gap.FindAllString(words.In(l), -1)), sorted(gap.FindAllString(words.KK, -1))) {
				t.Errorf("%s has other gaps in %s than in kk", code, l)
			}
		}
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestMessagesFillTheirGaps(t *testing.T) {
	params := map[string]string{"max": "20"}
	for l, want := range map[text.Language]string{
		text.Kazakh: "Файл тым үлкен, ең көбі — 20 МБ.", text.Russian: "Файл слишком велик, не более 20 МБ.",
		text.English: "The file is too large, at most 20 MB.",
	} {
		if got := Message(l, "file-too-large", params); got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
	}
	if got := Message(text.English, "no-such-code", nil); got != "no-such-code" {
		t.Errorf("a code without words is %q", got)
	}
}

func TestEveryCodeOfTheSourceHasWords(t *testing.T) {
	codes := readSource(t).codes
	if len(codes) < 80 {
		t.Fatalf("only %d codes found: this test no longer reads the source", len(codes))
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if !Worded(code) {
			t.Errorf("%s, given at %s, has no words", code, codes[code])
		}
	}
}

func TestEveryMessageIsUsed(t *testing.T) {
	literals := readSource(t).literals
	for _, code := range slices.Sorted(maps.Keys(messages)) {
		if status, found := strings.CutPrefix(code, "status-"); found {
			number, err := strconv.Atoi(status)
			if err != nil || number != 500 && !slices.Contains(slices.Collect(maps.Values(statusOf)), number) {
				t.Errorf("%s is the title of no problem", code)
			}
			continue
		}
		if !literals[code] {
			t.Errorf("%s is given nowhere", code)
		}
	}
}

// source is what the Go files of the portal say.
type source struct {
	codes    map[string]string // where a code is given as one
	literals map[string]bool   // every string, up to a bar
	takers   map[string]int    // functions that take a code, by folder and name: which argument it is
	files    *token.FileSet
}

// readSource reads every folder whose problems reach people.
func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{codes: map[string]string{}, literals: map[string]bool{}, takers: map[string]int{}, files: token.NewFileSet()}
	parsed := map[string]*ast.File{}
	for _, root := range []string{"domain", "commands", "readapi", "infra", "cmd"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && path == anotherProgram {
				return fs.SkipDir
			}
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			parsed[path], err = parser.ParseFile(s.files, path, nil, parser.SkipObjectResolution)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, file := range parsed {
		s.findTakers(filepath.Dir(path), file)
	}
	for path, file := range parsed {
		s.findCodes(filepath.Dir(path), file)
	}
	return s
}

// anotherProgram speaks for one that is not the portal: the codes are that one's.
var anotherProgram = filepath.Join("..", "..", "infra", "eds", "ncalayer")

// findTakers notes the functions with a parameter named code or fault.
func (s *source) findTakers(folder string, file *ast.File) {
	note := func(name string, function *ast.FuncType) {
		position := 0
		for _, field := range function.Params.List {
			for _, parameter := range field.Names {
				if kind, plain := field.Type.(*ast.Ident); plain && kind.Name == "string" &&
					(parameter.Name == "code" || parameter.Name == "fault") {
					s.takers[folder+"."+name] = position
				}
				position++
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv != nil {
				note("method "+n.Name.Name, n.Type)
			} else {
				note(n.Name.Name, n.Type)
			}
		case *ast.AssignStmt:
			for i, right := range n.Rhs {
				name, named := n.Lhs[i].(*ast.Ident)
				if function, is := right.(*ast.FuncLit); is && named {
					note(name.Name, function.Type)
				}
			}
		}
		return true
	})
}

// findCodes notes what is passed to takers, assigned to a variable named code, given to a field named Code, or the value of a
// constant whose name begins so.
func (s *source) findCodes(folder string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if value, is := literal(n); is {
				before, _, _ := strings.Cut(value, "|")
				s.literals[before] = true
			}
		case *ast.CallExpr:
			if position, takes := s.takers[called(folder, n.Fun)]; takes && position < len(n.Args) {
				s.note(n.Args[position])
			}
		case *ast.KeyValueExpr:
			if key, named := n.Key.(*ast.Ident); named && key.Name == "Code" {
				s.note(n.Value)
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if strings.HasPrefix(name.Name, "Code") && i < len(n.Values) {
					s.note(n.Values[i])
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if name, named := left.(*ast.Ident); named && name.Name == "code" && i < len(n.Rhs) {
					s.note(n.Rhs[i])
				}
			}
		}
		return true
	})
}

func (s *source) note(value ast.Expr) {
	if code, is := literal(value); is && code != "" {
		s.codes[code] = s.files.Position(value.Pos()).String()
	}
}

func literal(value ast.Expr) (string, bool) {
	basic, is := value.(*ast.BasicLit)
	if !is || basic.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(basic.Value)
	return text, err == nil
}

var problemFolder = filepath.Join("..", "..", "domain", "problem")

// called names a function as findTakers does: those of package problem by its folder, the rest by this one.
func called(folder string, function ast.Expr) string {
	switch f := function.(type) {
	case *ast.Ident:
		return folder + "." + f.Name
	case *ast.SelectorExpr:
		if of, plain := f.X.(*ast.Ident); plain && of.Name == "problem" {
			return problemFolder + "." + f.Sel.Name
		}
		return folder + ".method " + f.Sel.Name
	default:
		return ""
	}
}
