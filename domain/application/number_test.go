package application_test

import (
	"math"
	"testing"

	"services.example/portal/domain/application"
)

func TestNumbersCountFromOne(t *testing.T) {
	t.Parallel()
	for revision, want := range map[int64]int64{0: 1, 1: 2, 2064: 2065, math.MaxInt64 - 1: math.MaxInt64} {
		if got := application.RunningNumber(revision); got != want {
			t.Errorf("revision %d is number %d, want %d", revision, got, want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	t.Parallel()
	for want, number := range map[string]int64{"1-15-11-18": 1, "2065-15-11-18": 2065, "1000000-15-11-18": 1_000_000} {
		if got := application.FormatNumber(number, "15-11-18"); got != want {
			t.Errorf("number %d is written %s, want %s", number, got, want)
		}
	}
}
