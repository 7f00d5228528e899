package identity

// BIN is the identification number of an organisation.
type BIN struct{ number }

// ParseBIN reads a BIN: twelve ASCII digits with the right check digit. Whether it looks like one: see Hints and
// LooksLikeIIN.
func ParseBIN(s string) (BIN, error) {
	n, err := parseDigits(s)
	return BIN{n}, err
}

// Entity is the kind of organisation that a BIN hints at.
type Entity string

// The kinds of organisations; EntityUnknown where the digit says nothing.
const (
	EntityUnknown   Entity = ""
	Resident        Entity = "resident"
	NonResident     Entity = "non-resident"
	JointEnterprise Entity = "joint-enterprise" // several individual entrepreneurs together
)

// Unit is the part of an organisation that a BIN hints at.
type Unit string

// The parts of organisations; UnitUnknown where the digit says nothing.
const (
	UnitUnknown          Unit = ""
	HeadOffice           Unit = "head-office"
	Branch               Unit = "branch"
	RepresentativeOffice Unit = "representative-office"
	Farm                 Unit = "farm"
)

// BINHints is what the digits of a BIN suggest.
type BINHints struct {
	Entity Entity
	Unit   Unit
}

// Hints reads the digits; both hints are unknown for what does not look like a BIN.
func (n BIN) Hints() BINHints {
	if !n.LooksLikeBIN() {
		return BINHints{}
	}
	return BINHints{
		Entity: [...]Entity{Resident, NonResident, JointEnterprise}[n.digits[4]-'4'],
		Unit:   unitOf(n.digits[5]),
	}
}

func unitOf(digit byte) Unit {
	switch digit {
	case '0':
		return HeadOffice
	case '1':
		return Branch
	case '2':
		return RepresentativeOffice
	case '3':
		return Farm
	default:
		return UnitUnknown
	}
}
