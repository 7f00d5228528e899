package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
	"services.example/portal/projections/cases"
	"services.example/portal/projections/popularservices"
	"services.example/portal/projections/servicestatistics"
	"services.example/portal/projections/statisticsbycategory"
	"services.example/portal/readapi/analytics"
)

// whatIf is a question to history: what figures would be if the rules had been others.
type whatIf struct {
	projection string
	rules      cases.Rules
	calendarID string // by which terms are counted anew, if no other calendar is given; empty: the usual one, where another rule asks for it
	from, to   string // months, both inclusive; empty: open
	by         []analytics.Dimension
	format     analytics.Format
	key        []byte // for pseudonyms
}

// What can be run: two views of the cases, under rules of one's own, and the figures as they are.
const (
	runApplications = "applications" // one row each, under pseudonyms
	runFigures      = "figures"      // counts, protected as those of the API
)

// runnable are the read models that can be run as they are. They hold figures, and nobody's data.
var runnable = map[string]func(within func(codec.Envelope) bool) projections.Projection{
	servicestatistics.Name: func(within func(codec.Envelope) bool) projections.Projection {
		return narrowed(servicestatistics.Model, within)
	},
	statisticsbycategory.Name: func(within func(codec.Envelope) bool) projections.Projection {
		return narrowed(statisticsbycategory.Model, within)
	},
	popularservices.Name: func(within func(codec.Envelope) bool) projections.Projection {
		return narrowed(popularservices.Model, within)
	},
}

// narrowed folds only events that are within.
func narrowed[D any](model projections.ReadModel[D], within func(codec.Envelope) bool) projections.Projection {
	keys := model.Keys
	model.Keys = func(event codec.Envelope) []string {
		if !within(event) {
			return nil
		}
		return keys(event)
	}
	return model.Projection()
}

// firstMonth and lastMonth are before and after all others.
const (
	firstMonth = "0001-01"
	lastMonth  = "9999-12"
)

// usualCalendar is the calendar of the country.
const usualCalendar = "kz"

// parseWhatIf reads a question as the control socket and the command line put it.
func parseWhatIf(form url.Values) (whatIf, error) {
	q := whatIf{
		projection: form.Get("projection"), from: form.Get("from"), to: form.Get("to"), format: analytics.Format(form.Get("format")),
	}
	if q.from == "" {
		q.from = firstMonth
	}
	if q.to == "" {
		q.to = lastMonth
	}
	for _, name := range form["by"] {
		q.by = append(q.by, analytics.Dimension(name))
	}
	if _, known := runnable[q.projection]; !known && q.projection != runApplications && q.projection != runFigures {
		names := append(slices.Sorted(maps.Keys(runnable)), runApplications, runFigures)
		return q, fmt.Errorf("there is no projection %q to run: it is one of %s", q.projection, strings.Join(names, ", "))
	}
	for _, month := range []string{q.from, q.to} {
		if _, err := calendar.ParseDate(month + "-01"); err != nil {
			return q, fmt.Errorf("%q is no month such as 2026-11", month)
		}
	}
	if q.to < q.from {
		return q, fmt.Errorf("there is no month from %s to %s", q.from, q.to)
	}
	if err := q.setAll(form["set"]); err != nil {
		return q, err
	}
	if file := form.Get("calendar"); file != "" {
		if q.calendarID != "" {
			return q, errors.New("there are two calendars: the file's, and that of --set calendar")
		}
		days, err := parseCalendar([]byte(file))
		if err != nil {
			return q, err
		}
		q.rules.Calendar = &days
	}
	if _, asIs := runnable[q.projection]; asIs && (q.rules.Calendar != nil || len(form["set"]) > 0) {
		return q, fmt.Errorf("%s has no parameters: %s and %s have", q.projection, runApplications, runFigures)
	}
	if text := form.Get("key"); text != "" {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return q, errors.New("the export key is not base64")
		}
		if len(key) < analytics.MinKey || len(key) > analytics.MaxKey {
			return q, fmt.Errorf("the export key has %d bytes: it needs %d to %d", len(key), analytics.MinKey, analytics.MaxKey)
		}
		q.key = key
	}
	return q, nil
}

// setAll sets parameters, each once.
func (q *whatIf) setAll(settings []string) error {
	known := map[string]bool{}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		if known[name] {
			return fmt.Errorf("%s is set twice", name)
		}
		known[name] = true
		if err := q.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// set sets a parameter, such as term to 10.
func (q *whatIf) set(name, value string) error {
	switch name {
	case "term":
		days, err := strconv.Atoi(value)
		if err != nil || days < 1 || days > calendar.MaxTerm {
			return fmt.Errorf("term=%s: days, 1 to %d", value, calendar.MaxTerm)
		}
		q.rules.TermDays = days
	case "term-kind":
		kind := service.TermKind(value)
		if kind != service.WorkingDays && kind != service.CalendarDays {
			return fmt.Errorf("term-kind=%s: working or calendar", value)
		}
		q.rules.TermKind = kind
	case "calendar":
		if value == "" {
			return errors.New("calendar=: the name of a calendar of the portal, such as " + usualCalendar)
		}
		q.calendarID = value
	default:
		return fmt.Errorf("there is no parameter %q: there are term, term-kind and calendar", name)
	}
	return nil
}

// parseCalendar reads a calendar as the catalogue has them: days, or days with a note.
func parseCalendar(file []byte) (calendar.Calendar, error) {
	var read struct {
		Holidays        []any `yaml:"holidays"`
		WorkingWeekends []any `yaml:"workingWeekends"`
	}
	if err := yaml.UnmarshalWithOptions(file, &read, yaml.Strict()); err != nil {
		return calendar.Calendar{}, fmt.Errorf("reading the calendar: %w", err)
	}
	var lists [2][]calendar.Date
	for i, list := range [][]any{read.Holidays, read.WorkingWeekends} {
		for _, item := range list {
			if noted, ok := item.(map[string]any); ok {
				item = noted["date"]
			}
			text, _ := item.(string)
			date, err := calendar.ParseDate(text)
			if err != nil {
				return calendar.Calendar{}, fmt.Errorf("reading the calendar: %q is no day such as 2026-11-23", fmt.Sprint(item))
			}
			lists[i] = append(lists[i], date)
		}
	}
	return calendar.New(lists[0], lists[1]), nil
}

// whatIfFolder is how the folders begin in which history is folded anew.
const whatIfFolder = "what-if-"

// removeWhatIfs removes what was left of questions when the process that answered them was killed.
func removeWhatIfs(data string) error {
	left, err := filepath.Glob(filepath.Join(data, whatIfFolder+"*"))
	for _, folder := range left {
		err = errors.Join(err, os.RemoveAll(folder))
	}
	if err != nil {
		return fmt.Errorf("removing what is left of questions to history: %w", err)
	}
	return nil
}

// whatIf answers a question by folding the history anew, into a store that is there only meanwhile.
func (p *portal) whatIf(ctx context.Context, where storage, q whatIf, w io.Writer) (err error) {
	projection, err := p.projectionOf(ctx, &q)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(where.Data, whatIfFolder)
	if err != nil {
		return fmt.Errorf("making a place for the answer: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	reads, err := pebblestore.Open(folder, pebblestore.Options{SweepEvery: -1, CacheSize: 8 << 20})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reads.Close()) }()
	engine, err := projections.New(projections.Config{
		Events: p.events, Reads: reads, Decoder: p.codec, Projections: []projections.Projection{projection},
		DeferCompactions: reads.DeferCompactions,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if err := engine.Start(ctx); err != nil {
		return err
	}
	if err := engine.CaughtUp(ctx); err != nil {
		return err
	}
	collection, err := engine.Directory().Serving(ctx, projection.Name)
	if err != nil {
		return err
	}
	source := analytics.Source{Reads: reads, Collection: collection}
	switch q.projection {
	case runApplications:
		return p.whatIfRows(ctx, source, q, w)
	case runFigures:
		return p.whatIfFigures(ctx, source, q, w)
	default:
		return dump(ctx, reads, collection, w)
	}
}

// projectionOf is the projection that a question runs.
func (p *portal) projectionOf(ctx context.Context, q *whatIf) (projections.Projection, error) {
	if of, asIs := runnable[q.projection]; asIs {
		return of(func(event codec.Envelope) bool {
			if q.from == firstMonth && q.to == lastMonth {
				return true
			}
			month := cases.MonthOf(event.Created)
			return month >= q.from && month <= q.to
		}), nil
	}
	if q.rules.Calendar == nil && (q.calendarID != "" || q.rules.TermDays > 0 || q.rules.TermKind != "") {
		days, err := p.calendarOf(ctx, cmp.Or(q.calendarID, usualCalendar))
		if err != nil {
			return projections.Projection{}, err
		}
		q.rules.Calendar = &days
	}
	return cases.With(q.rules).Projection(), nil
}

// calendarOf is a calendar as it was defined last.
func (p *portal) calendarOf(ctx context.Context, id string) (calendar.Calendar, error) {
	state := calendar.State{}
	for recorded, err := range p.events.ReadStream(ctx, "calendar-"+id, eventstore.StreamRead{}) {
		var unknown *eventstore.NotFoundError
		if errors.As(err, &unknown) {
			return calendar.Calendar{}, fmt.Errorf("the portal has no calendar %q", id)
		}
		if err != nil {
			return calendar.Calendar{}, fmt.Errorf("reading the calendar %s: %w", id, err)
		}
		event, err := p.codec.Decode(ctx, recorded)
		if err != nil {
			return calendar.Calendar{}, err
		}
		if defined, ok := event.Event.(calendar.Defined); ok {
			state = calendar.State{Version: defined.Version, Holidays: defined.Holidays, WorkingWeekends: defined.WorkingWeekends}
		}
	}
	return state.Calendar(), nil
}

// whatIfRows writes one row an application.
func (p *portal) whatIfRows(ctx context.Context, source analytics.Source, q whatIf, w io.Writer) error {
	names, err := analytics.NewPseudonyms(p.secrets.analytics, "operator", q.key)
	if err != nil {
		return err
	}
	at := p.now()
	cube, err := source.Cube(ctx, analytics.NewKeys(p.secrets.analytics), q.from, q.to, at)
	if err != nil {
		return err
	}
	rows, err := analytics.NewWriter(q.format, w)
	if err != nil {
		return err
	}
	all := func(*cases.Case) bool { return true }
	if _, err := source.Export(ctx, []analytics.Cube{cube}, q.from, q.to, at, names, all, rows); err != nil {
		return err
	}
	return rows.Close()
}

// figuresLine is a cell of an answer, as a line of JSON.
type figuresLine struct {
	Month    string `json:"month,omitempty"`
	Service  string `json:"service,omitempty"`
	Provider string `json:"provider,omitempty"`
	Region   string `json:"region,omitempty"`
	Status   string `json:"status,omitempty"`
	analytics.ProtectedFigures
}

// whatIfFigures writes the figures, protected as everywhere.
func (p *portal) whatIfFigures(ctx context.Context, source analytics.Source, q whatIf, w io.Writer) error {
	cube, err := source.Cube(ctx, analytics.NewKeys(p.secrets.analytics), q.from, q.to, p.now())
	if err != nil {
		return err
	}
	cells := analytics.Sum([]analytics.Cube{cube}, q.by, func(analytics.Key) bool { return true })
	encoder := json.NewEncoder(w)
	for _, key := range cells.Ordered() {
		line := figuresLine{
			Month: key.Month, Service: key.Service, Provider: key.Provider, Region: key.Region, Status: key.Status,
			ProtectedFigures: cells[key].Published(),
		}
		if err := encoder.Encode(line); err != nil {
			return fmt.Errorf("writing figures: %w", err)
		}
	}
	return nil
}

// dump writes the documents of a read model, a line of JSON each.
func dump(ctx context.Context, reads readstore.Store, collection string, w io.Writer) error {
	for document, err := range readstore.Walk(ctx, reads, collection, "", "") {
		if err != nil {
			return err
		}
		line, err := bson.MarshalExtJSON(document.Body, false, false)
		if err != nil {
			return fmt.Errorf("writing document %s: %w", document.ID, err)
		}
		if _, err := fmt.Fprintf(w, "%s\n", line); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return nil
}
