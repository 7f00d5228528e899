package signature

import "slices"

// State is what the rules need to know of a document's signatures. The zero State is a document that was never opened for
// signing.
type State struct {
	ApplicationID string
	Applicant     string // account id
	ProviderID    string
	Kind          string
	Version       int
	SHA256        string
	Signers       []Signer
	By            Method
	Accepted      []Accepted // in the order in which they came; without what identifies a person
	Complete      bool       // everybody has signed
	Withdrawn     bool       // replaced by a later document
	Proofs        []Proof    // of the digital ones among the signatures, in the same order

	Rejected []Rejected // the latest, at most triesKept
}

// triesKept is how many failed tries the state remembers. Several of a provider's staff may try.
const triesKept = 4 * MaxTries

// Open tells whether the document was opened for signing, whatever became of it.
func (s State) Open() bool { return s.ApplicationID != "" }

// Next is who signs next; empty: nobody.
func (s State) Next() Signer {
	if s.Complete || s.Withdrawn {
		return ""
	}
	for _, signer := range s.Signers {
		if _, signed := s.Signature(signer); !signed {
			return signer
		}
	}
	return ""
}

// Signature finds what a signer has signed.
func (s State) Signature(signer Signer) (Accepted, bool) {
	for _, a := range s.Accepted {
		if a.Signer == signer {
			return a, true
		}
	}
	return Accepted{}, false
}

// Rejection finds the latest failed try with this container.
func (s State) Rejection(account, cms string) (Rejected, bool) {
	for _, r := range slices.Backward(s.Rejected) {
		if r.Account == account && r.CMS == cms {
			return r, true
		}
	}
	return Rejected{}, false
}

// Evolve gives the state after one more event. It is total; the state that it was given stays as it was.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case Prepared:
		return State{
			ApplicationID: e.ApplicationID, Applicant: e.Applicant, ProviderID: e.ProviderID, Kind: e.Kind, Version: e.Version,
			SHA256: e.SHA256, Signers: e.Signers, By: e.By,
		}
	case Accepted:
		e.Certificate = nil
		s.Accepted = append(slices.Clip(s.Accepted), e)
		if e.Method == EDS {
			s.Proofs = append(slices.Clip(s.Proofs), Proof{Signer: e.Signer})
		}
	case Rejected:
		s.Rejected = append(slices.Clone(s.Rejected), e)
		if len(s.Rejected) > triesKept {
			s.Rejected = s.Rejected[len(s.Rejected)-triesKept:]
		}
	case FullySigned:
		s.Complete = true
	case Withdrawn:
		s.Withdrawn = true
	case EvidenceAttached:
		s = s.evolveProof(e.Signer, func(p *Proof) { p.Evidence = append(slices.Clip(p.Evidence), e.Evidence...) })
	case EvidenceCompleted:
		s = s.evolveProof(e.Signer, func(p *Proof) { p.Complete = true })
	case EvidenceGivenUp:
		s = s.evolveProof(e.Signer, func(p *Proof) { p.GivenUp = true })
	}
	return s
}

// Fold gives the state after these events.
func Fold(events ...Event) State {
	var s State
	for _, event := range events {
		s = Evolve(s, event)
	}
	return s
}
