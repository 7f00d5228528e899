package codectest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Filled returns a value of the same struct in which every field has a value, the same at each call: strings name
// their own place, numbers count on, lists and maps have two elements. Types that limit their values may not take it.
func Filled(zero any) any {
	v := reflect.New(reflect.TypeOf(zero)).Elem()
	f := filler{within: map[reflect.Type]bool{}}
	f.fill(v, "")
	return v.Interface()
}

type filler struct {
	count  int64
	within map[reflect.Type]bool // structs that are being filled: a tree ends where it would contain itself
}

func (f *filler) fill(v reflect.Value, place string) {
	f.count++
	switch v.Addr().Interface().(type) {
	case *time.Time:
		v.Set(reflect.ValueOf(time.Date(2065, 11, 15, 9, 30, int(f.count%60), 0, time.UTC)))
		return
	case *json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(fmt.Sprintf(`{"raw":%q,"list":[1,2.5,true,null]}`, place))))
		return
	}
	switch v.Kind() { //nolint:exhaustive // Other kinds cannot be registered.
	case reflect.String:
		v.SetString(place + " «ә» <&>")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int, reflect.Int64:
		v.SetInt(f.count)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint, reflect.Uint64:
		v.SetUint(uint64(f.count) % 200)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.count) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), place)
	case reflect.Struct:
		if f.within[v.Type()] {
			return
		}
		f.within[v.Type()] = true
		defer delete(f.within, v.Type())
		for i := range v.NumField() {
			f.fill(v.Field(i), join(place, v.Type().Field(i)))
		}
	case reflect.Slice:
		if f.within[v.Type().Elem()] {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.elements(v, place)
	case reflect.Array:
		f.elements(v, place)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"one", "two"} {
			element := reflect.New(v.Type().Elem()).Elem()
			f.fill(element, place+"."+key)
			v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), element)
		}
	}
}

func (f *filler) elements(v reflect.Value, place string) {
	for i := range v.Len() {
		f.fill(v.Index(i), fmt.Sprintf("%s[%d]", place, i))
	}
}

func join(place string, field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if place == "" {
		return name
	}
	return place + "." + name
}
