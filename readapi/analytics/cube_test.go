package analytics_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

// counted is a cube of so many applications like this one, each of somebody else, whose ids begin with a word.
func counted(into analytics.Cube, word string, n int, like *cases.Case) analytics.Cube {
	return countedOf(into, word, n, n, like)
}

// countedOf is a cube of so many applications like this one, of so many people.
func countedOf(into analytics.Cube, word string, n, people int, like *cases.Case) analytics.Cube {
	keys := analytics.NewKeys(secret)
	for i := range n {
		one := *like
		one.Applicant = fmt.Sprintf("%s-%d", word, i%people)
		into.Add(&one, keys.Of(fmt.Sprintf("%s-%d", word, i)), monday.AddDate(1, 0, 0))
	}
	return into
}

// total is what is told of everything in a cube.
func total(cube analytics.Cube) analytics.ProtectedFigures {
	return analytics.Sum([]analytics.Cube{cube}, nil, all)[analytics.Key{}].Published()
}

// all lets every cell pass.
func all(analytics.Key) bool { return true }

// told writes a figure: a dash for one that is not told.
func told(figure *int64) string {
	if figure == nil {
		return "-"
	}
	return strconv.FormatInt(*figure, 10)
}

func TestWhatFewShareIsNotTold(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 1: "-", 4: "-", 5: "5", 10: "10", 1000: "1000"} {
		cell := analytics.Sum([]analytics.Cube{counted(analytics.Cube{}, "a", n, refused())}, nil, all)[analytics.Key{}]
		if cell == nil {
			cell = &analytics.Cell{}
		}
		figures := cell.Published()
		if got := told(figures.Applications); got != want {
			t.Errorf("%d applications are told as %s, want %s", n, got, want)
		}
		few := n < analytics.Smallest
		if few != (figures.Decision.MeanHours == nil) || few != (len(figures.Refusals) == 0) || few != (len(figures.Questions) == 0) {
			t.Errorf("of %d applications this is told: %+v", n, figures)
		}
	}
}

// TestOneCompanysApplicationsAreNoCrowd: what fewer than five people share is not told either, however many their
// applications are, and through whatever months and cells they are counted. The erased are nobody, and many.
func TestOneCompanysApplicationsAreNoCrowd(t *testing.T) {
	t.Parallel()
	for people, want := range map[int]string{1: "-", 4: "-", 5: "20", 10: "20"} {
		months := []analytics.Cube{{}, {}}
		for i := range months {
			countedOf(months[i], "all", 10, people, refused()) // the same people in both
		}
		if got := told(analytics.Sum(months, nil, all)[analytics.Key{}].Published().Applications); got != want {
			t.Errorf("20 applications of %d people are told as %s, want %s", people, got, want)
		}
	}
	erased, keys := analytics.Cube{}, analytics.NewKeys(secret)
	for i := range 5 {
		gone := refused()
		gone.Applicant = ""
		erased.Add(gone, keys.Of(strconv.Itoa(i)), monday)
	}
	if got := told(total(erased).Applications); got != "5" {
		t.Errorf("five applications of the erased are told as %s", got)
	}
}

// TestMeansDoNotGiveSmallCountsAway: of five answers, one is a 1 and four are a 5; the exact mean would say so.
func TestMeansDoNotGiveSmallCountsAway(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for run := range 400 {
		low, high, cube := refused(), refused(), analytics.Cube{}
		low.Scores, high.Scores = []cases.Score{{Question: "speed", Score: 1}}, []cases.Score{{Question: "speed", Score: 5}}
		counted(cube, fmt.Sprint("low", run), 1, low)
		counted(cube, fmt.Sprint("high", run), 4, high)
		question := total(cube).Questions[0]
		if question.Mean == nil {
			seen["none"]++
			continue
		}
		seen[fmt.Sprint(*question.Mean)]++
	}
	for _, mean := range []string{"none", "1", "3", "5"} {
		if seen[mean] == 0 {
			t.Errorf("no mean is %s: %v", mean, seen)
		}
		delete(seen, mean)
	}
	if len(seen) > 0 {
		t.Errorf("means of anything but rounded counts: %v", seen)
	}
}

// TestDifferencesOfMeansDoNotTellWhatOneTook: who knows the mean time of fifty, and that of the same and one more, cannot
// tell whether that one took no time or twice as long as the others.
func TestDifferencesOfMeansDoNotTellWhatOneTook(t *testing.T) {
	t.Parallel()
	const runs, others = 400, 50
	wrong := 0
	for run := range runs {
		one, took := refused(), 96*(run%2)
		one.Region, one.DecidedAt = "KZ-62", later(took)
		cube := counted(analytics.Cube{}, fmt.Sprint("others", run), others, refused())
		counted(cube, fmt.Sprint("one", run), 1, one)
		with, without := total(cube), analytics.Sum([]analytics.Cube{cube}, []analytics.Dimension{analytics.Region}, all)[analytics.Key{Region: "KZ-71"}].Published()
		guessed := (others+1)**with.Decision.MeanHours - others**without.Decision.MeanHours
		if (guessed > 48) != (took > 48) {
			wrong++
		}
	}
	if wrong < runs/4 {
		t.Errorf("%d of %d guesses are wrong: the others give it away", wrong, runs)
	}
}

// TestAPercentileIsNotTheTimeOfAFew: it is told once five took longer.
func TestAPercentileIsNotTheTimeOfAFew(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{5: "neither", 9: "neither", 10: "median", 49: "median", 50: "both"} {
		times := total(counted(analytics.Cube{}, "a", n, refused())).Decision
		got := "neither"
		switch {
		case times.MedianDays != nil && times.MostDays != nil:
			got = "both"
		case times.MedianDays != nil:
			got = "median"
		}
		if got != want {
			t.Errorf("of median and ninth decile of %d, %s told, want %s", n, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	cube := counted(analytics.Cube{}, "refused", 50, refused())
	waits := &cases.Case{ServiceID: refused().ServiceID, Status: "submitted", SentMonth: "2026-11", SentAt: later(0), DueAt: later(9)}
	figures := analytics.Sum([]analytics.Cube{counted(cube, "waits", 50, waits)}, nil, all)[analytics.Key{}].Published()
	for _, times := range []struct{ told, exact int64 }{{*figures.FirstAnswer.MeanHours, 20}, {*figures.Decision.MeanHours, 48}} {
		const most = 4 // 2.5 of the 50 times 72 hours, the longest of them
		if difference := times.told - times.exact; difference < -most || difference > most {
			t.Errorf("a mean of %d hours is told as %d", times.exact, times.told)
		}
	}
	figures.FirstAnswer.MeanHours, figures.Decision.MeanHours = nil, nil

	n := func(n int64) *int64 { return &n }
	days := func(n int) *int { return &n }
	mean := func(n float64) *float64 { return &n }
	want := analytics.ProtectedFigures{
		Applications: n(100), Returned: n(0), Overdue: n(50), OverdueShare: mean(0.5),
		FirstAnswer: analytics.ProtectedDurations{Count: n(50), MedianDays: days(0), MostDays: days(0)},
		Decision:    analytics.ProtectedDurations{Count: n(50), MedianDays: days(2), MostDays: days(2)},
		Decisions:   []analytics.ProtectedCode{{Code: "refused", Count: n(50)}},
		Refusals:    []analytics.ProtectedCode{{Code: "duplicate", Count: n(50)}},
		Outcomes:    []analytics.ProtectedCode{{Code: "refused", Count: n(50)}},
		Questions: []analytics.ProtectedQuestion{
			{Question: "politeness", Count: n(50), Mean: mean(5), Scores: []*int64{n(0), n(0), n(0), n(0), n(50)}},
			{Question: "speed", Count: n(50), Mean: mean(4), Scores: []*int64{n(0), n(0), n(0), n(50), n(0)}},
		},
	}
	if diff := cmp.Diff(want, figures); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTotalsDoNotGiveSmallCellsAway: whatever is told of a total and of all its other parts, each count from one to four
// of the part that is not told remains possible, as the figures of total and parts differ by more than such a count.
func TestTotalsDoNotGiveSmallCellsAway(t *testing.T) {
	t.Parallel()
	differences := map[int]map[int64]int{}
	for few := 1; few < analytics.Smallest; few++ {
		differences[few] = map[int64]int{}
		for run := range 400 {
			cube := analytics.Cube{}
			large, small := refused(), refused()
			large.Region, small.Region = "KZ-71", "KZ-62"
			counted(cube, fmt.Sprint("large", run), 50+run%10, large)
			counted(cube, fmt.Sprint("small", run), few, small)
			cells := analytics.Sum([]analytics.Cube{cube}, []analytics.Dimension{analytics.Region}, all)
			total := analytics.Sum([]analytics.Cube{cube}, nil, all)[analytics.Key{}].Published()
			if figure := cells[analytics.Key{Region: "KZ-62"}].Published().Applications; figure != nil {
				t.Fatalf("%d applications are told as %d", few, *figure)
			}
			differences[few][*total.Applications-*cells[analytics.Key{Region: "KZ-71"}].Published().Applications]++
		}
	}
	for few, seen := range differences {
		for _, difference := range []int64{0, 5} {
			if seen[difference] < 20 {
				t.Errorf("a difference of %d between total and part is seen %d times of 400 for %d applications: it says too much", difference, seen[difference], few)
			}
		}
	}
}

// TestRoundingFavoursNobody: by and large figures are as high as what they stand for, no further from it than the smallest,
// and the same each time.
func TestRoundingFavoursNobody(t *testing.T) {
	t.Parallel()
	var exact, rounded int64
	keys := analytics.NewKeys(secret)
	for run := range 4000 {
		n := int64(5 + run%20)
		tally := analytics.Tally{N: n, Keys: keys.Of(strconv.Itoa(run))}
		figure := *tally.Published()
		if figure%analytics.Smallest != 0 || figure-n >= analytics.Smallest || n-figure >= analytics.Smallest || figure != *tally.Published() {
			t.Fatalf("%d is told as %d", n, figure)
		}
		exact, rounded = exact+n, rounded+figure
	}
	if difference := exact - rounded; difference > exact/100 || difference < -exact/100 {
		t.Errorf("figures of %d applications come to %d", exact, rounded)
	}
}

// TestASumIsTheSameHoweverItIsCut: the figure of a set of applications does not depend on the cells and months through
// which it was counted.
func TestASumIsTheSameHoweverItIsCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := analytics.Cube{}
		parts := []analytics.Cube{{}, {}, {}}
		keys := analytics.NewKeys(secret)
		for i := range rapid.IntRange(0, 40).Draw(t, "applications") {
			c := refused()
			c.Region, c.SentAt, c.Applicant = "KZ-71", later(i), strconv.Itoa(i%rapid.IntRange(1, 40).Draw(t, "people"))
			c.Status = rapid.SampledFrom([]string{"submitted", "completed"}).Draw(t, "status")
			if rapid.Bool().Draw(t, "undecided") {
				c.DecidedAt, c.Decision, c.Refusal = nil, "", ""
			}
			key := keys.Of(strconv.Itoa(i))
			parts[rapid.IntRange(0, 2).Draw(t, "month")].Add(c, key, monday)
			c.Status = "" // all in one cell
			whole.Add(c, key, monday)
		}
		want := analytics.Sum([]analytics.Cube{whole}, nil, all)
		got := analytics.Sum(parts, nil, all)
		if diff := cmp.Diff(figures(want), figures(got)); diff != "" {
			t.Errorf("(-one cell +several):\n%s", diff)
		}
	})
}

func figures(cube analytics.Cube) map[analytics.Key]analytics.ProtectedFigures {
	published := map[analytics.Key]analytics.ProtectedFigures{}
	for key, cell := range cube {
		published[key] = cell.Published()
	}
	return published
}

func TestFunnels(t *testing.T) {
	t.Parallel()
	funnels, keys := analytics.Funnels{}, analytics.NewKeys(secret)
	for i := range 10 {
		c := &cases.Case{
			ServiceID: "a", ServiceVersion: 1, Status: cases.Deleted,
			Steps: []cases.Step{{ID: "one", Touched: true, Complete: true}, {ID: "two", Touched: i >= 5}},
		}
		if i < 5 {
			c.Status, c.SentAt = "submitted", later(0)
		}
		c.Applicant = strconv.Itoa(i)
		funnels.Add(c, keys.Of(strconv.Itoa(i)))
	}
	both := analytics.Funnels{}
	both.Merge(funnels)
	one := analytics.Funnels{}
	for i := range 10 {
		one.Add(&cases.Case{Applicant: "the same", ServiceID: "a"}, keys.Of(strconv.Itoa(i)))
	}
	if !both.Ordered()[0].Told() || one.Ordered()[0].Told() {
		t.Error("ten people's drafts are not told, or one's are")
	}
	for _, f := range both.Ordered() {
		got := []string{told(f.Started.Published()), told(f.Sent.Published()), told(f.Deleted.Published())}
		for _, s := range f.Steps {
			got = append(got, s.ID, told(s.Touched.Published()), told(s.Complete.Published()), told(s.Last.Published()))
		}
		if diff := cmp.Diff([]string{"10", "5", "5", "one", "10", "10", "0", "two", "5", "0", "5"}, got); diff != "" {
			t.Errorf("(-want +told):\n%s", diff)
		}
	}
}

func TestDaysAreThoseOfAlmaty(t *testing.T) {
	t.Parallel()
	days := analytics.NewDays()
	for _, evening := range []time.Time{time.Date(2026, 11, 2, 18, 59, 59, 0, time.UTC), time.Date(2026, 11, 2, 19, 0, 0, 0, time.UTC)} {
		want := map[int]string{18: "2026-11-02", 19: "2026-11-03"}[evening.Hour()]
		if got := days.Of(&evening); got != want {
			t.Errorf("%s is the day %s, want %s", evening, got, want)
		}
	}
	if days.Of(nil) != "" {
		t.Error("no moment has a day")
	}
}
