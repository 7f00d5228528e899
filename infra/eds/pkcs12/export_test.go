package pkcs12

// What the tests need to make files.
var (
	Derive    = derive
	BMPString = bmpString
	Normalize = normalize
	NewRC2    = newRC2
)

// What keys are derived for, and the bounds of a file.
const (
	ForKey    = forKey
	ForIV     = forIV
	ForMAC    = forMAC
	MaxRounds = maxRounds
	MaxFile   = maxFile
	MaxDepth  = maxDepth
)
