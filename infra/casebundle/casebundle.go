// Package casebundle is the form in which a whole case leaves the portal: one zip file with everything that was recorded of
// it, and with what proves that it happened so. It can be checked without the portal and without a network.
//
//	README.txt                     what this is, for people
//	report/case.kk.html, .pdf      the case for people to read, in three languages
//	records.ndjson                 Record: every record of the case as it is stored, in the order of the log, each with the
//	                               proof that it is in the log, and what its encrypted fields hold
//	events.ndjson                  the same decrypted, with a sentence in three languages, for programs
//	context.json                   Context: names of people, which are no part of the case's records
//	files/<id>.pdf                 files that were attached or uploaded, the documents to sign among them
//	documents/<id>.evidence.zip    a signed document with what proves its signatures (infra/eds/bundle)
//	checkpoint.txt                 the signed checkpoint of the log in which the records are (infra/transparency)
//	statement.txt                  what the log says of manifest.json, signed with the same key
//	manifest.json                  Manifest: every other file with its SHA-256; which streams are whole
//
// What proves what: the checkpoint binds every record to its place in a log that witnesses and auditors see; a record names
// the SHA-256 of each file, and commits to its encrypted fields; signatures prove themselves. Reports and events.ndjson
// follow from the records and can be made again of them. That no record of a stream was left out at its end, and the names
// of people, are the portal's word: the statement binds it to them.
package casebundle

import (
	"errors"
	"fmt"
	"regexp"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

// Format names this form of a bundle. It stands in every manifest.
const Format = "portal-case/1"

// Bounds of a bundle.
const (
	MaxRecords     = 100_000
	MaxRecordBytes = 256 << 20 // of records.ndjson
	MaxFiles       = 10_000
	MaxTotal       = 3 << 30 // bytes of all files together
)

// The files that every bundle has.
const (
	RecordsPath    = "records.ndjson"
	EventsPath     = "events.ndjson"
	ContextPath    = "context.json"
	CheckpointPath = "checkpoint.txt"
	StatementPath  = "statement.txt"
	ManifestPath   = "manifest.json"
	readmePath     = "README.txt"
)

const (
	maxManifest = 8 << 20 // bytes
	maxLine     = 8 << 20 // bytes of one record
	maxSmall    = 64 << 10
	maxContext  = 8 << 20
)

var (
	// ErrMalformed says that a file is no bundle of a case, or a damaged one.
	ErrMalformed = errors.New("not a sound bundle of a case")
	// ErrTooLarge says that a case has more than a bundle holds.
	ErrTooLarge = errors.New("the case is too large for a bundle")
)

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, a...))
}

// Manifest says what is in a bundle.
type Manifest struct {
	Format      string    `json:"format"`
	Application string    `json:"application"` // its id
	Number      string    `json:"number"`
	Log         string    `json:"log"` // public key of the log, to be compared with the one that the portal publishes
	Records     int       `json:"records"`
	Streams     []Stream  `json:"streams"`           // by name
	Missing     []Missing `json:"missing,omitempty"` // files that records name and that are not in the bundle
	Files       []File    `json:"files"`             // all but the manifest and the statement, in the order of the zip
}

// Stream says how many records a stream of the case has in the log that the checkpoint signs.
type Stream struct {
	Name  string `json:"name"`
	Next  int64  `json:"next"`  // the revision after the last
	Whole bool   `json:"whole"` // all of them are in the bundle; else those that concern the case
}

// Missing is a file that a record names and that is gone.
type Missing struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Why    string `json:"why"` // erased, or lost
}

// Why files are missing.
const (
	Erased = "erased" // with the person whose they were
	Lost   = "lost"   // not found where files are kept, or damaged there
)

// File is a file of the bundle.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// Record is a record of the log.
type Record struct {
	Index    uint64              `json:"index"` // its place in the log, the first being 0
	Stream   string              `json:"stream"`
	Revision int64               `json:"revision"`
	ID       string              `json:"id"`
	Type     string              `json:"type"`
	JSON     bool                `json:"json"`
	Data     []byte              `json:"data"`
	Metadata []byte              `json:"metadata"` // with the time at which it was recorded first
	Proof    []transparency.Hash `json:"proof"`    // that leads from the record to the root of the checkpoint

	// Opening shows what the record holds encrypted; nil if it has nothing encrypted, or its key was destroyed.
	Opening *codec.Opening `json:"opening,omitempty"`
}

// Recorded is the record as a store would give it. Its position is its place in the log.
func (r *Record) Recorded() (eventstore.Recorded, error) { return recorded(r) }

// Context is what the reports need beside the records. Nothing proves it but the portal's statement.
type Context struct {
	People   map[string]string `json:"people"`   // names by account id
	Provider map[string]string `json:"provider"` // the provider's name by language
}

var plainPath = regexp.MustCompile(
	`^(README\.txt|(records|events)\.ndjson|context\.json|checkpoint\.txt|statement\.txt|manifest\.json` +
		`|report/case\.(kk|ru|en)\.(html|pdf)|files/[0-9a-f-]{36}(\.[a-z0-9]{1,5})?|documents/[0-9a-f-]{36}\.evidence\.zip)$`)
