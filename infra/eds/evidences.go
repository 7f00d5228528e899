package eds

import (
	"context"
	"time"
)

// Evidences asks authorities for evidence of signatures that were found valid.
type Evidences interface {
	// Fetch gives what it could get of the missing evidence, verified, and what else checking that needs, such as the
	// certificates of the authorities that gave it. What it gives counts also beside an error: that says why the rest could
	// not be had. A problem.Invalid means that it never will, such as cert-revoked; after any other error it may be asked
	// again.
	Fetch(ctx context.Context, of Lacking) ([]Evidence, error)
}

// Lacking is a valid signature without all of its evidence.
type Lacking struct {
	CMS        []byte         // DER, as it was handed in
	Evidence   []Evidence     // what there is, without the report
	Missing    []EvidenceKind // what is asked for; for EvidenceOCSP, EvidenceCRL serves as well
	ReceivedAt time.Time      // by the portal's clock
}
