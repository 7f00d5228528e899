// Package aggregates lists what the portal stores: the table of contents of its history.
package aggregates

import (
	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/retention"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/webhook"
	"services.example/portal/infra/codec"
)

// All is the storage format of every stream that the portal writes. What is listed here has golden files and is in the
// event catalogue.
func All() []codec.Aggregate {
	return []codec.Aggregate{
		codec.Events("access", access.EventTypes),
		codec.Events("account", account.EventTypes),
		codec.Events("application", application.EventTypes,
			codec.Upcast{From: "application.submitted.v1", To: "application.submitted.v2", Do: application.SubmittedV2}),
		only(application.NumbersStream, codec.Events("application-number", application.NumberEventTypes)),
		codec.Events("calendar", calendar.EventTypes),
		only(catalogue.Stream, codec.Events("catalogue", catalogue.CategoryEventTypes)),
		codec.Events("correspondence", correspondence.EventTypes),
		codec.Events("erasure", erasure.EventTypes),
		only(machine.Stream, codec.Events("machine", machine.EventTypes)),
		codec.Events("note", correspondence.NoteEventTypes),
		codec.Events("notification", notification.EventTypes),
		codec.Events("provider", catalogue.ProviderEventTypes),
		codec.Events("reading", correspondence.ReadingEventTypes),
		only(retention.Stream, codec.Events("retention", retention.EventTypes)),
		codec.Events("service", service.EventTypes),
		codec.Events("signature", signature.EventTypes),
		only(webhook.Stream, codec.Events("webhook", webhook.EventTypes)),
	}
}

// only is an aggregate with a single stream.
func only(stream string, a codec.Aggregate) codec.Aggregate {
	a.Prefix = stream
	return a
}
