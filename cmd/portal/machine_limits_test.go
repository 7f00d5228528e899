package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"services.example/portal/infra/httpapi"
)

// tools takes every token for the service account of that name.
type tools struct{}

func (tools) Caller(_ context.Context, token string) (httpapi.Caller, error) {
	return httpapi.Caller{AccountID: strings.TrimPrefix(token, httpapi.TokenPrefix), Machine: true}, nil
}

// asks lets a service account, or, if it has no name, a person ask once.
func asks(ctx context.Context, h http.Handler, tool string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	if tool != "" {
		request.Header.Set("Authorization", "Bearer "+httpapi.TokenPrefix+tool)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer
}

func TestAServiceAccountAsksAsOftenAsItMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := httpapi.WithMachine(tools{})(limitMachines(6)(http.NotFoundHandler()))
		expect := func(tool string, statuses ...int) {
			t.Helper()
			for i, want := range statuses {
				if got := asks(t.Context(), h, tool); got.Code != want {
					t.Errorf("request %d of %q was answered %d, want %d", i, tool, got.Code, want)
				}
			}
		}
		const yes, no = http.StatusNotFound, http.StatusTooManyRequests
		expect("one", yes, yes, yes, yes, yes, yes, no, no)
		if after := asks(t.Context(), h, "one").Header().Get("Retry-After"); after != "10" {
			t.Errorf("Retry-After %q, want 10 s", after)
		}
		expect("other", yes)
		expect("", yes, yes, yes, yes, yes, yes, yes)
		time.Sleep(10 * time.Second) // of the bubble's clock
		expect("one", yes, no)
	})
}

func TestAServiceAccountIsAnsweredSoManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := httpapi.WithMachine(tools{})(limitMachines(0)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release })))
		statuses := make(chan int, machinesAtOnce+2)
		for range machinesAtOnce + 1 {
			go func() { statuses <- asks(t.Context(), h, "one").Code }()
		}
		if got := <-statuses; got != http.StatusTooManyRequests {
			t.Errorf("one too many was answered %d", got)
		}
		go func() { statuses <- asks(t.Context(), h, "other").Code }()
		synctest.Wait()
		close(release)
		for range machinesAtOnce + 1 {
			if got := <-statuses; got != http.StatusOK {
				t.Errorf("answered %d", got)
			}
		}
		if got := asks(t.Context(), h, "one").Code; got != http.StatusOK {
			t.Errorf("afterwards it is answered %d", got)
		}
	})
}
