package esdbserver_test

import (
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// short tells a message of a read in a few words.
func short(message *streams.ReadResp) string {
	switch content := message.GetContent().(type) {
	case *streams.ReadResp_Confirmation:
		return "confirmed"
	case *streams.ReadResp_CaughtUp_:
		return "caught up"
	case *streams.ReadResp_Checkpoint_:
		p := content.Checkpoint
		if p.GetCommitPosition() == p.GetPreparePosition() {
			return fmt.Sprintf("checkpoint %d", p.GetCommitPosition())
		}
		return fmt.Sprintf("checkpoint %d/%d", p.GetCommitPosition(), p.GetPreparePosition())
	case *streams.ReadResp_StreamNotFound_:
		return fmt.Sprintf("not found: %s", content.StreamNotFound.GetStreamIdentifier().GetStreamName())
	case *streams.ReadResp_FirstStreamPosition:
		return fmt.Sprintf("first %d", content.FirstStreamPosition)
	case *streams.ReadResp_LastStreamPosition:
		return fmt.Sprintf("last %d", content.LastStreamPosition)
	case *streams.ReadResp_Event:
		event, link := content.Event.GetEvent(), content.Event.GetLink()
		switch {
		case event == nil:
			return "dangling " + string(link.GetData())
		case event.GetMetadata()["type"] == "$streamDeleted":
			return "tombstone"
		case link != nil:
			return string(event.GetData()) + " by " + string(link.GetData())
		default:
			return string(event.GetData())
		}
	default:
		return fmt.Sprintf("%v", message)
	}
}
