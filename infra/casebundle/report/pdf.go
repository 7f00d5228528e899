package report

import (
	"embed"
	"fmt"
	"io"
	"sync"

	"codeberg.org/go-pdf/fpdf"
)

// The fonts have all letters of the portal's languages. Their licence lies beside them.
//
//go:embed fonts/DejaVuSans.ttf fonts/DejaVuSans-Bold.ttf fonts/LICENSE
var fontFiles embed.FS

// fonts are read once.
var fonts = sync.OnceValues(func() (read struct{ regular, bold []byte }, err error) {
	if read.regular, err = fontFiles.ReadFile("fonts/DejaVuSans.ttf"); err != nil {
		return read, err
	}
	read.bold, err = fontFiles.ReadFile("fonts/DejaVuSans-Bold.ttf")
	return read, err
})

// Measures of the page, in millimetres, and of letters, in points.
const (
	pageWidth   = 210
	margin      = 18
	bottom      = 20
	textWidth   = pageWidth - 2*margin
	labelWidth  = 52
	indent      = 4
	pointSize   = 9.5
	smallSize   = 8
	lineHeight  = 4.8
	smallHeight = 4.0
	fontName    = "sans"
)

// PDF writes the document as PDF, A4. Characters beyond the basic plane of Unicode are shown as the sign for those that
// cannot be shown; the page in HTML has them.
func PDF(to io.Writer, d *Document) error {
	read, err := fonts()
	if err != nil {
		return fmt.Errorf("reading the fonts of reports: %w", err)
	}
	p := &printer{Fpdf: fpdf.New("P", "mm", "A4", ""), d: d}
	p.SetCatalogSort(true) // the same bytes of the same words
	p.SetCreationDate(d.At)
	p.SetModificationDate(d.At)
	p.SetProducer("portal", true)
	p.SetTitle(printable(oneLine(d.Title)), true)
	p.SetLang(string(d.Language))
	p.AddUTF8FontFromBytes(fontName, "", read.regular)
	p.AddUTF8FontFromBytes(fontName, "B", read.bold)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, bottom)
	p.AliasNbPages("{pages}")
	p.SetFooterFunc(p.foot)
	p.AddPage()
	p.write()
	if err := p.Output(to); err != nil {
		return fmt.Errorf("writing a report as PDF: %w", err)
	}
	return nil
}

// printer writes one document.
type printer struct {
	*fpdf.Fpdf

	d *Document
}

func (p *printer) foot() {
	p.SetY(-bottom + 6)
	p.SetX(margin)
	p.SetFont(fontName, "", smallSize)
	p.grey()
	p.CellFormat(textWidth-22, smallHeight, printable(oneLine(p.d.Foot)), "", 0, "L", false, 0, "")
	p.CellFormat(22, smallHeight, fmt.Sprintf("%d / {pages}", p.PageNo()), "", 0, "R", false, 0, "")
	p.black()
}

func (p *printer) black() { p.SetTextColor(27, 31, 36) }
func (p *printer) grey()  { p.SetTextColor(74, 83, 97) }

func (p *printer) write() {
	p.black()
	p.SetFont(fontName, "B", 16)
	p.paragraph(margin, textWidth, 7.5, oneLine(p.d.Title))
	p.Ln(2)
	for _, lead := range p.d.Lead {
		p.SetFont(fontName, "", pointSize)
		p.paragraph(margin, textWidth, lineHeight, oneLine(lead))
		p.Ln(1)
	}
	p.facts(margin, p.d.Facts)
	for i := range p.d.Sections {
		p.section(&p.d.Sections[i])
	}
}

func (p *printer) section(s *Section) {
	const least = 30 // a heading is not left alone at the end of a page
	_, height := p.GetPageSize()
	if p.GetY() > height-bottom-least {
		p.AddPage()
	}
	p.Ln(5)
	p.Bookmark(printable(oneLine(s.Title)), 0, -1)
	p.SetFont(fontName, "B", 12)
	p.paragraph(margin, textWidth, 6, oneLine(s.Title))
	p.SetDrawColor(11, 85, 99)
	p.Line(margin, p.GetY()+0.6, pageWidth-margin, p.GetY()+0.6)
	p.Ln(2.4)
	p.SetFont(fontName, "", pointSize)
	if s.Lead != "" {
		p.paragraph(margin, textWidth, lineHeight, oneLine(s.Lead))
		p.Ln(1)
	}
	p.facts(margin, s.Facts)
	for i := range s.Entries {
		p.entry(&s.Entries[i])
	}
	if len(s.Facts) == 0 && len(s.Entries) == 0 && s.Empty != "" {
		p.paragraph(margin, textWidth, lineHeight, oneLine(s.Empty))
	}
}

func (p *printer) entry(e *Entry) {
	p.Ln(1.6)
	p.SetFont(fontName, "B", smallSize)
	p.grey()
	head := ""
	for _, part := range []string{e.Mark, e.When, e.Who} {
		if part != "" {
			if head != "" {
				head += "   "
			}
			head += oneLine(part)
		}
	}
	if head != "" {
		p.paragraph(margin, textWidth, smallHeight, head)
	}
	p.black()
	p.SetFont(fontName, "", pointSize)
	if e.Text != "" {
		p.paragraph(margin+indent, textWidth-indent, lineHeight, oneLine(e.Text))
	}
	if e.Quote != "" {
		p.SetFillColor(243, 246, 247)
		p.SetX(margin + indent)
		p.SetLeftMargin(margin + indent)
		p.MultiCell(textWidth-indent, lineHeight, printable(visible(e.Quote)), "", "L", true)
		p.SetLeftMargin(margin)
	}
	p.facts(margin+indent, e.Facts)
}

// facts writes names at the left and what they are beside them.
func (p *printer) facts(left float64, facts []Fact) {
	for _, fact := range facts {
		top, page := p.GetY(), p.PageNo()
		p.SetFont(fontName, "", smallSize)
		p.grey()
		p.paragraph(left, labelWidth, lineHeight, oneLine(fact.Label))
		p.black()
		below, belowPage := p.GetY(), p.PageNo()
		if belowPage == page { // else the value begins under its name
			p.SetY(top)
		}
		p.SetFont(fontName, "", pointSize)
		p.paragraph(left+labelWidth+2, pageWidth-margin-left-labelWidth-2, lineHeight, visible(fact.Value))
		if belowPage == p.PageNo() && p.GetY() < below {
			p.SetY(below)
		}
	}
}

// paragraph writes text from the left, broken into lines.
func (p *printer) paragraph(left, width, height float64, words string) {
	p.SetLeftMargin(left)
	p.SetX(left)
	p.MultiCell(width, height, printable(words), "", "L", false)
	p.SetLeftMargin(margin)
	p.SetX(margin)
}
