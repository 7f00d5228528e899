package tlog

import (
	"errors"
	"fmt"
	"strconv"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/transparency"
)

const (
	// TileWidth is how many hashes a tile has.
	TileWidth = 256
	tileBits  = 8
)

// tileID names a tile: the hashes of level 8×Level of the tree, those from Index×TileWidth on.
type tileID struct {
	Level uint
	Index uint64
}

func (t tileID) String() string {
	return strconv.FormatUint(uint64(t.Level), 10) + "/" + strconv.FormatUint(t.Index, 16)
}

// tileDoc is a tile as it is stored.
type tileDoc struct {
	Hashes []byte `bson:"h"`
}

var errTile = errors.New("a stored tile of the hash tree is damaged")

func tileOf(document readstore.Document) ([]transparency.Hash, error) {
	var stored tileDoc
	if err := document.Decode(&stored); err != nil {
		return nil, fmt.Errorf("%w: %w", errTile, err)
	}
	if len(stored.Hashes)%transparency.HashSize != 0 || len(stored.Hashes) > TileWidth*transparency.HashSize {
		return nil, fmt.Errorf("tile %s: %w", document.ID, errTile)
	}
	hashes := make([]transparency.Hash, len(stored.Hashes)/transparency.HashSize)
	for i := range hashes {
		hashes[i] = transparency.Hash(stored.Hashes[i*transparency.HashSize:])
	}
	return hashes, nil
}

func tileBytes(hashes []transparency.Hash) []byte {
	raw := make([]byte, 0, len(hashes)*transparency.HashSize)
	for i := range hashes {
		raw = append(raw, hashes[i][:]...)
	}
	return raw
}

// rootOf is the root over hashes that are a power of two in number. It works in their memory.
func rootOf(hashes []transparency.Hash) transparency.Hash {
	for n := len(hashes); n > 1; n /= 2 {
		for i := range n / 2 {
			hashes[i] = transparency.Node(hashes[2*i], hashes[2*i+1])
		}
	}
	return hashes[0]
}
