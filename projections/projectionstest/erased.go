package projectionstest

import "reflect"

// Erased gives an event as it is read once the key of its subject is gone: its personal fields hold zero values.
func Erased(event any) any {
	erased := reflect.New(reflect.TypeOf(event)).Elem()
	erased.Set(reflect.ValueOf(event))
	for i := range erased.NumField() {
		if erased.Type().Field(i).Tag.Get("personal") == "true" {
			erased.Field(i).SetZero()
		}
	}
	return erased.Interface()
}

// WithoutKey gives a history as it is read once the key of a subject is gone.
func (h History) WithoutKey(subject string) History {
	erased := make(History, len(h))
	for i, event := range h {
		if event.Meta.Subject == subject {
			event.Event, event.Erased = Erased(event.Event), true
		}
		erased[i] = event
	}
	return erased
}
