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
func windowOf(in *threadInput, total int) (threadWindow, error) {
	after := 0
	if in.Order == newestFirst {
		after = total + 1
	}
	if in.After != "" {
		var err error
		if after, err = numberIn(in); err != nil {
			return threadWindow{}, err
		}
	}
	if in.Order == newestFirst {
		last := min(after-1, total)
		return threadWindow{first: max(1, last-in.Limit+1), last: last}, nil
	}
	return threadWindow{first: after + 1, last: min(after+in.Limit, total)}, nil
}

// finish puts the items, oldest first, into the order that was asked for, and says where the next page begins.
func (w threadWindow) finish(in *threadInput, page *threadPage) {
	n := len(page.Items)
	if in.Order == newestFirst {
		slices.Reverse(page.Items)
		if w.first > 1 {
			page.Next = numberCursor(in, w.first)
		}
		return
	}
	if n > 0 && page.Items[n-1].Number < page.Total {
		page.Next = numberCursor(in, page.Items[n-1].Number)
	}
}

// numberCursor names the last item of a page, bound to what was asked.
func numberCursor(in *threadInput, number int) string {
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint([]byte(askedThread(in)), uint64(number)))
}

func numberIn(in *threadInput) (int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(in.After)
	if err != nil {
		return 0, readstore.ErrCursor
	}
	rest, ours := strings.CutPrefix(string(raw), askedThread(in))
	number, read := binary.Uvarint([]byte(rest))
	if !ours || read != len(rest) || number == 0 || number > longestThread {
		return 0, readstore.ErrCursor
	}
	return int(number), nil
}

// longestThread is beyond the number of any item.
const longestThread = 1 << 31

// askedThread is a short hash of what a thread was asked for.
func askedThread(in *threadInput) string {
	sum := sha256.Sum256([]byte(in.ID + "\x00" + in.Order))
	return string(sum[:6])
}
