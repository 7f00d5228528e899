package notification

import "github.com/google/uuid"

// ID names the notice that one event causes for one recipient by one channel. It is always the same, so that an event
// which is looked at twice does not tell anybody anything twice.
func ID(cause uuid.UUID, recipient string, channel Channel) string {
	return uuid.NewSHA1(cause, []byte(recipient+"\x00"+string(channel))).String()
}
