package analytics

import (
	"cmp"
	"slices"
	"strings"

	"services.example/portal/projections/cases"
)

// Funnel is how far people came with the form of one version of a service.
type Funnel struct {
	Service                string
	Version                int
	Started, Sent, Deleted Tally
	Steps                  []FunnelStep // in the order of the form

	applicants crowd
}

// Told tells whether enough were started, by enough people, for anything to be told of them.
func (f *Funnel) Told() bool { return f.Started.Told() && f.applicants.enough() }

// FunnelStep counts what became of a step.
type FunnelStep struct {
	ID                string
	Touched, Complete Tally
	Last              Tally // the last step that was touched, of those not sent
}

// FunnelKey is which form it is.
type FunnelKey struct {
	Service string
	Version int
}

// Funnels are the funnels of several forms.
type Funnels map[FunnelKey]*Funnel

// Add counts an application, sent or not, by its key.
func (f Funnels) Add(row *cases.Case, key uint64) {
	of := FunnelKey{row.ServiceID, row.ServiceVersion}
	funnel := f[of]
	if funnel == nil {
		of.Service = strings.Clone(of.Service)
		funnel = &Funnel{Service: of.Service, Version: of.Version, Steps: make([]FunnelStep, len(row.Steps))}
		for i, step := range row.Steps {
			funnel.Steps[i].ID = strings.Clone(step.ID)
		}
		f[of] = funnel
	}
	funnel.Started.add(key)
	funnel.applicants.add(row.Applicant, key)
	if row.SentAt != nil {
		funnel.Sent.add(key)
	}
	if row.Status == cases.Deleted {
		funnel.Deleted.add(key)
	}
	last := -1
	for i, step := range row.Steps {
		if i >= len(funnel.Steps) { // cannot be: a version has one form
			break
		}
		if step.Touched {
			last = i
			funnel.Steps[i].Touched.add(key)
		}
		if step.Complete {
			funnel.Steps[i].Complete.add(key)
		}
	}
	if last >= 0 && row.SentAt == nil {
		funnel.Steps[last].Last.add(key)
	}
}

// Merge counts what other funnels count, of other applications.
func (f Funnels) Merge(more Funnels) {
	for key, from := range more {
		into := f[key]
		if into == nil {
			into = &Funnel{Service: from.Service, Version: from.Version, Steps: make([]FunnelStep, len(from.Steps))}
			for i := range from.Steps {
				into.Steps[i].ID = from.Steps[i].ID
			}
			f[key] = into
		}
		into.Started.merge(from.Started)
		into.applicants.merge(&from.applicants)
		into.Sent.merge(from.Sent)
		into.Deleted.merge(from.Deleted)
		for i := range min(len(into.Steps), len(from.Steps)) {
			into.Steps[i].Touched.merge(from.Steps[i].Touched)
			into.Steps[i].Complete.merge(from.Steps[i].Complete)
			into.Steps[i].Last.merge(from.Steps[i].Last)
		}
	}
}

// Ordered lists the funnels by service and version.
func (f Funnels) Ordered() []*Funnel {
	list := make([]*Funnel, 0, len(f))
	for _, funnel := range f {
		list = append(list, funnel)
	}
	slices.SortFunc(list, func(a, b *Funnel) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), cmp.Compare(a.Version, b.Version))
	})
	return list
}
