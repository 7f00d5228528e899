package catalogue_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

func provider(change func(*catalogue.Provider)) catalogue.Provider {
	p := catalogue.Provider{
		Name: words("name"), ShortName: words("short"), CalendarID: "kz", Website: "https://example.kz",
		Contacts: service.Contacts{Phones: []string{"1432"}, Email: "help@example.kz"},
	}
	change(&p)
	return p
}

func described(p catalogue.Provider) catalogue.ProviderDescribed {
	return catalogue.ProviderDescribed{
		Name: p.Name, ShortName: p.ShortName, Contacts: p.Contacts, Website: p.Website, CalendarID: p.CalendarID, At: monday,
	}
}

func TestDecideProvider(t *testing.T) {
	asIs := provider(func(*catalogue.Provider) {})
	moved := provider(func(p *catalogue.Provider) { p.Contacts.Phones = append(p.Contacts.Phones, "8 800 080 80 10") })
	type events = []catalogue.ProviderEvent
	for name, test := range map[string]struct {
		given  *catalogue.Provider
		when   catalogue.Provider
		then   events
		faults []string
	}{
		"a new provider":           {nil, asIs, events{described(asIs)}, nil},
		"the same changes nothing": {&asIs, asIs, nil, nil},
		"another phone":            {&asIs, moved, events{described(moved)}, nil},
		"nothing said": {nil, catalogue.Provider{}, nil, []string{
			"/name/kk required", "/name/ru required", "/name/en required",
			"/shortName/kk required", "/shortName/ru required", "/shortName/en required",
			"/calendarId required", "/contacts required",
		}},
		"links and addresses": {nil, provider(func(p *catalogue.Provider) {
			p.Website, p.Logo, p.Contacts.Website, p.Contacts.Email = "example.kz", "javascript:x", "ftp://example.kz", "help@"
			p.Contacts.Address = text.Text{KK: "Астана"}
		}), nil, []string{
			"/contacts/email wrong-format", "/contacts/address/ru required", "/contacts/address/en required",
			"/contacts/website wrong-format", "/website wrong-format", "/logo wrong-format",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			state := catalogue.ProviderState{}
			if test.given != nil {
				state = catalogue.EvolveProvider(state, described(*test.given))
			}
			got, err := catalogue.DecideProvider(state, catalogue.DescribeProvider{Provider: test.when, At: monday})
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.faults, codes(err)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAProviderReadBackIsTheSame: what the store gives back is not taken for a change.
func TestAProviderReadBackIsTheSame(t *testing.T) {
	for _, phones := range [][]string{nil, {}, {"1432"}} {
		p := provider(func(p *catalogue.Provider) { p.Contacts.Phones = phones })
		raw, err := json.Marshal(described(p))
		if err != nil {
			t.Fatal(err)
		}
		var read catalogue.ProviderDescribed
		if err := json.Unmarshal(raw, &read); err != nil {
			t.Fatal(err)
		}
		state := catalogue.EvolveProvider(catalogue.ProviderState{}, read)
		got, err := catalogue.DecideProvider(state, catalogue.DescribeProvider{Provider: p, At: monday})
		if err != nil || len(got) > 0 {
			t.Errorf("phones %v: %v, %v", phones, got, err)
		}
	}
}
