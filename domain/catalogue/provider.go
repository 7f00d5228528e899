package catalogue

import (
	"net/url"
	"reflect"
	"strings"
	"time"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

// Provider is what is said about an organisation whose services are on the portal.
type Provider struct {
	Name       text.Text        `json:"name" bson:"name"`
	ShortName  text.Text        `json:"shortName" bson:"shortName"`
	Contacts   service.Contacts `json:"contacts" bson:"contacts"`
	Website    string           `json:"website,omitempty" bson:"website,omitempty"` // where its logo among the partners leads
	Logo       string           `json:"logo,omitempty" bson:"logo,omitempty"`       // URL
	CalendarID string           `json:"calendarId" bson:"calendarId"`               // by which its working days count
	Region     string           `json:"region,omitempty" bson:"region,omitempty"`   // ISO 3166-2; empty: the whole country
}

// ProviderEvent is something that happened to a provider.
type ProviderEvent interface{ isProviderEvent() }

// ProviderEventTypes is the storage format: see the warning at application.EventTypes. Each provider has its stream,
// provider-<id>.
var ProviderEventTypes = map[string]ProviderEvent{
	"provider.described.v1": ProviderDescribed{},
}

// ProviderDescribed replaces what is said about the provider.
type ProviderDescribed struct {
	Name       text.Text        `json:"name"`
	ShortName  text.Text        `json:"shortName"`
	Contacts   service.Contacts `json:"contacts"`
	Website    string           `json:"website,omitempty"`
	Logo       string           `json:"logo,omitempty"`
	CalendarID string           `json:"calendarId"`
	Region     string           `json:"region,omitempty"`
	At         time.Time        `json:"at"`
}

// Provider gives what the event says about the provider.
func (e ProviderDescribed) Provider() Provider {
	return Provider{
		Name: e.Name, ShortName: e.ShortName, Contacts: e.Contacts, Website: e.Website, Logo: e.Logo,
		CalendarID: e.CalendarID, Region: e.Region,
	}
}

func described(p Provider, at time.Time) ProviderDescribed {
	return ProviderDescribed{
		Name: p.Name, ShortName: p.ShortName, Contacts: p.Contacts, Website: p.Website, Logo: p.Logo,
		CalendarID: p.CalendarID, Region: p.Region, At: at,
	}
}

func (ProviderDescribed) isProviderEvent() {}

// DescribeProvider asks to say this about the provider.
type DescribeProvider struct {
	Provider Provider
	At       time.Time
}

// ProviderState is a provider as its events have made it. The zero value is one that nobody described.
type ProviderState struct {
	Described bool
	Provider  Provider
}

// DecideProvider gives what happens when a provider is described, or the problem invalid with every fault. What is said
// already gives nothing.
func DecideProvider(state ProviderState, command DescribeProvider) ([]ProviderEvent, error) {
	if err := command.Provider.check(); err != nil {
		return nil, err
	}
	if state.Described && reflect.DeepEqual(state.Provider.normal(), command.Provider.normal()) {
		return nil, nil
	}
	return []ProviderEvent{described(command.Provider, command.At)}, nil
}

// EvolveProvider applies what happened.
func EvolveProvider(state ProviderState, event ProviderEvent) ProviderState {
	if e, ok := event.(ProviderDescribed); ok {
		state = ProviderState{Described: true, Provider: e.Provider()}
	}
	return state
}

// normal makes no list and an empty list the same.
func (p Provider) normal() Provider {
	if len(p.Contacts.Phones) == 0 {
		p.Contacts.Phones = nil
	}
	return p
}

func (p Provider) check() error {
	faults := append(nameFaults("/name", p.Name), nameFaults("/shortName", p.ShortName)...)
	add := func(location, code string, params map[string]string) {
		faults = append(faults, problem.Field{Location: location, Code: code, Params: params})
	}
	if strings.TrimSpace(p.CalendarID) == "" {
		add("/calendarId", "required", nil)
	}
	if len(p.Contacts.Phones) == 0 && p.Contacts.Email == "" {
		add("/contacts", "required", nil)
	}
	if p.Contacts.Email != "" {
		if _, err := identity.ParseEmail(p.Contacts.Email); err != nil {
			add("/contacts/email", "wrong-format", map[string]string{"format": "email"})
		}
	}
	if p.Contacts.Address != (text.Text{}) {
		faults = append(faults, nameFaults("/contacts/address", p.Contacts.Address)...)
	}
	for _, link := range []struct{ location, address string }{
		{"/contacts/website", p.Contacts.Website}, {"/website", p.Website}, {"/logo", p.Logo},
	} {
		if link.address != "" && !webAddress(link.address) {
			add(link.location, "wrong-format", map[string]string{"format": "url"})
		}
	}
	return problem.Input(faults...)
}

func webAddress(s string) bool {
	parsed, err := url.Parse(s)
	return err == nil && parsed.Host != "" && (parsed.Scheme == "https" || parsed.Scheme == "http")
}
