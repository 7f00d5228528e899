package tlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"strconv"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// placesDoc says where in the log the records of one tile of leaves are: positions as differences from one to the next.
type placesDoc struct {
	First     string `bson:"f"` // of the first record, so that texts compare as positions do
	Positions []byte `bson:"p"`
}

var errPlaces = errors.New("the stored places of records are damaged")

func sortable(p eventstore.Position) string { return fmt.Sprintf("%016x%016x", p.Commit, p.Prepare) }

func placesID(tile uint64) string { return strconv.FormatUint(tile, 16) }

func placesOf(document readstore.Document) ([]eventstore.Position, error) {
	var stored placesDoc
	if err := document.Decode(&stored); err != nil {
		return nil, fmt.Errorf("%w: %w", errPlaces, err)
	}
	var places []eventstore.Position
	var last eventstore.Position
	for rest := stored.Positions; len(rest) > 0; {
		commit, n := binary.Uvarint(rest)
		if n <= 0 {
			return nil, errPlaces
		}
		prepare, m := binary.Varint(rest[n:])
		if m <= 0 || len(places) == TileWidth {
			return nil, errPlaces
		}
		last = eventstore.Position{Commit: last.Commit + commit, Prepare: last.Commit + commit - uint64(prepare)}
		places, rest = append(places, last), rest[n+m:]
	}
	return places, nil
}

func placesBody(places []eventstore.Position) placesDoc {
	var raw []byte
	var last eventstore.Position
	for _, p := range places {
		raw = binary.AppendUvarint(raw, p.Commit-last.Commit)
		raw = binary.AppendVarint(raw, int64(p.Commit-p.Prepare))
		last = p
	}
	return placesDoc{First: sortable(places[0]), Positions: raw}
}

// countThrough counts the leaves up to and with a position of the log.
func countThrough(ctx context.Context, reads readstore.Store, position eventstore.Position) (uint64, error) {
	tile, places, err := placesAt(ctx, reads, position)
	if err != nil || places == nil {
		return 0, err
	}
	return tile*TileWidth + uint64(countIn(places, position)), nil
}

func countIn(places []eventstore.Position, through eventstore.Position) int {
	return sort.Search(len(places), func(i int) bool { return through.Before(places[i]) })
}

// placesAt finds the tile of leaves in which a position lies, or after which it comes; none: no places.
func placesAt(ctx context.Context, reads readstore.Store, position eventstore.Position) (tile uint64, places []eventstore.Position, err error) {
	page, err := reads.List(ctx, placeCollection, readstore.Query{Index: byFirst, From: sortable(position), Limit: 1})
	if err != nil {
		return 0, nil, fmt.Errorf("looking for a record's place in the hash tree: %w", err)
	}
	if len(page.Documents) == 0 {
		return 0, nil, nil
	}
	found := page.Documents[0]
	if tile, err = strconv.ParseUint(found.ID, 16, 64); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", errPlaces, err)
	}
	places, err = placesOf(found)
	return tile, places, err
}
