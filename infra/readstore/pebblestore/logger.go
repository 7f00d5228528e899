package pebblestore

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// engineLogger passes the engine's messages to slog. Where the engine expects the process to end (its log cannot be
// written any more), the store ends instead: every later call answers ErrUnavailable, and nothing more is acknowledged.
type engineLogger struct {
	log    *slog.Logger
	failed atomic.Pointer[string]
}

// Infof implements pebble.Logger. The engine's chatter is for those who debug it.
func (l *engineLogger) Infof(format string, args ...any) {
	l.log.Debug("read store engine", slog.String("message", fmt.Sprintf(format, args...)))
}

// Errorf implements pebble.Logger.
func (l *engineLogger) Errorf(format string, args ...any) {
	l.log.Error("read store engine", slog.String("message", fmt.Sprintf(format, args...)))
}

// Fatalf implements pebble.Logger. It returns, which the engine allows for, and leaves the store failed.
func (l *engineLogger) Fatalf(format string, args ...any) {
	l.fail(fmt.Sprintf(format, args...))
}

func (l *engineLogger) fail(reason string) {
	if l.failed.CompareAndSwap(nil, &reason) {
		l.log.Error("read store failed and answers no more until it is opened again", slog.String("reason", reason))
	}
}

// listener reports what an operator should know of the engine's background work.
func (l *engineLogger) listener() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			l.log.Error("read store engine: background work failed and will be tried again", slog.Any("error", err))
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) { l.fail(info.String()) },
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			l.log.Warn("read store engine: writes wait for background work", slog.String("reason", info.Reason))
		},
	}
}
