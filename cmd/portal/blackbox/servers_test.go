package blackbox_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore/mongostore/mongotest"
)

// onServers is the flags of a portal that keeps its events behind the protocol of EventStoreDB, and its read models, sessions
// and keys in MongoDB: several processes with the same flags are one portal.
func onServers(t *testing.T) []string {
	t.Helper()
	database := mongotest.URL(t)
	log, err := pebblelog.Open(filepath.Join(t.TempDir(), "events"), pebblelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	events, err := esdbserver.Listen(t.Context(), log, "127.0.0.1:0", esdbserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- events.Serve() }()
	t.Cleanup(func() {
		events.Stop(t.Context())
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	// Where the URL of the database is, no list of processes shows it.
	address := filepath.Join(t.TempDir(), "read-store")
	if err := os.WriteFile(address, []byte(database+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"--event-store", "esdb://" + events.Addr() + "?tls=false", "--read-store", "file:" + address,
		"--master-key", base64.StdEncoding.EncodeToString(make([]byte, 32)), "--files", "file://" + filepath.ToSlash(t.TempDir()),
	}
}

// TestJourneyOnServers is the journey on a portal of two processes: what one has acknowledged, the other shows.
func TestJourneyOnServers(t *testing.T) {
	t.Parallel()
	flags := onServers(t)
	one := start(t, t.TempDir(), flags...)
	other := start(t, t.TempDir(), flags...)
	t.Run("kk", func(t *testing.T) {
		t.Parallel()
		c := one.client(t, "kk")
		c.queries = other
		journey{t: t, c: c, person: individual(2101), said: "Бұл өрісті толтырыңыз."}.run("заңды қызметтер")
	})
	t.Run("ru", func(t *testing.T) {
		t.Parallel()
		c := other.client(t, "ru")
		c.queries = one
		journey{t: t, c: c, person: legal(2102), said: "Заполните это поле."}.run("возмещение части затрат")
	})
}

// TestWorkOnServers is the second manual on a portal of two processes: one takes the commands, the other answers queries, and
// has the projections and the reactors.
func TestWorkOnServers(t *testing.T) {
	t.Parallel()
	flags := onServers(t)
	other := start(t, t.TempDir(), flags...)
	o := openOffice(t, legal(2103), "шығындарды өтеу", flags...)
	for _, c := range []*client{o.applicant, o.operator, o.executor, o.admin} {
		c.queries = other
	}
	o.supportMeasure()
}
