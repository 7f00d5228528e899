package machine

import "time"

// Stream is the one stream of all service accounts: they are few, and a name is given once.
const Stream = "machines"

// Event is something that happened to a service account.
type Event interface{ isMachineEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"machine.added.v1":         Added{},
	"machine.token-issued.v1":  TokenIssued{},
	"machine.token-revoked.v1": TokenRevoked{},
}

// Added is a new service account. It can do nothing before it has a token. What it is for is sealed with its own key:
// people write names into such texts.
type Added struct {
	Machine string    `json:"machine"` // UUID
	Name    string    `json:"name"`
	Purpose string    `json:"purpose" personal:"true"`
	At      time.Time `json:"at"`
}

// TokenIssued lets whoever has the token read what its scopes are for, until it expires. Of the token there is only the hash.
type TokenIssued struct {
	Machine string    `json:"machine"`
	Token   string    `json:"token"` // UUID: names the token, and is no part of it
	Hash    string    `json:"hash"`  // SHA-256 of the token, hex
	Scopes  []Scope   `json:"scopes"`
	Expires time.Time `json:"expires"`
	At      time.Time `json:"at"`
}

// TokenRevoked ends a token before its time.
type TokenRevoked struct {
	Machine string    `json:"machine"`
	Token   string    `json:"token"`
	At      time.Time `json:"at"`
}

func (Added) isMachineEvent()        {}
func (TokenIssued) isMachineEvent()  {}
func (TokenRevoked) isMachineEvent() {}
