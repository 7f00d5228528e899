package readapi

import (
	"strconv"

	"services.example/portal/domain/text"
)

// rowSize is about how many bytes a row takes.
const rowSize = 900

// appendPage writes what encoding/json writes for a myApplicationsPage, out of rows that are written.
func appendPage(b, rows []byte, next string) []byte {
	b = append(append(append(b, `{"items":[`...), rows...), ']')
	if next != "" {
		b = appendString(append(b, `,"next":`...), next)
	}
	return append(b, '}', '\n')
}

// appendRow writes what encoding/json writes for a row, at a fraction of its cost: this is the page that is opened most,
// and most of it are names that need no escaping.
func appendRow(b []byte, r *applicationRow) []byte {
	b = appendString(append(b, `{"id":`...), r.ID)
	b = appendString(append(b, `,"number":`...), r.Number)
	b = appendTime(append(b, `,"date":`...), r.Date)
	b = append(b, `,"service":`...)
	if r.Service.written != nil {
		b = append(b, r.Service.written...)
	} else {
		b = appendNamed(b, r.Service)
	}
	b = append(b, `,"executors":[`...)
	for i, name := range r.Executors {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
	}
	b = appendTime(append(b, `],"dueAt":`...), r.DueAt)
	b = append(b, `,"daysLeft":`...)
	if r.DaysLeft == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(*r.DaysLeft), 10)
	}
	b = strconv.AppendInt(append(b, `,"unread":`...), int64(r.Unread), 10)
	b = appendString(append(b, `,"status":`...), r.Status)
	if r.Outcome != "" {
		b = appendString(append(b, `,"outcome":`...), r.Outcome)
	}
	return append(b, '}')
}

func appendNamed(b []byte, o namedOffer) []byte {
	b = appendString(append(b, `{"id":`...), o.ID)
	return append(appendText(append(b, `,"name":`...), o.Name), '}')
}

func appendText(b []byte, t text.Text) []byte {
	b = appendString(append(b, `{"kk":`...), t.KK)
	b = appendString(append(b, `,"ru":`...), t.RU)
	b = appendString(append(b, `,"en":`...), t.EN)
	return append(b, '}')
}
