package codec_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
)

func TestEveryStoredEventCanBeReadForEver(t *testing.T) {
	for _, aggregate := range aggregates.All() {
		codectest.Golden(t, aggregate)
	}
}

func TestNoAggregateWithStoredEventsIsForgotten(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join("testdata", "events"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !slices.ContainsFunc(aggregates.All(), func(a codec.Aggregate) bool { return a.Name == folder.Name() }) {
			t.Errorf("events of %s were stored once: list the aggregate", folder.Name())
		}
	}
}

func TestAllAggregatesTogetherMakeACodec(t *testing.T) {
	if _, err := codec.New(codectest.NewKeys(), aggregates.All()...); err != nil {
		t.Fatal(err)
	}
}
