//go:build unix

package blackbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Told is what figures tell that does not depend on how long a test takes, or on an installation's secret.
type Told struct {
	Applications, Returned, Overdue *int64
	Decision                        struct{ Count *int64 }
	Decisions                       []struct {
		Code  string
		Count *int64
	}
}

// toldStory is what analysts and other systems are told of the same story.
type toldStory struct {
	Total Told
	Cells []struct {
		Service struct{ Name words }
		Status  string
		Told
	}
	Feed []string // events as lines, with the first, the second … in place of pseudonyms
	Hook []string // types of the events that a webhook took
}

// TestAnalystsAreToldTheSameOnServers: the same commands give the same figures, the same feed, also when it is resumed in the
// middle, and the same requests to a webhook, on one machine's own stores and on the protocol of EventStoreDB with MongoDB,
// where one process answers and another projects and delivers.
func TestAnalystsAreToldTheSameOnServers(t *testing.T) {
	t.Parallel()
	const allow = "--webhook-allow=127.0.0.0/8"
	flags := append(onServers(t), allow)
	own := tellStory(t, allow)

	startProjector(t, t.TempDir(), flags)
	shared := tellStory(t, append(slices.Clone(flags), "--no-project")...)

	if diff := cmp.Diff(own, shared); diff != "" {
		t.Errorf("(-own stores +servers):\n%s", diff)
	}
	want := []string{"application.draft-started.v1", "application.submitted.v2", "application.answered.v1"}
	for _, kind := range want {
		if n := len(slices.DeleteFunc(slices.Clone(own.Hook), func(k string) bool { return k != kind })); n != storyPeople {
			t.Errorf("the webhook was told of %s %d times, want %d", kind, n, storyPeople)
		}
	}
	if own.Total.Applications == nil || *own.Total.Applications != storyPeople || len(own.Cells) != 1 || len(own.Feed) == 0 {
		t.Errorf("figures of %d applications: %+v", storyPeople, own)
	}
}

// storyPeople is how many people apply: as many as must share something for it to be told.
const storyPeople = 5

// tellStory lets people apply for a service and get an answer, and gives what is told of it.
func tellStory(t *testing.T, flags ...string) (told toldStory) {
	t.Helper()
	o := openOffice(t, individual(2620), "заңды қызметтер", flags...)
	r, receiver, admin := newFeedReader(t, o.server), newHookReceiver(t), o.server.admin(t)
	var made struct{ Secret string }
	admin.do(http.MethodPost, "/admin/webhooks", map[string]any{
		"name": "statistics", "url": receiver.URL + "/in", "types": []string{"application."}, "history": true,
	}).must(http.StatusCreated, &made)
	receiver.set(func() { receiver.secret = made.Secret })
	applications := []started{o.application}
	for n := range storyPeople - 1 {
		j := journey{t: t, c: o.server.client(t, "kk"), person: individual(2621 + n), said: "Бұл өрісті толтырыңыз."}
		j.c.register(j.person)
		j.fillCard()
		application := j.apply(o.service)
		j.complete(application, o.service)
		applications = append(applications, application)
	}
	for _, application := range applications {
		o.application = application
		o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
		o.by(o.executor, http.MethodPost, "/response", map[string]any{"text": "Жауап"}, http.StatusOK, nil)
	}
	analyst := o.analyst()
	analyst.do(http.MethodGet, "/analytics/applications?by=service,status", nil).must(http.StatusOK, &told)

	const types = "types=application.,account."
	whole := r.lines("/feed?" + types)
	var half struct {
		Events []json.RawMessage
		Next   string
		More   bool
	}
	r.get(fmt.Sprintf("/feed?%s&limit=%d", types, len(whole)/2), &half)
	var resumed []string
	for _, event := range half.Events {
		resumed = append(resumed, string(event))
	}
	resumed = append(resumed, r.lines("/feed?"+types+"&after="+url.QueryEscape(half.Next))...)
	if diff := cmp.Diff(whole, resumed); diff != "" || !half.More {
		t.Errorf("resumed in the middle (-whole +resumed):\n%s", diff)
	}
	told.Feed = normal(whole)
	sent := slices.DeleteFunc(slices.Clone(told.Feed), func(line string) bool { return !strings.Contains(line, `"type":"application.`) })
	patience(t, "everything has come to the webhook", func() bool {
		told.Hook = receiver.got(r)
		return len(told.Hook) >= len(sent)
	})
	return told
}

// lines reads the feed as lines to its end, and checks each. The last one, which says how far it is, is left out.
func (r *feedReader) lines(path string) []string {
	r.t.Helper()
	a := r.client.do(http.MethodGet, path, nil, "Authorization", "Bearer "+r.token, "Accept", "application/x-ndjson")
	a.must(http.StatusOK, nil)
	lines := strings.Split(strings.TrimSuffix(string(a.body), "\n"), "\n")
	last := len(lines) - 1
	if !strings.HasPrefix(lines[last], `{"through":"`) {
		r.t.Fatalf("the last line is %s", lines[last])
	}
	for _, line := range lines[:last] {
		r.check([]byte(line))
	}
	return lines[:last]
}

var (
	hidden = regexp.MustCompile(`\b[a-z2-7]{26}\b`)
	moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	place  = regexp.MustCompile(`"position":"[0-9/]+"`)
)

// normal leaves out of events what another portal gives another value: pseudonyms are numbered as they appear.
func normal(lines []string) []string {
	numbers := map[string]string{}
	list := make([]string, len(lines))
	for i, line := range lines {
		line = place.ReplaceAllString(moment.ReplaceAllString(line, "time"), `"position":"at"`)
		list[i] = hidden.ReplaceAllStringFunc(line, func(pseudonym string) string {
			if numbers[pseudonym] == "" {
				numbers[pseudonym] = fmt.Sprint("pseudonym ", len(numbers)+1)
			}
			return numbers[pseudonym]
		})
	}
	return list
}
