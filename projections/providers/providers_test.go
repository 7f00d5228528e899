package providers_test

import (
	"testing"

	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/providers"
)

func TestAProviderIsWhatWasSaidLast(t *testing.T) {
	said := catalogue.Provider{
		Name: text.Text{KK: "Палата"}, ShortName: text.Text{KK: "П"}, Website: "https://example.kz", CalendarID: "kz",
		Contacts: service.Contacts{Phones: []string{"1432"}},
	}
	event := catalogue.ProviderDescribed{
		Name: said.Name, ShortName: said.ShortName, Website: said.Website, CalendarID: said.CalendarID, Contacts: said.Contacts,
	}
	history := projectionstest.History{}.In("provider-p-1", "", "", catalogue.ProviderDescribed{Region: "KZ-75"}, event)
	projectionstest.Expect(t, providers.Model, history, map[string]providers.Provider{
		"p-1": {ProviderID: "p-1", Provider: said},
	})
}
