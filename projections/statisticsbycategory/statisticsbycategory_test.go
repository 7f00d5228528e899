package statisticsbycategory_test

import (
	"testing"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/statisticsbycategory"
)

func revised(version int, category string) service.Revised {
	return service.Revised{Version: version, Content: service.Content{Passport: service.Passport{CategoryID: category}}}
}

func TestFigures(t *testing.T) {
	versions := []statisticsbycategory.Version{{Version: 1, CategoryID: "loans"}, {Version: 2, CategoryID: "grants"}}
	for name, test := range map[string]struct {
		given projectionstest.History
		then  statisticsbycategory.Figures
	}{
		"a service counts in the category of its published version": {
			projectionstest.History{}.In("service-s-1", "", "", revised(1, "loans"), revised(2, "grants"), service.Published{Version: 1}),
			statisticsbycategory.Figures{ServiceID: "s-1", CategoryID: "loans", Published: true, Versions: versions},
		},
		"another version may belong elsewhere": {
			projectionstest.History{}.In("service-s-1", "", "", revised(1, "loans"), revised(2, "grants"),
				service.Published{Version: 1}, service.Published{Version: 2}, service.Withdrawn{}),
			statisticsbycategory.Figures{ServiceID: "s-1", CategoryID: "grants", Versions: versions},
		},
		"applications are drafts, then sent, perhaps withdrawn": {
			projectionstest.History{}.
				In("application-1", "", "", application.DraftStarted{ServiceID: "s-1"}).
				In("application-2", "", "", application.DraftStarted{ServiceID: "s-1"}, application.DraftDeleted{ServiceID: "s-1"}).
				In("application-3", "", "", application.DraftStarted{ServiceID: "s-1"}, application.Submitted{ServiceID: "s-1"}).
				In("application-4", "", "", application.DraftStarted{ServiceID: "s-1"}, application.Submitted{ServiceID: "s-1"},
					application.Withdrawn{ServiceID: "s-1"}),
			statisticsbycategory.Figures{ServiceID: "s-1", Drafts: 1, Sent: 2, Withdrawn: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			projectionstest.Expect(t, statisticsbycategory.Model, test.given, map[string]statisticsbycategory.Figures{"s-1": test.then})
		})
	}
}
