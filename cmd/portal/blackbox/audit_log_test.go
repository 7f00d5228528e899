package blackbox_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"services.example/portal/infra/transparency"
)

// TestAnybodyCanFollowTheSignedHistory does what a witness and an auditor do, with what the API answers alone.
func TestAnybodyCanFollowTheSignedHistory(t *testing.T) {
	t.Parallel()
	const name = "witness.example/w"
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	witness := transparency.CosignKey(name, private.Public().(ed25519.PublicKey))
	s := start(t, t.TempDir(), "--checkpoint-every=50ms", "--witness="+witness)
	key := strings.TrimSpace(ok(t, "audit", "key", "--data", s.data))
	open := func(note string) transparency.Signed {
		signed, err := transparency.Open([]byte(note), key, witness)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	earlier := open(s.signedCheckpoint(t))
	s.client(t, "en").register(individual(2911))
	later := open(s.signedCheckpoint(t))
	if later.Size <= earlier.Size {
		t.Fatalf("the log did not grow: %d, %d", earlier.Size, later.Size)
	}
	anybody := s.client(t, "en")
	var consistency transparency.Consistency
	anybody.do(http.MethodGet, fmt.Sprintf("/audit/log/consistency?from=%d&to=%d", earlier.Size, later.Size), nil).must(http.StatusOK, &consistency)
	if err := consistency.Verify(earlier.Checkpoint, later.Checkpoint); err != nil {
		t.Error(err)
	}
	anybody.do(http.MethodGet, "/audit/log", nil).refused(http.StatusUnauthorized, "sign-in-required")
	anybody.do(http.MethodGet, fmt.Sprintf("/audit/log/consistency?from=1&to=%d", 1<<40), nil).refused(http.StatusNotFound, "checkpoint-not-found")

	copied, err := transparency.Cosign(later.Note, name, private, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/audit/log/checkpoints/%d", later.Size)
	body := func(note []byte) string {
		raw, err := json.Marshal(map[string]string{"note": string(note)})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	anybody.do(http.MethodPost, path+"/signatures", body(later.Note)).must(http.StatusUnprocessableEntity, nil)
	anybody.do(http.MethodPost, path+"/signatures", body(copied)).must(http.StatusOK, nil)
	cosigned := open(string(anybody.do(http.MethodGet, path, nil).body))
	if len(cosigned.Witnesses) != 1 || cosigned.Witnesses[0].Witness != name {
		t.Errorf("witnesses %v", cosigned.Witnesses)
	}

	var accounts []staffMember
	anybody.do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	auditor := s.staff(t, "en", accounts[slices.IndexFunc(accounts, func(m staffMember) bool { return m.Role == "auditor" })])
	var status struct {
		Key             string
		Records, Signed uint64
		Altered         bool
	}
	auditor.do(http.MethodGet, "/audit/log", nil).must(http.StatusOK, &status)
	if status.Key != key || status.Altered || status.Signed < later.Size || status.Records < status.Signed {
		t.Errorf("status %+v", status)
	}
	record := readLog(t, s.data)[1]
	var proof struct {
		transparency.Proof
		Checkpoint string
	}
	auditor.do(http.MethodGet, fmt.Sprintf("/audit/log/inclusion?index=1&size=%d", later.Size), nil).must(http.StatusOK, &proof)
	if err := proof.Verify(transparency.Leaf(record), open(proof.Checkpoint).Checkpoint); err != nil {
		t.Error(err)
	}
	tile := auditor.do(http.MethodGet, "/audit/log/tiles/0/0", nil)
	leaf := transparency.Leaf(record)
	if tile.status != http.StatusOK || string(tile.body[transparency.HashSize:2*transparency.HashSize]) != string(leaf[:]) {
		t.Errorf("the tile of leaves answered %d, %d bytes", tile.status, len(tile.body))
	}
	auditor.do(http.MethodGet, "/audit/log/tiles/0/99999", nil).refused(http.StatusNotFound, "checkpoint-not-found")
}
