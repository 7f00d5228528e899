package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

// loader reads the files in the order in which they refer to each other.
type loader struct {
	files    fs.FS
	found    *Catalogue
	mistakes []error

	categoryIDs  map[string]string // by slug
	providerIDs  map[string]string
	providerOf   map[string]catalogue.Provider
	calendarIDs  map[string]bool
	workflowOf   map[string]workflowFile
	lawOf        map[string]service.NormativeDocument
	stepOf       map[string]stepFile
	fieldGroupOf map[string][]fieldFile
}

// mistake notes what is wrong in a file.
func (l *loader) mistake(file, format string, args ...any) {
	l.mistakes = append(l.mistakes, fmt.Errorf(file+": "+format, args...))
}

// refused notes why the domain does not take what a file says, one mistake for each fault.
func (l *loader) refused(file string, err error) {
	var p *problem.Problem
	if !errors.As(err, &p) || len(p.Fields) == 0 {
		l.mistake(file, "%w", err)
		return
	}
	for _, field := range p.Fields {
		said := []string{field.Location + ": " + field.Code}
		for _, name := range []string{"min", "max", "format", "type", "reason"} {
			if value, ok := field.Params[name]; ok {
				said = append(said, name+"="+value)
			}
		}
		l.mistake(file, "%s", strings.Join(said, " "))
	}
}

// read decodes one file; keys that nobody knows are mistakes, for they are misspelt ones.
func (l *loader) read(file string, into any) bool {
	raw, err := fs.ReadFile(l.files, file)
	if err != nil {
		l.mistake(file, "read: %w", err)
		return false
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(into); err != nil {
		l.mistake(file, "%s", yaml.FormatError(err, false, true))
		return false
	}
	return true
}

// each calls do with every file of a folder, by name.
func (l *loader) each(folder string, do func(file, slug string)) {
	names, err := fs.Glob(l.files, folder+"/*.yaml")
	if err != nil {
		l.mistake(folder, "list: %w", err)
	}
	slices.Sort(names)
	for _, file := range names {
		slug := strings.TrimSuffix(path.Base(file), ".yaml")
		if !slugForm.MatchString(slug) {
			l.mistake(file, "the file's name must be lower-case letters, digits and dashes")
			continue
		}
		do(file, slug)
	}
}

type categoryFile struct {
	Slug     string         `yaml:"slug"`
	Name     text.Text      `yaml:"name"`
	Children []categoryFile `yaml:"children"`
}

func (l *loader) categories() {
	const file = "categories.yaml"
	l.categoryIDs = map[string]string{}
	var tree []categoryFile
	if !l.read(file, &tree) {
		return
	}
	l.found.Categories = l.branch(tree)
	command := catalogue.DefineCategories{Tree: l.found.Categories}
	if _, err := catalogue.DecideCategories(catalogue.Categories{}, command); err != nil {
		l.refused(file, err)
	}
}

func (l *loader) branch(nodes []categoryFile) []catalogue.Category {
	var branch []catalogue.Category
	for _, node := range nodes {
		id := ID("category", node.Slug)
		l.categoryIDs[node.Slug] = id
		branch = append(branch, catalogue.Category{
			ID: id, Slug: node.Slug, Name: node.Name, Children: l.branch(node.Children),
		})
	}
	return branch
}

type providerFile struct {
	Name      text.Text        `yaml:"name"`
	ShortName text.Text        `yaml:"shortName"`
	Contacts  service.Contacts `yaml:"contacts"`
	Website   string           `yaml:"website"`
	Logo      string           `yaml:"logo"`
	Calendar  string           `yaml:"calendar"`
	Region    string           `yaml:"region"`
}

func (l *loader) providers() {
	l.providerIDs, l.providerOf = map[string]string{}, map[string]catalogue.Provider{}
	l.each("providers", func(file, slug string) {
		var p providerFile
		if !l.read(file, &p) {
			return
		}
		content := catalogue.Provider{
			Name: p.Name, ShortName: p.ShortName, Contacts: p.Contacts,
			Website: p.Website, Logo: p.Logo, CalendarID: p.Calendar, Region: p.Region,
		}
		if _, err := catalogue.DecideProvider(catalogue.ProviderState{}, catalogue.DescribeProvider{Provider: content}); err != nil {
			l.refused(file, err)
		}
		one := ProviderFile{ID: ID("provider", slug), Slug: slug, Content: content}
		l.found.Providers = append(l.found.Providers, one)
		l.providerIDs[slug], l.providerOf[slug] = one.ID, content
	})
}

type calendarFile struct {
	Holidays        []dayFile `yaml:"holidays"`
	WorkingWeekends []dayFile `yaml:"workingWeekends"`
}

type dayFile struct {
	Date string `yaml:"date"`
	Note string `yaml:"note"` // why, for those who read the file
}

func (l *loader) calendars() {
	l.calendarIDs = map[string]bool{}
	l.each("calendars", func(file, slug string) {
		var c calendarFile
		if !l.read(file, &c) {
			return
		}
		one := CalendarFile{ID: slug, Slug: slug}
		one.Holidays = l.days(file, "holidays", c.Holidays, false)
		one.WorkingWeekends = l.days(file, "workingWeekends", c.WorkingWeekends, true)
		l.found.Calendars = append(l.found.Calendars, one)
		l.calendarIDs[slug] = true
	})
	for _, p := range l.found.Providers {
		if !l.calendarIDs[p.Content.CalendarID] {
			l.mistake("providers/"+p.Slug+".yaml", "calendar: there is no calendars/%s.yaml", p.Content.CalendarID)
		}
	}
}

// days reads dates, each once and in order, which are all weekends or all working days of the week.
func (l *loader) days(file, key string, days []dayFile, weekend bool) []string {
	dates := make([]string, 0, len(days))
	for i, day := range days {
		date, err := time.Parse(time.DateOnly, day.Date)
		isWeekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
		switch {
		case err != nil:
			l.mistake(file, "%s[%d].date: %q is not a date such as 2026-01-31", key, i, day.Date)
		case weekend && !isWeekend:
			l.mistake(file, "%s[%d].date: %s is a %s, which is worked anyway", key, i, day.Date, date.Weekday())
		case !weekend && isWeekend:
			l.mistake(file, "%s[%d].date: %s is a %s, which is off anyway", key, i, day.Date, date.Weekday())
		case i > 0 && day.Date <= days[i-1].Date:
			l.mistake(file, "%s[%d].date: %s is not after the date before it", key, i, day.Date)
		default:
			dates = append(dates, day.Date)
		}
	}
	return dates
}

type workflowFile struct {
	Kind          service.Kind                `yaml:"kind"`
	Signatures    []service.SignatureRule     `yaml:"signatures"`
	Questionnaire []service.QuestionnaireItem `yaml:"questionnaire"`
}

func (l *loader) workflows() {
	l.workflowOf = map[string]workflowFile{}
	l.each("workflows", func(file, slug string) {
		var w workflowFile
		if l.read(file, &w) {
			l.workflowOf[slug] = w
		}
	})
}

// parts reads what several services share: laws, whole steps, and groups of fields.
func (l *loader) parts() {
	var laws map[string]documentFile
	l.lawOf = map[string]service.NormativeDocument{}
	if _, err := fs.Stat(l.files, "laws.yaml"); err == nil && l.read("laws.yaml", &laws) {
		for name, law := range laws {
			l.lawOf[name] = service.NormativeDocument{Title: law.Title, URL: law.URL}
		}
	}
	l.stepOf, l.fieldGroupOf = map[string]stepFile{}, map[string][]fieldFile{}
	l.each("fields", func(file, slug string) {
		var group []fieldFile
		if l.read(file, &group) {
			l.fieldGroupOf[slug] = group
		}
	})
	l.each("steps", func(file, slug string) {
		var step stepFile
		if l.read(file, &step) {
			l.stepOf[slug] = step
		}
	})
}
