package readapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/applicationpage"
)

// timelineEntry is one thing that happened, in the reader's language.
type timelineEntry struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor" doc:"Who did it; empty: the system"`
	Role  string    `json:"role"`
	What  string    `json:"what"`
	Text  string    `json:"text"`
	Step  string    `json:"step,omitempty"`
}

// happened words what a timeline says.
var happened = map[string]text.Text{
	applicationpage.DraftStarted: {KK: "Жоба басталды", RU: "Начат черновик", EN: "The draft was started"},
	applicationpage.StepSaved:    {KK: "Деректер сақталды", RU: "Данные сохранены", EN: "Data was saved"},
	applicationpage.FileAttached: {KK: "Файл тіркелді", RU: "Файл приложен", EN: "A file was attached"},
	applicationpage.FileRemoved:  {KK: "Файл алынып тасталды", RU: "Файл убран", EN: "A file was removed"},
	applicationpage.Submitted:    {KK: "Өтінім жіберілді", RU: "Заявка отправлена", EN: "The application was sent"},
	applicationpage.Withdrawn:    {KK: "Өтінім қайтарып алынды", RU: "Заявка отозвана", EN: "The application was withdrawn"},
}

func (q *Queries) registerTimeline(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-timeline", "/applications/{id}/timeline", "What happened to an application", applicationsTag)),
		func(ctx context.Context, in *ApplicationInput) (*struct{ Body []timelineEntry }, error) {
			page, err := q.page(ctx, *in)
			if err != nil {
				return nil, err
			}
			var ids []string
			for _, entry := range page.Timeline {
				if entry.Actor != "" {
					ids = append(ids, entry.Actor)
				}
			}
			names, err := q.accountNames(ctx, ids)
			if err != nil {
				return nil, err
			}
			l := httpapi.LanguageOf(ctx)
			list := make([]timelineEntry, len(page.Timeline))
			for i, entry := range page.Timeline {
				list[i] = timelineEntry{
					At: entry.At, Actor: names[entry.Actor], Role: entry.Role, What: entry.What, Step: entry.Step,
					Text: happened[entry.What].In(l),
				}
			}
			return &struct{ Body []timelineEntry }{list}, nil
		})
}
