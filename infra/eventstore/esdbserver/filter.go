package esdbserver

import (
	"bytes"
	"math"
	"regexp"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"services.example/portal/infra/eventstore/pebblelog"
)

// MaxExpression is the longest regular expression that a filter may have, in bytes.
const MaxExpression = 1024

// defaultWindow is how many events a real node looks at before it pauses, if the client does not say.
const defaultWindow = 32

// filter chooses events by the name of their stream or by their type.
type filter struct {
	byType     bool
	expression *regexp.Regexp // nil: prefixes
	prefixes   [][]byte
	interval   uint64 // events looked at between two checkpoints
}

func filterOf(options *streams.ReadReq_Options_FilterOptions) (*filter, error) {
	f := &filter{}
	var expression *streams.ReadReq_Options_FilterOptions_Expression
	switch chosen := options.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		expression = chosen.StreamIdentifier
	case *streams.ReadReq_Options_FilterOptions_EventType:
		expression, f.byType = chosen.EventType, true
	default:
		return nil, invalid("a filter is by stream or by event type")
	}
	if err := f.express(expression); err != nil {
		return nil, err
	}
	window := uint64(defaultWindow)
	switch chosen := options.GetWindow().(type) {
	case *streams.ReadReq_Options_FilterOptions_Max:
		window = uint64(chosen.Max)
	case *streams.ReadReq_Options_FilterOptions_Count:
	default:
		return nil, invalid("a filter needs a window")
	}
	f.interval = window * uint64(options.GetCheckpointIntervalMultiplier())
	return f, nil
}

func (f *filter) express(expression *streams.ReadReq_Options_FilterOptions_Expression) error {
	text := expression.GetRegex()
	if text == "" {
		for _, prefix := range expression.GetPrefix() {
			f.prefixes = append(f.prefixes, []byte(prefix))
		}
		return nil
	}
	if len(text) > MaxExpression {
		return invalid("the expression of the filter is longer than %d bytes", MaxExpression)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return invalid("the expression of the filter is not supported: %v", err)
	}
	f.expression = compiled
	return nil
}

func (f *filter) matches(v *pebblelog.View) bool {
	name := v.Stream
	if f.byType {
		name = v.Type
	}
	if f.expression != nil {
		return f.expression.Match(name)
	}
	for _, prefix := range f.prefixes {
		if bytes.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

var (
	epochStream        = []byte("$epoch-information")
	persistentPrefix   = []byte("$persistentsubscription-$all::")
	persistentSuffixes = [][]byte{[]byte("-checkpoint"), []byte("-parked")}
)

// hiddenFromAll tells which streams a read of $all never shows.
func hiddenFromAll(stream []byte) bool {
	if len(stream) == 0 || stream[0] != '$' {
		return false
	}
	if bytes.Equal(stream, epochStream) {
		return true
	}
	if !bytes.HasPrefix(stream, persistentPrefix) {
		return false
	}
	for _, suffix := range persistentSuffixes {
		if bytes.HasSuffix(stream, suffix) {
			return true
		}
	}
	return false
}

// unlimited is the count of a read that does not end by itself.
const unlimited = math.MaxUint64
