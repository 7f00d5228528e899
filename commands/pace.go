package commands

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"services.example/portal/domain/problem"
)

// pacedAccounts is how many accounts a pace remembers, about 150 bytes each.
const pacedAccounts = 16_384

// pace bounds how fast one account may write in this process, whatever it writes to, so that whoever floods the portal
// does not slow it down for others. The rule on messages in one application is the domain's; this one protects the store.
type pace struct {
	perMinute int // 0: no bound
	accounts  *lru.Cache[string, *rate.Limiter]
}

func newPace(perMinute int) (*pace, error) {
	accounts, err := lru.New[string, *rate.Limiter](pacedAccounts)
	if err != nil {
		return nil, fmt.Errorf("making the memory of who writes how fast: %w", err)
	}
	return &pace{perMinute: perMinute, accounts: accounts}, nil
}

// admit counts one try to write: a minute's number at once, and from then on as many as the minute's number spread over it.
// Error: too-many-messages.
func (p *pace) admit(account string, now time.Time) error {
	if p.perMinute <= 0 {
		return nil
	}
	limiter, known := p.accounts.Get(account)
	if !known {
		limiter = rate.NewLimiter(rate.Limit(p.perMinute)/60, p.perMinute)
		if other, raced, _ := p.accounts.PeekOrAdd(account, limiter); raced {
			limiter = other
		}
	}
	try := limiter.ReserveN(now, 1)
	wait := try.DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	try.CancelAt(now)
	return &problem.Problem{Kind: problem.TooMany, Code: "too-many-messages", RetryAfter: wait}
}
