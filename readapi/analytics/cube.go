package analytics

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"services.example/portal/projections/cases"
)

// Dimension is what figures are told apart by.
type Dimension string

// The dimensions.
const (
	Month    Dimension = "month" // in which the application was sent, in Almaty
	Service  Dimension = "service"
	Provider Dimension = "provider"
	Region   Dimension = "region"
	Status   Dimension = "status"
)

// Key is the place of a cell; what is not told apart is empty.
type Key struct {
	Month, Service, Provider, Region, Status string
}

// Only keeps what is told apart by these dimensions.
func (k Key) Only(by []Dimension) Key {
	var kept Key
	for _, d := range by {
		switch d {
		case Month:
			kept.Month = k.Month
		case Service:
			kept.Service = k.Service
		case Provider:
			kept.Provider = k.Provider
		case Region:
			kept.Region = k.Region
		case Status:
			kept.Status = k.Status
		}
	}
	return kept
}

// Compare orders keys.
func (k Key) Compare(other Key) int {
	return cmp.Or(strings.Compare(k.Month, other.Month), strings.Compare(k.Service, other.Service),
		strings.Compare(k.Provider, other.Provider), strings.Compare(k.Region, other.Region), strings.Compare(k.Status, other.Status))
}

// Cell counts applications that were sent.
type Cell struct {
	Applications Tally
	Returned     Tally // at least once
	Overdue      Tally
	FirstAnswer  Spread
	Decision     Spread
	Decisions    []Coded
	Refusals     []Coded
	Outcomes     []Coded
	Questions    []Question

	applicants crowd
}

// Told tells whether there are enough applications, of enough people, for anything to be told of them.
func (c *Cell) Told() bool { return c.Applications.Told() && c.applicants.enough() }

// Coded counts what has the same code.
type Coded struct {
	Code  string
	Tally Tally
}

// Question counts the answers to a question that asks for a score.
type Question struct {
	ID     string
	Scores [5]Tally // of 1 to 5
}

// Cube is cells by their keys.
type Cube map[Key]*Cell

// cell finds a cell, or makes it.
func (c Cube) cell(key Key) *Cell {
	cell := c[key]
	if cell == nil {
		cell = &Cell{}
		c[key] = cell
	}
	return cell
}

// Add counts an application that was sent, by its key, as it stands at a moment.
func (c Cube) Add(row *cases.Case, key uint64, now time.Time) {
	if row.SentAt == nil {
		return
	}
	cell := c.cell(Key{
		Month: strings.Clone(row.SentMonth), Service: strings.Clone(row.ServiceID), Provider: strings.Clone(row.ProviderID),
		Region: strings.Clone(string(row.Region)), Status: strings.Clone(row.Status),
	})
	cell.Applications.add(key)
	cell.applicants.add(row.Applicant, key)
	if row.Returns > 0 {
		cell.Returned.add(key)
	}
	if row.OverdueAt(now) {
		cell.Overdue.add(key)
	}
	if row.FirstAnswerAt != nil {
		cell.FirstAnswer.add(key, row.FirstAnswerAt.Sub(*row.SentAt))
	}
	if row.DecidedAt != nil {
		cell.Decision.add(key, row.DecidedAt.Sub(*row.SentAt))
	}
	cell.Decisions = coded(cell.Decisions, row.Decision, Tally{1, key})
	cell.Refusals = coded(cell.Refusals, row.Refusal, Tally{1, key})
	cell.Outcomes = coded(cell.Outcomes, row.Outcome, Tally{1, key})
	for _, score := range row.Scores {
		if score.Score >= 1 && score.Score <= len(Question{}.Scores) {
			var given Question
			given.ID = score.Question
			given.Scores[score.Score-1].add(key)
			cell.answered(given)
		}
	}
}

// coded counts a code, if there is one. Lists are in the order of their codes.
func coded(list []Coded, code string, more Tally) []Coded {
	if code == "" {
		return list
	}
	i, found := slices.BinarySearchFunc(list, code, func(c Coded, code string) int { return strings.Compare(c.Code, code) })
	if !found {
		list = slices.Insert(list, i, Coded{Code: strings.Clone(code)})
	}
	list[i].Tally.merge(more)
	return list
}

func (c *Cell) answered(more Question) {
	i, found := slices.BinarySearchFunc(c.Questions, more.ID, func(q Question, id string) int { return strings.Compare(q.ID, id) })
	if !found {
		c.Questions = slices.Insert(c.Questions, i, Question{ID: strings.Clone(more.ID)})
	}
	for score := range more.Scores {
		c.Questions[i].Scores[score].merge(more.Scores[score])
	}
}

// merge counts what another cell counts, of other applications.
func (c *Cell) merge(more *Cell) {
	c.Applications.merge(more.Applications)
	c.applicants.merge(&more.applicants)
	c.Returned.merge(more.Returned)
	c.Overdue.merge(more.Overdue)
	c.FirstAnswer.merge(&more.FirstAnswer)
	c.Decision.merge(&more.Decision)
	for _, list := range []struct {
		into *[]Coded
		from []Coded
	}{{&c.Decisions, more.Decisions}, {&c.Refusals, more.Refusals}, {&c.Outcomes, more.Outcomes}} {
		for _, one := range list.from {
			*list.into = coded(*list.into, one.Code, one.Tally)
		}
	}
	for _, question := range more.Questions {
		c.answered(question)
	}
}

// Sum sums up the cells that pass, told apart by the dimensions. It leaves the cubes as they are.
func Sum(cubes []Cube, by []Dimension, pass func(Key) bool) Cube {
	sum := Cube{}
	for _, cube := range cubes {
		for key, cell := range cube {
			if pass(key) {
				sum.cell(key.Only(by)).merge(cell)
			}
		}
	}
	return sum
}

// Ordered lists the keys of the cells in order.
func (c Cube) Ordered() []Key {
	keys := make([]Key, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, Key.Compare)
	return keys
}
