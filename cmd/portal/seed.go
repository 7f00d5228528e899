package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"services.example/portal/cmd/portal/catalogue"
	"services.example/portal/commands"
	"services.example/portal/infra/eventstore"
)

// seedCommand loads the catalogue.
type seedCommand struct {
	storage
	Catalogue string `env:"PORTAL_CATALOGUE" help:"Folder with the catalogue; the built-in one if empty."`
}

// Run loads it.
func (c *seedCommand) Run(ctx context.Context) (err error) {
	p, err := open(ctx, c.storage, options{messages: &outbox{}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	before, err := eventstore.Head(ctx, p.events)
	if err != nil {
		return err
	}
	if err := seedCatalogue(ctx, p.commands, c.Catalogue); err != nil {
		return err
	}
	written, err := p.events.EventsAfter(ctx, before, 1_000_000)
	if err != nil {
		return fmt.Errorf("counting what was loaded: %w", err)
	}
	fmt.Printf("catalogue loaded: %d new events\n", written)
	return nil
}

// seedCatalogue brings the catalogue of a folder (empty: the built-in one) into effect. What is in effect stays.
func seedCatalogue(ctx context.Context, c *commands.Commands, folder string) error {
	files := catalogue.Embedded()
	if folder != "" {
		files = os.DirFS(folder)
	}
	loaded, err := catalogue.Load(files)
	if err != nil {
		return fmt.Errorf("reading the catalogue: %w", err)
	}
	if _, err := c.Catalogue.DefineCategories(ctx, commands.NewRequest("system"), loaded.Categories); err != nil {
		return fmt.Errorf("loading the categories: %w", err)
	}
	for _, days := range loaded.Calendars {
		_, err := c.Catalogue.DefineCalendar(ctx, commands.NewRequest("system"), days.ID, days.Holidays, days.WorkingWeekends)
		if err != nil {
			return fmt.Errorf("loading the calendar %s: %w", days.Slug, err)
		}
	}
	for _, provider := range loaded.Providers {
		if _, err := c.Catalogue.DescribeProvider(ctx, commands.NewRequest("system"), provider.ID, provider.Content); err != nil {
			return fmt.Errorf("loading the provider %s: %w", provider.Slug, err)
		}
	}
	for _, service := range loaded.Services {
		if _, err := c.Catalogue.PublishService(ctx, commands.NewRequest("system"), service.ID, service.Content); err != nil {
			return fmt.Errorf("loading the service %s: %w", service.Slug, err)
		}
	}
	return nil
}
