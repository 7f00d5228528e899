// Package mongotest finds or starts the MongoDB that tests run against.
package mongotest

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Where the server comes from: the URL of a MongoDB, or the binary of tools/ferretdb, which is started.
const (
	MongoVariable  = "PORTAL_TEST_MONGODB"
	FerretVariable = "PORTAL_TEST_FERRETDB"
)

// Server is what all tests of one process share, once one of them needs it.
type Server struct {
	URL    string
	Ferret bool // it is a FerretDB: slow, and without TTL indexes
}

var shared struct {
	start  sync.Once
	server Server
	failed error
	stop   []func()
}

// Stop ends what Need has started. TestMain calls it.
func Stop() {
	for i := len(shared.stop) - 1; i >= 0; i-- {
		shared.stop[i]()
	}
}

// Need returns the server. It skips the test where there is none.
func Need(tb testing.TB) Server {
	tb.Helper()
	shared.start.Do(func() { shared.failed = find() })
	switch {
	case shared.failed != nil:
		tb.Fatal(shared.failed)
	case shared.server.URL == "":
		tb.Skipf("no server: set %s to the URL of a MongoDB, or %s to the binary that tools/ferretdb builds", MongoVariable, FerretVariable)
	}
	return shared.server
}

func find() error {
	if address := os.Getenv(MongoVariable); address != "" {
		shared.server.URL = address
		return nil
	}
	if os.Getenv(FerretVariable) == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		return err
	}
	shared.stop = append(shared.stop, func() { _ = os.RemoveAll(dir) })
	started, err := StartFerret(dir, "127.0.0.1:0")
	if err != nil {
		return err
	}
	shared.stop = append(shared.stop, started.Stop)
	shared.server = Server{URL: started.URL, Ferret: true}
	return nil
}

// Database names a database of the server that is dropped at the end of the test.
func Database(tb testing.TB) string {
	tb.Helper()
	server := Need(tb)
	name := "portal_test_" + strings.ToLower(rand.Text())
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 10*time.Second)
		defer cancel()
		client, err := mongo.Connect(options.Client().ApplyURI(server.URL))
		if err != nil {
			tb.Error(err)
			return
		}
		if err := client.Database(name).Drop(ctx); err != nil {
			tb.Error(err)
		}
		_ = client.Disconnect(ctx)
	})
	return name
}

// URL is that of a database of its own, which is dropped at the end of the test.
func URL(tb testing.TB) string {
	tb.Helper()
	parsed, err := url.Parse(Need(tb).URL)
	if err != nil {
		tb.Fatal(err)
	}
	parsed.Path = "/" + Database(tb)
	return parsed.String()
}

// Ferret is a running FerretDB.
type Ferret struct {
	URL     string
	command *exec.Cmd
	input   io.Closer // the process ends when this does
}

// StartFerret starts the FerretDB that FerretVariable names. It keeps its data in a directory.
func StartFerret(dir, address string) (*Ferret, error) {
	command := exec.CommandContext(context.Background(), os.Getenv(FerretVariable), "-listen", address, "-dir", dir)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	f := &Ferret{command: command, input: input, URL: strings.TrimSpace(line)}
	if err != nil {
		f.Stop()
		return nil, fmt.Errorf("FerretDB did not start: %w", err)
	}
	return f, nil
}

// Stop kills the process and waits for its end.
func (f *Ferret) Stop() {
	_ = f.command.Process.Kill()
	_ = f.command.Wait()
	_ = f.input.Close()
}
