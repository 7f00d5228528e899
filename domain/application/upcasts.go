package application

import (
	"encoding/json"
	"fmt"
)

// SubmittedV2 turns application.submitted.v1 into version 2, which names the provider. Version 1 did not know it.
func SubmittedV2(older json.RawMessage) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(older, &members); err != nil {
		return nil, fmt.Errorf("reading application.submitted.v1: %w", err)
	}
	members["providerId"] = json.RawMessage(`""`)
	return json.Marshal(members)
}
