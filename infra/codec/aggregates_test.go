package codec_test

import (
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
)

// aggregates lists every aggregate of the portal: what is listed here has golden files and is in the event catalogue.
var aggregates = []codec.Aggregate{
	codec.Events("account", account.EventTypes),
	codec.Events("application", application.EventTypes),
	only(application.NumbersStream, codec.Events("application-number", application.NumberEventTypes)),
	codec.Events("calendar", calendar.EventTypes),
	only("catalogue", codec.Events("catalogue", catalogue.CategoryEventTypes)),
	codec.Events("provider", catalogue.ProviderEventTypes),
	codec.Events("service", service.EventTypes),
}

// only is an aggregate with a single stream.
func only(stream string, a codec.Aggregate) codec.Aggregate {
	a.Prefix = stream
	return a
}
