// Package all lists the read models of the portal: the table of contents of its read side.
package all

import (
	"services.example/portal/projections"
	"services.example/portal/projections/accesses"
	"services.example/portal/projections/accountprofile"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/calendars"
	"services.example/portal/projections/cases"
	"services.example/portal/projections/categories"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/erasures"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/notes"
	"services.example/portal/projections/notifications"
	"services.example/portal/projections/popularservices"
	"services.example/portal/projections/providers"
	"services.example/portal/projections/servicecatalogue"
	"services.example/portal/projections/servicepassport"
	"services.example/portal/projections/servicestatistics"
	"services.example/portal/projections/statisticsbycategory"
	"services.example/portal/projections/thread"
	"services.example/portal/projections/workqueue"
)

// Projections gives every read model of the portal.
func Projections() []projections.Projection {
	return []projections.Projection{
		myapplications.Model.Projection(),
		applicationpage.Model.Projection(),
		thread.Model.Projection(),
		documents.Model.Projection(),
		workqueue.Model.Projection(),
		notes.Model.Projection(),
		notifications.Model.Projection(),
		servicecatalogue.Model.Projection(),
		servicepassport.Model.Projection(),
		popularservices.Model.Projection(),
		statisticsbycategory.Model.Projection(),
		servicestatistics.Model.Projection(),
		cases.Model.Projection(),
		accountprofile.Model.Projection(),
		categories.Model.Projection(),
		providers.Model.Projection(),
		calendars.Model.Projection(),
		accesses.Model.Projection(),
		erasures.Model.Projection(),
	}
}
