package codectest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec/codectest"
)

type node struct {
	Name     string            `json:"name"`
	Children []node            `json:"children"`
	Raw      json.RawMessage   `json:"raw"`
	Words    map[string]string `json:"words"`
	At       time.Time         `json:"at"`
	Days     *int              `json:"days"`
}

func TestFilledGivesEveryFieldAValueAndEndsInATree(t *testing.T) {
	days := 7
	want := node{
		Name:  "name «ә» <&>",
		Raw:   json.RawMessage(`{"raw":"raw","list":[1,2.5,true,null]}`),
		Words: map[string]string{"one": "words.one «ә» <&>", "two": "words.two «ә» <&>"},
		At:    time.Date(2065, 11, 15, 9, 30, 8, 0, time.UTC),
		Days:  &days,
	}
	got, ok := codectest.Filled(node{}).(node)
	if !ok || got.Days == nil {
		t.Fatalf("filled %v", got)
	}
	*want.Days = *got.Days
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("filled (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, codectest.Filled(node{})); diff != "" {
		t.Errorf("the second time it is different:\n%s", diff)
	}
}
