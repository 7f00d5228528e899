package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"v": visible, "line": oneLine}).Parse(page))

// HTML writes the document as one page that refers to nothing: no script, no picture, no font of elsewhere.
func HTML(to io.Writer, d *Document) error {
	if err := pageTemplate.Execute(to, d); err != nil {
		return fmt.Errorf("writing a report as HTML: %w", err)
	}
	return nil
}
