package readapi

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
)

func (q *Queries) registerFeedSchemas(api huma.API) {
	all := feedOperation("feed-schemas", "/schemas", "JSON Schemas of every type of events")
	all.Description = "Also of those that the feed does not give: they are marked. Members are only ever added: a reader must ignore those it does not know."
	huma.Register(api, all, q.feedSchemas)
	huma.Register(api, feedOperation("feed-schema", "/schemas/{type}", "The JSON Schema of one type of events"), q.feedSchema)
}

// feedEventType is a type of events with its schema.
type feedEventType struct {
	Type      string         `json:"type"`
	Published bool           `json:"published" doc:"The feed gives such events"`
	Schema    map[string]any `json:"schema" doc:"JSON Schema 2020-12 of the event as the feed gives it"`
}

func (q *Queries) feedSchemas(context.Context, *struct{}) (*struct{ Body []feedEventType }, error) {
	schemas, err := q.deps.Feed.Schemas()
	if err != nil {
		return nil, err
	}
	body := make([]feedEventType, len(schemas))
	for i, s := range schemas {
		body[i] = feedEventType{Type: s.Type, Published: s.Published}
		if err := json.Unmarshal(s.JSON, &body[i].Schema); err != nil {
			return nil, err
		}
	}
	return &struct{ Body []feedEventType }{body}, nil
}

type feedSchemaAnswer struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (q *Queries) feedSchema(_ context.Context, in *struct {
	Type string `path:"type"`
},
) (*feedSchemaAnswer, error) {
	schemas, err := q.deps.Feed.Schemas()
	if err != nil {
		return nil, err
	}
	for _, s := range schemas {
		if s.Type == in.Type {
			return &feedSchemaAnswer{ContentType: "application/schema+json", Body: s.JSON}, nil
		}
	}
	return nil, problem.New(problem.NotFound, "not-found")
}
