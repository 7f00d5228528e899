package readstore

import (
	"fmt"
	"slices"
	"strings"
)

// Validate tells what is wrong with a declaration, the same for every adapter. Errors: InvalidError.
func (c Collection) Validate() error {
	if err := validateName("collection", c.Name); err != nil {
		return err
	}
	seen := make(map[string]bool, len(c.Indexes))
	for _, index := range c.Indexes {
		if seen[index.Name] {
			return invalid("collection %s declares index %s twice", c.Name, index.Name)
		}
		seen[index.Name] = true
		if err := index.validate(c.Name); err != nil {
			return err
		}
	}
	return nil
}

func (i Index) validate(collection string) error {
	if err := validateName("index", i.Name); err != nil {
		return err
	}
	if len(i.Fields) == 0 {
		return invalid("index %s of %s has no fields", i.Name, collection)
	}
	for _, field := range i.Fields {
		if slices.Contains(strings.Split(field.Path, "."), "") || strings.ContainsAny(field.Path, "$\x00") {
			return invalid("index %s of %s has the unusable path %q", i.Name, collection, field.Path)
		}
	}
	return nil
}

// Equal tells whether two declarations of an index mean the same, so that an adapter need not build it again.
func (i Index) Equal(other Index) bool {
	return i.Name == other.Name && i.Covering == other.Covering && slices.Equal(i.Fields, other.Fields)
}

// Validate tells what is wrong with the question. Errors: InvalidError.
func (i IDs) Validate() error { return validateLimit(i.Limit) }

// Validate tells whether the index can serve the query. Errors: InvalidError.
func (q Query) Validate(index Index) error {
	if err := validateLimit(q.Limit); err != nil {
		return err
	}
	if len(q.Prefix) > len(index.Fields) {
		return invalid("prefix of %d values for index %s of %d fields", len(q.Prefix), index.Name, len(index.Fields))
	}
	if (q.From != nil || q.To != nil) && len(q.Prefix) == len(index.Fields) {
		return invalid("range beyond the last field of index %s", index.Name)
	}
	return nil
}

func validateLimit(limit int) error {
	if limit < 1 || limit > MaxLimit {
		return invalid("limit %d is not between 1 and %d", limit, MaxLimit)
	}
	return nil
}

func validateName(what, name string) error {
	if name == "" || len(name) > 100 || strings.ContainsAny(name, "$\x00") {
		return invalid("%q cannot name a %s", name, what)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &InvalidError{Reason: fmt.Sprintf(format, args...)}
}
