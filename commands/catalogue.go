package commands

import (
	"context"
	"fmt"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
)

// Catalogue are the use cases of whoever looks after services, providers and calendars.
type Catalogue struct {
	deps    Deps
	streams *streams
}

// DefineCategories replaces the tree of categories. Errors: invalid with every fault.
func (c *Catalogue) DefineCategories(
	ctx context.Context, req Request, tree []catalogue.Category,
) (Outcome[catalogue.Categories], error) {
	return c.streams.categories.execute(ctx, req, catalogue.Stream,
		func(catalogue.Categories) (catalogue.DefineCategories, error) {
			return catalogue.DefineCategories{Tree: tree, At: c.deps.Now()}, nil
		})
}

// DescribeProvider replaces what is said about a provider. Errors: invalid with every fault.
func (c *Catalogue) DescribeProvider(
	ctx context.Context, req Request, id string, provider catalogue.Provider,
) (Outcome[catalogue.ProviderState], error) {
	return c.streams.providers.execute(ctx, req, id,
		func(catalogue.ProviderState) (catalogue.DescribeProvider, error) {
			return catalogue.DescribeProvider{Provider: provider, At: c.deps.Now()}, nil
		})
}

// DefineCalendar replaces the days of a calendar that differ from Monday to Friday. Errors: invalid with every fault.
func (c *Catalogue) DefineCalendar(
	ctx context.Context, req Request, id string, holidays, workingWeekends []string,
) (Outcome[calendar.State], error) {
	return c.streams.calendars.execute(ctx, req, id, func(calendar.State) (calendar.Command, error) {
		return calendar.Define{Holidays: holidays, WorkingWeekends: workingWeekends, At: c.deps.Now()}, nil
	})
}

// PublishService gives a service this content and makes it the version that people see. Errors: invalid with every
// fault.
func (c *Catalogue) PublishService(
	ctx context.Context, req Request, id string, content service.Content,
) (Outcome[service.State], error) {
	revised, err := c.streams.services.execute(ctx, req, id, func(service.State) (service.Command, error) {
		return service.Revise{Content: content, At: c.deps.Now()}, nil
	})
	if err != nil {
		return Outcome[service.State]{}, fmt.Errorf("revising service %s: %w", id, err)
	}
	return c.streams.services.execute(ctx, req.next(), id, func(service.State) (service.Command, error) {
		return service.Publish{Version: revised.State.Newest(), At: c.deps.Now()}, nil
	})
}
