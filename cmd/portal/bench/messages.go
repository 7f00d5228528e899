package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	// benchMessage is what people write to each other on average.
	benchMessage = 200 // characters
	// storedMessage is what a stored message takes beside its text: metadata, names, encryption.
	storedMessage = 830 // bytes
)

// Message is the n-th request body that writes to the operator.
func (u User) Message(n int) []byte {
	words := strconv.Itoa(n) + " " + strings.Repeat("Құжатты қашан алуға болады? ", benchMessage/28)
	encoded, _ := json.Marshal(map[string]string{"text": words}) //nolint:errchkjson // a map of strings
	return encoded
}

// posts measures writing a message, in turn to the applications of all users, against a handler that does one append of the
// same size. In one thread nobody may write as fast as that.
func (b *runner) posts(ctx context.Context, client *http.Client, l *Loaded, portal, bare *process) ([]figure, error) {
	users, err := l.withSent()
	if err != nil {
		return nil, err
	}
	calling := func(method string, url func(User) string) work {
		return func(ctx context.Context, k, n int) error {
			turn := n*b.Clients + k
			u := users[turn%len(users)]
			_, _, err := call(ctx, client, method, url(u), u.Token, u.Message(turn))
			return err
		}
	}
	size := storedMessage + len(users[0].Message(0))
	ours := &load{of: portal, one: calling(http.MethodPost, func(u User) string {
		return portal.url + "/api/v1/applications/" + u.Sent + "/messages"
	})}
	limit := &load{of: bare, one: calling(http.MethodPut, func(User) string { return bare.url + "/append/" + strconv.Itoa(size) })}
	if err := b.compare(ctx, ours, limit); err != nil {
		return nil, err
	}
	return []figure{atLeastHalf(fmt.Sprintf("message over HTTP, %d clients", b.Clients), ours, limit, "one append")}, nil
}
