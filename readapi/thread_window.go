package readapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"services.example/portal/infra/readstore"
)

const newestFirst = "newest"

// threadWindow is the part of a thread that one page shows: the numbers from first to last.
type threadWindow struct {
	first, last int
}

// windowOf finds the part that was asked for. The numbers of a thread never change, so a page goes on where the last one
// ended however much was written since. Error: readstore.ErrCursor.
func windowOf(key threadKey, total int) (threadWindow, error) {
	after := 0
	if key.order == newestFirst {
		after = total + 1
	}
	if key.after != "" {
		var err error
		if after, err = numberIn(key); err != nil {
			return threadWindow{}, err
		}
	}
	if key.order == newestFirst {
		last := min(after-1, total)
		return threadWindow{first: max(1, last-key.limit+1), last: last}, nil
	}
	return threadWindow{first: after + 1, last: min(after+key.limit, total)}, nil
}

// finish puts the items, oldest first, into the order that was asked for, and says where the next page begins.
func (w threadWindow) finish(key threadKey, page *threadPage) {
	n := len(page.Items)
	if key.order == newestFirst {
		slices.Reverse(page.Items)
		if w.first > 1 {
			page.Next = numberCursor(key, w.first)
		}
		return
	}
	if n > 0 && page.Items[n-1].Number < page.Total {
		page.Next = numberCursor(key, page.Items[n-1].Number)
	}
}

// numberCursor names the last item of a page, bound to what was asked.
func numberCursor(key threadKey, number int) string {
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint([]byte(askedThread(key)), uint64(number)))
}

func numberIn(key threadKey) (int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(key.after)
	if err != nil {
		return 0, readstore.ErrCursor
	}
	rest, ours := strings.CutPrefix(string(raw), askedThread(key))
	number, read := binary.Uvarint([]byte(rest))
	if !ours || read != len(rest) || number == 0 || number > longestThread {
		return 0, readstore.ErrCursor
	}
	return int(number), nil
}

// longestThread is beyond the number of any item.
const longestThread = 1 << 31

// askedThread is a short hash of what a thread was asked for.
func askedThread(key threadKey) string {
	sum := sha256.Sum256([]byte(key.application + "\x00" + key.order))
	return string(sum[:6])
}
