// Package identitytest makes numbers that pass every check and belong to nobody, for seeds, tests and benchmarks.
package identitytest

import (
	"fmt"
	"time"

	"services.example/portal/domain/identity"
)

const (
	iinDays     = 14600 // of birth, from 2060-01-01 on: nobody has such a number
	iinSerials  = 1000
	binMonths   = 360 // of registration, from 1960-01 on: before the register existed
	binSerials  = 10000
	phoneSerial = 10_000_000
)

// IIN gives the nth number of a person: the same for the same n, another for every other n below 29,000,000.
func IIN(n int) string {
	i := index(n)
	born := time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(i%iinDays))
	century := 5 + i/iinDays%2 // the 21st: a man, a woman
	serial := i / (2 * iinDays) % iinSerials
	return complete(fmt.Sprintf("%s%d%03d", born.Format("060102"), century, serial))
}

// BIN gives the nth number of an organisation: the same for the same n, another for every other n below 3,600,000.
func BIN(n int) string {
	i := index(n)
	month := i % binMonths
	return complete(fmt.Sprintf("%02d%02d40%04d", 60+month/12, month%12+1, i/binMonths%binSerials))
}

// Phone gives the nth mobile number, in a code that no operator has: the same for the same n, another for every other n
// below 10,000,000.
func Phone(n int) string { return fmt.Sprintf("+7799%07d", index(n)%phoneSerial) }

// IBAN gives the nth account in a bank that does not exist: the same for the same n, another for every other n.
func IBAN(n int) string {
	account := fmt.Sprintf("999%013d", index(n)%1e13)
	remainder := uint64(0)
	for _, digit := range account + "203500" { // K and Z as numbers, then no check digits yet
		remainder = (remainder*10 + uint64(digit-'0')) % 97
	}
	return fmt.Sprintf("KZ%02d%s", 98-remainder, account)
}

// complete adds the eleventh and twelfth digit to ten. Where 0 in the eleventh place leaves no check digit, 1 does not:
// there its weight is 0 in the first pass and 2 in the second.
func complete(ten string) string {
	for _, eleventh := range []string{"0", "1"} {
		if check, ok := identity.CheckDigit(ten + eleventh); ok {
			return ten + eleventh + string(check)
		}
	}
	panic("identitytest: no check digit for " + ten) // cannot happen, see above; a test walks through all remainders
}

func index(n int) uint64 { return uint64(max(n, -n)) } // the least int wraps to itself
