package main

import "context"

type benchCommand struct{ storage }

// Run measures.
func (c *benchCommand) Run(context.Context) error { return nil }
