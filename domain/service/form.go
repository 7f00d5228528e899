package service

import (
	"encoding/json"
	"fmt"
	"strings"

	"services.example/portal/domain/problem"
)

// Form checks and prefills the steps of one version of a service. It is made once and may be used by many at once.
type Form struct {
	steps map[string]*formStep
	order []string
}

type formStep struct {
	Step
	*schemaStep
	fields map[string]*property // by path
}

// CompileForm makes the form of a service's steps. It fails on a schema that cannot be compiled, which the content of a
// service that was accepted never has.
func CompileForm(steps []Step) (*Form, error) {
	form := &Form{steps: make(map[string]*formStep, len(steps)), order: make([]string, 0, len(steps))}
	for _, step := range steps {
		compiled, err := compileSchema(step.Schema)
		if err != nil {
			return nil, fmt.Errorf("step %s: %w", step.ID, err)
		}
		one := &formStep{Step: step, schemaStep: compiled, fields: make(map[string]*property, len(compiled.properties))}
		for i := range compiled.properties {
			one.fields[compiled.properties[i].path] = &compiled.properties[i]
		}
		form.steps[step.ID] = one
		form.order = append(form.order, step.ID)
	}
	return form, nil
}

// Check gives everything that keeps a step from being complete, in the order of its fields: nothing, if it is complete.
// Locations are /steps/<id>/data/<pointer> and /steps/<id>/files. Data is what is stored; files is how many the step has.
// The error is a problem: NotFound unknown-step, or one of those of ReadData if the data cannot be read.
func (f *Form) Check(stepID string, data json.RawMessage, files int) ([]problem.Field, error) {
	values, err := decode(data)
	if err != nil {
		return nil, err
	}
	return f.CheckRead(stepID, Data{values: values}, files)
}

// CheckRead is Check for data that has just been read. The error is the problem unknown-step.
func (f *Form) CheckRead(stepID string, data Data, files int) ([]problem.Field, error) {
	step, ok := f.steps[stepID]
	if !ok {
		return nil, problem.New(problem.NotFound, "unknown-step")
	}
	if !step.Required && len(data.values) == 0 {
		return nil, nil
	}
	var faults []problem.Field
	if !step.accepts(data.values) {
		if err := step.schema.Validate(data.values); err != nil {
			faults = step.faults(err)
		}
	}
	if step.Kind == DocumentStep && step.Required && files == 0 {
		faults = append(faults, problem.Field{Location: "/steps/" + stepID + "/files", Code: "file-required"})
	}
	return faults, nil
}

// Prefill gives, for each step that has any, the data that the client card answers already, as JSON objects. A value of the
// card that its field would refuse is left out: people are not shown faults in what they did not write here.
func (f *Form) Prefill(card json.RawMessage) map[string]json.RawMessage {
	values, err := decode(card)
	if err != nil {
		return nil
	}
	filled := map[string]json.RawMessage{}
	for _, id := range f.order {
		data := map[string]any{}
		for _, p := range f.steps[id].properties {
			if strings.Count(p.path, "/") != 1 { // only a step's own fields; rows of lists are nobody's to guess
				continue
			}
			if value, ok := p.prefilled(values); ok {
				data[pointerUnescape.Replace(p.path[1:])] = value
			}
		}
		if len(data) == 0 {
			continue
		}
		if raw, err := json.Marshal(data); err == nil {
			filled[id] = raw
		}
	}
	return filled
}

// prefilled looks for the first value of the card that one of the property's pointers leads to and that the property takes.
func (p *property) prefilled(card map[string]any) (any, bool) {
	for _, pointer := range p.Prefill {
		value, ok := lookup(card, pointer)
		if ok && p.schema != nil && p.schema.Validate(value) == nil {
			return value, true
		}
	}
	return nil, false
}

// lookup follows a JSON pointer through objects.
func lookup(object map[string]any, pointer string) (any, bool) {
	rest, ok := strings.CutPrefix(pointer, "/")
	for ok {
		token, deeper, more := strings.Cut(rest, "/")
		value, found := object[pointerUnescape.Replace(token)]
		if !found || !more {
			return value, found
		}
		object, ok = value.(map[string]any)
		rest = deeper
	}
	return nil, false
}
