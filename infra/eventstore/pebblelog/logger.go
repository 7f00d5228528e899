package pebblelog

import (
	"fmt"
	"log/slog"
)

// pebbleLogger passes Pebble's messages on. Pebble expects Fatalf to end the process; here the directory is frozen
// and the store becomes read-only.
type pebbleLogger struct {
	logger *slog.Logger
	fatal  func(error)
}

func (p pebbleLogger) Infof(format string, args ...any) {
	p.logger.Debug("event log database", "message", fmt.Sprintf(format, args...))
}

func (p pebbleLogger) Errorf(format string, args ...any) {
	p.logger.Error("event log database", "message", fmt.Sprintf(format, args...))
}

func (p pebbleLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	p.logger.Error("event log database cannot write", "error", err)
	p.fatal(err)
}
