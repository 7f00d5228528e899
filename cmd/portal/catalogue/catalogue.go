// Package catalogue reads the portal's catalogue out of files: categories, providers, calendars and services with their
// passports, forms and workflows. README.md beside it says how the files are written.
package catalogue

import (
	"embed"
	"errors"
	"io/fs"

	"github.com/google/uuid"

	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
)

//go:embed data
var embedded embed.FS

// Embedded gives the catalogue's files that are built into the binary.
func Embedded() fs.FS {
	files, err := fs.Sub(embedded, "data")
	if err != nil {
		return embedded // cannot happen: data is a valid path
	}
	return files
}

// namespace makes the ids: a file keeps its id for as long as it keeps its name. It never changes.
var namespace = uuid.MustParse("0c5d7f2e-6a0b-5d3c-9b5e-2f4f8a7c1e90")

// ID gives the id of what a file or a category describes; what is service, category or provider.
func ID(what, slug string) string {
	return uuid.NewSHA1(namespace, []byte(what+"/"+slug)).String()
}

// Catalogue is everything that the files say, ready to be decided on.
type Catalogue struct {
	Categories []catalogue.Category
	Providers  []ProviderFile // by slug
	Calendars  []CalendarFile // by slug
	Services   []ServiceFile  // by slug
}

// ProviderFile is one organisation.
type ProviderFile struct {
	ID      string
	Slug    string
	Content catalogue.Provider
}

// CalendarFile is one calendar of working days. Dates are yyyy-mm-dd, in order.
type CalendarFile struct {
	ID              string // the slug: calendar-kz is the stream of the calendar kz
	Slug            string
	Holidays        []string // days off that the week does not give
	WorkingWeekends []string // Saturdays and Sundays that are worked
}

// ServiceFile is one service.
type ServiceFile struct {
	ID      string
	Slug    string
	Content service.Content
}

// Load reads a catalogue: categories.yaml and the folders providers, calendars, workflows, steps, fields and services. It
// names every mistake of every file at once, each with its file and its place there.
func Load(files fs.FS) (*Catalogue, error) {
	l := loader{files: files, found: &Catalogue{}}
	l.categories()
	l.providers()
	l.calendars()
	l.workflows()
	l.parts()
	l.services()
	if len(l.mistakes) > 0 {
		return nil, errors.Join(l.mistakes...)
	}
	return l.found, nil
}
