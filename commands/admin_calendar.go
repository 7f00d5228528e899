package commands

import (
	"context"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/problem"
)

// ChangeCalendar replaces the days of a calendar that exists. Due dates that are set stay as they are. Errors:
// calendar-not-found, stale, invalid with every fault.
func (c *Catalogue) ChangeCalendar(
	ctx context.Context, req Request, id string, holidays, workingWeekends []string,
) (Outcome[calendar.State], error) {
	return c.streams.calendars.execute(ctx, req, id, func(s calendar.State) (calendar.Command, error) {
		if s.Version == 0 {
			return nil, problem.New(problem.NotFound, "calendar-not-found")
		}
		return calendar.Define{Holidays: holidays, WorkingWeekends: workingWeekends, At: c.deps.Now()}, nil
	})
}
