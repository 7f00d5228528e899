package esdbserver_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"services.example/portal/infra/eventstore/esdbserver"
)

// tell reads and tells each message in short, and the status if it is not OK.
func (n *node) tell(t *testing.T, options ...readOption) []string {
	t.Helper()
	messages, err := n.read(t, options...)
	told := []string{}
	for _, message := range messages {
		told = append(told, short(message))
	}
	if err != nil {
		told = append(told, tellAppend(nil, err))
	}
	return told
}

func compatible(o *streams.ReadReq_Options) {
	o.ControlOption = &streams.ReadReq_Options_ControlOption{Compatibility: 1}
}

// letters appends so many events a, b, c … to the stream, one append each.
func (n *node) letters(t *testing.T, stream string, events int) {
	t.Helper()
	for i := range events {
		n.mustAppend(t, stream, whatever, proposed(string(rune('a'+i))))
	}
}

// TestReadsOfAStream has a row for each rule of 3.3. The stream has the events a to e.
func TestReadsOfAStream(t *testing.T) {
	plain := func(*testing.T, *node) {}
	for _, row := range []struct {
		name    string
		given   func(*testing.T, *node)
		options []readOption
		want    []string
	}{
		{"forwards from the start", plain, nil, []string{"a", "b", "c", "d", "e"}},
		{"forwards from a revision", plain, []readOption{fromRevision(2)}, []string{"c", "d", "e"}},
		{"forwards, so many", plain, []readOption{fromRevision(1), count(2)}, []string{"b", "c"}},
		{"forwards from beyond the end", plain, []readOption{fromRevision(5)}, []string{}},
		{"forwards from the end", plain, []readOption{fromEnd}, []string{}},
		{"forwards, none", plain, []readOption{count(0)}, []string{}},
		{"backwards from the end", plain, []readOption{backwards, fromEnd}, []string{"e", "d", "c", "b", "a"}},
		{"backwards from the end as a number", plain, []readOption{backwards, fromRevision(math.MaxUint64), count(1)}, []string{"e"}},
		{"backwards from a revision", plain, []readOption{backwards, fromRevision(1)}, []string{"b", "a"}},
		{"backwards from beyond the end", plain, []readOption{backwards, fromRevision(9), count(2)}, []string{"e", "d"}},
		{"backwards from the start", plain, []readOption{backwards}, []string{"a"}},
		{"the ends are told to clients that know them", plain, []readOption{compatible, count(1)}, []string{"a", "last 4"}},
		{"the ends, backwards", plain, []readOption{compatible, backwards, fromEnd, count(1)}, []string{"e", "last 4"}},
		{"the ends, from beyond", plain, []readOption{compatible, fromRevision(9)}, []string{"first 5", "last 4"}},
		{"the ends, at the end", plain, []readOption{compatible, fromRevision(5)}, []string{"last 4"}},
		{
			"$maxCount", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$maxCount":2}`) },
			nil,
			[]string{"d", "e"},
		},
		{
			"$maxCount backwards", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$maxCount":2}`) },
			[]readOption{backwards, fromEnd},
			[]string{"e", "d"},
		},
		{
			"$tb", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$tb":3}`) },
			nil,
			[]string{"d", "e"},
		},
		{
			"$tb and $maxCount: the higher counts", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$tb":1,"$maxCount":4}`) },
			[]readOption{count(1)},
			[]string{"b"},
		},
		{
			"$tb beyond the end hides everything, and the stream is still there",
			func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$tb":99}`) }, nil,
			[]string{},
		},
		{
			"$maxAge hides nothing that is young", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$maxAge":3600}`) },
			[]readOption{count(1)},
			[]string{"a"},
		},
		{
			"metadata with a wrong type is void", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$tb":3,"$maxCount":"two"}`) },
			[]readOption{count(1)},
			[]string{"a"},
		},
		{
			"soft-deleted", func(t *testing.T, n *node) { t.Helper(); n.delete(t, "s") },
			nil,
			[]string{"not found: s"},
		},
		{
			"soft-deleted and begun anew", func(t *testing.T, n *node) {
				t.Helper()
				n.delete(t, "s")
				n.mustAppend(t, "s", noStream, proposed("f"))
			}, nil, []string{"f"},
		},
		{
			"tombstoned", func(t *testing.T, n *node) { t.Helper(); n.tombstone(t, "s") },
			nil,
			[]string{"deleted"},
		},
	} {
		t.Run("3.3 "+row.name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			n.letters(t, "s", 5)
			row.given(t, n)
			if diff := cmp.Diff(row.want, n.tell(t, append([]readOption{ofStream("s")}, row.options...)...)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadsOfStreamsThatAreNotThere(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.describe(t, "described", `{"$maxCount":1}`)
	for _, name := range []string{"absent", "described", "$$absent"} {
		for way, options := range map[string][]readOption{
			"forwards": nil, "backwards": {backwards, fromEnd}, "of nothing": {count(0)}, "compatible": {compatible},
		} {
			got := n.tell(t, append([]readOption{ofStream(name)}, options...)...)
			if diff := cmp.Diff([]string{"not found: " + name}, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", name, way, diff)
			}
		}
	}
}

func TestOfMetadataOnlyTheNewestIsRead(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.describe(t, "s", `{"$tb":1}`)
	n.describe(t, "s", `{"$tb":2,"mine":true}`)
	if diff := cmp.Diff([]string{`{"$tb":2,"mine":true}`}, n.tell(t, ofStream("$$s"))); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	n.tombstone(t, "s")
	if diff := cmp.Diff([]string{"deleted"}, n.tell(t, ofStream("$$s"))); diff != "" {
		t.Errorf("metadata of a tombstoned stream (-want +got):\n%s", diff)
	}
}

// TestReadsOfAll has a row for each rule of 3.4. Positions here are 1 to 7.
func TestReadsOfAll(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.letters(t, "s", 3)                                               // 1 2 3
	n.describe(t, "s", `{"$maxCount":1}`)                              // 4
	n.mustAppend(t, "$system", whatever, proposed("system"))           // 5
	n.tombstone(t, "s")                                                // 6
	n.mustAppend(t, "$epoch-information", whatever, proposed("epoch")) // 7
	n.mustAppend(t, "$persistentsubscription-$all::g-parked", whatever, proposed("p"))
	n.mustAppend(t, "$persistentsubscription-$all::g-checkpoint", whatever, proposed("p"))
	all := []string{"a", "b", "c", `{"$maxCount":1}`, "system", "tombstone"}
	reversed := []string{"tombstone", "system", `{"$maxCount":1}`, "c", "b", "a"}
	const end = math.MaxUint64
	for _, row := range []struct {
		name    string
		options []readOption
		want    []string
	}{
		{"everything, also what reads of streams hide", nil, all},
		{"forwards from a position, which is included", []readOption{fromPosition(3, 3)}, all[2:]},
		{"forwards from before a position", []readOption{fromPosition(3, 0)}, all[2:]},
		{"forwards, so many", []readOption{count(2)}, all[:2]},
		{"forwards, none", []readOption{count(0)}, []string{}},
		{"forwards from the end", []readOption{fromEnd}, []string{}},
		{"forwards from beyond the end", []readOption{fromPosition(99, 99)}, []string{}},
		{"backwards from the end", []readOption{backwards, fromEnd}, reversed},
		{"backwards from the end as a position", []readOption{backwards, fromPosition(end, end)}, reversed},
		{"backwards from a position, which is not included", []readOption{backwards, fromPosition(3, 3)}, []string{"b", "a"}},
		{"backwards from before a position", []readOption{backwards, fromPosition(3, 0)}, []string{"b", "a"}},
		{"backwards from the start", []readOption{backwards}, []string{}},
		{"filtered by stream", []readOption{filtered(32, 1, "$$", "$sy")}, []string{`{"$maxCount":1}`, "system"}},
		{"filtered, so many", []readOption{filtered(32, 1, "s"), count(2)}, []string{"a", "b"}},
		{"filtered, backwards", []readOption{filtered(32, 1, "s"), backwards, fromEnd, count(2)}, []string{"tombstone", "c"}},
	} {
		t.Run("3.4 "+row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, n.tell(t, append([]readOption{ofAll}, row.options...)...)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatAReadRefuses has a row for each combination that means nothing.
func TestWhatAReadRefuses(t *testing.T) {
	n := start(t, esdbserver.Options{})
	without := func(change func(*streams.ReadReq_Options)) readOption { return change }
	for name, options := range map[string][]readOption{
		"of nothing":                         {},
		"3.1 no form of ids":                 {ofAll, without(func(o *streams.ReadReq_Options) { o.UuidOption = nil })},
		"3.3 no filter, and not said so":     {ofAll, without(func(o *streams.ReadReq_Options) { o.FilterOption = nil })},
		"3.3 a stream with a filter":         {ofStream("s"), filtered(32, 1, "s")},
		"3.3 a subscription backwards":       {ofAll, subscribing, backwards},
		"3.3 a filtered one backwards":       {ofAll, subscribing, backwards, filtered(32, 1, "s")},
		"no count":                           {ofAll, without(func(o *streams.ReadReq_Options) { o.CountOption = nil })},
		"no start":                           {ofAll, without(func(o *streams.ReadReq_Options) { o.GetAll().AllOption = nil })},
		"no start of a stream":               {ofStream("s"), without(func(o *streams.ReadReq_Options) { o.GetStream().RevisionOption = nil })},
		"neither forwards nor backwards":     {ofAll, without(func(o *streams.ReadReq_Options) { o.ReadDirection = 7 })},
		"no name":                            {ofStream("")},
		"3.1 a revision that cannot be":      {ofStream("s"), fromRevision(math.MaxInt64 + 1)},
		"3.1 a subscription from there":      {ofStream("s"), subscribing, fromRevision(math.MaxUint64 - 1)},
		"3.1 prepare after commit":           {ofAll, fromPosition(1, 2)},
		"3.1 a position that cannot be":      {ofAll, subscribing, fromPosition(math.MaxInt64+1, 0)},
		"3.6 no interval of checkpoints":     {ofAll, subscribing, filtered(32, 0, "s")},
		"3.6 no window":                      {ofAll, subscribing, filtered(0, 1, "s")},
		"3.6 a window that is not given":     {ofAll, filtered(1, 1), without(func(o *streams.ReadReq_Options) { o.GetFilter().Window = nil })},
		"3.6 a filter by nothing":            {ofAll, filtered(1, 1), without(func(o *streams.ReadReq_Options) { o.GetFilter().Filter = nil })},
		"3.6 an expression that looks ahead": {ofAll, matching(`^(?!\$)`)},
		"3.6 an expression too long":         {ofAll, matching(fmt.Sprintf("%01025d", 0))},
	} {
		t.Run(name, func(t *testing.T) {
			messages, err := n.read(t, options...)
			wantStatus(t, err, codes.InvalidArgument)
			if len(messages) > 0 {
				t.Errorf("%d messages before it", len(messages))
			}
		})
	}
}

func TestALongReadIsWhole(t *testing.T) {
	n := start(t, esdbserver.Options{})
	const events = 3000 // several pages
	batch := make([]*streams.AppendReq_ProposedMessage, 100)
	var want []string
	for first := 0; first < events; first += len(batch) {
		for i := range batch {
			batch[i] = proposed(strconv.Itoa(first + i))
			want = append(want, strconv.Itoa(first+i))
		}
		n.mustAppend(t, "s", whatever, batch...)
	}
	if diff := cmp.Diff(want, n.data(t, ofStream("s"), count(math.MaxUint64))); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, n.data(t, ofAll, count(math.MaxUint64))); diff != "" {
		t.Errorf("$all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:1500], n.data(t, ofAll, count(1500))); diff != "" {
		t.Errorf("half of $all (-want +got):\n%s", diff)
	}
}
