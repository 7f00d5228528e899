package service

import "slices"

// State is a service as its events have made it. The zero value is a service that does not exist.
type State struct {
	Versions  []Content // version n is at n-1
	Published int       // the version that people see; 0 if none
}

// Newest is the number of the newest version, 0 if there is none.
func (s State) Newest() int { return len(s.Versions) }

// Content gives a version's content, and whether there is such a version.
func (s State) Content(version int) (Content, bool) {
	if version < 1 || version > len(s.Versions) {
		return Content{}, false
	}
	return s.Versions[version-1], true
}

// Evolve applies what happened.
func Evolve(state State, event Event) State {
	switch e := event.(type) {
	case Revised:
		state.Versions = append(slices.Clip(state.Versions), e.Content)
	case Published:
		state.Published = e.Version
	case Withdrawn:
		state.Published = 0
	}
	return state
}
