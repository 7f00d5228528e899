// Package calendars is the read model of the calendars by which terms are counted.
//
// Document: the calendar's id. Streams: calendar-.
package calendars

import (
	"strings"

	"services.example/portal/domain/calendar"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "calendars"

// ByCalendar is the only index.
const ByCalendar = "by_calendar"

// Calendar is a calendar: the days that differ from Monday to Friday, as yyyy-mm-dd.
type Calendar struct {
	CalendarID      string   `bson:"calendarId"`
	Version         int      `bson:"version"`
	Holidays        []string `bson:"holidays"`
	WorkingWeekends []string `bson:"workingWeekends"`
}

// Days gives the calendar to count with.
func (c Calendar) Days() calendar.Calendar {
	return calendar.State{Version: c.Version, Holidays: c.Holidays, WorkingWeekends: c.WorkingWeekends}.Calendar()
}

// Model is the projection.
var Model = projections.ReadModel[Calendar]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams},
	Indexes: []readstore.Index{{Name: ByCalendar, Fields: []readstore.Field{{Path: "calendarId"}}}},
	Keys: func(event codec.Envelope) []string {
		if _, ok := event.Event.(calendar.Defined); !ok {
			return nil
		}
		return []string{strings.TrimPrefix(event.Stream, streams)}
	},
	Fold: func(days *Calendar, id string, event codec.Envelope) *Calendar {
		if e, ok := event.Event.(calendar.Defined); ok {
			return &Calendar{
				CalendarID: id, Version: e.Version, Holidays: e.Holidays, WorkingWeekends: e.WorkingWeekends,
			}
		}
		return days
	},
}

const streams = "calendar-"
