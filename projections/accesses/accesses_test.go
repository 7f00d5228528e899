package accesses_test

import (
	"testing"
	"time"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/projections/accesses"
	"services.example/portal/projections/projectionstest"
)

const (
	reader  = "11111111-1111-4111-8111-111111111111"
	another = "77777777-7777-4777-8777-777777777777"
)

var monday = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

func read(id, why string) access.Read {
	return access.Read{
		ReadingID: id, Reader: reader, What: access.Events, Streams: []string{"account-"}, Types: []string{"account.erased."}, From: "1/1", To: "9/9",
		Personal: true, Reason: why, At: monday,
	}
}

func TestAccesses(t *testing.T) {
	t.Parallel()
	var none projectionstest.History
	history := none.Of(reader, access.Stream+reader, reader, "auditor", read("first", "Complaint 17"), read("second", "Complaint 18"))
	row := func(why string) accesses.Access {
		return accesses.Access{
			Reader: reader, Role: "auditor", What: "events", Streams: []string{"account-"}, Types: []string{"account.erased."}, From: "1/1", To: "9/9",
			Personal: true, Reason: why, At: monday,
		}
	}
	for name, test := range map[string]struct {
		given projectionstest.History
		then  map[string]accesses.Access
	}{
		"nothing was read":          {nil, map[string]accesses.Access{}},
		"every reading counts":      {history, map[string]accesses.Access{"first": row("Complaint 17"), "second": row("Complaint 18")}},
		"a sign-in changes none":    {history.In("account-"+reader, reader, "auditor", account.SignedIn{}), map[string]accesses.Access{"first": row("Complaint 17"), "second": row("Complaint 18")}},
		"an erased reader's reason": {history.In("account-"+reader, reader, "auditor", account.Erased{}), map[string]accesses.Access{"first": row(""), "second": row("")}},
		"another person's erasure":  {history.In("account-"+another, another, "applicant", account.Erased{}), map[string]accesses.Access{"first": row("Complaint 17"), "second": row("Complaint 18")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			projectionstest.Expect(t, accesses.Model, test.given, test.then)
		})
	}
}

// TestARebuildWithoutTheKeyGivesTheSame: what erasure leaves is what is built when the reader's key is gone.
func TestARebuildWithoutTheKeyGivesTheSame(t *testing.T) {
	t.Parallel()
	var none projectionstest.History
	history := none.Of(reader, access.Stream+reader, reader, "auditor", read("first", "Complaint 17")).
		In("account-"+reader, reader, "auditor", account.Erased{})
	projectionstest.Expect(t, accesses.Model, history.WithoutKey(reader), projectionstest.Documents(t, accesses.Model, history))
}
