// Command ferretdb runs FerretDB, a MongoDB-compatible server, over SQLite files in a directory: what the tests of the
// MongoDB adapter run against where no MongoDB is at hand. It keeps data for correctness only and is no part of the portal.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "loopback address to listen on; the address in use is printed")
	dir := flag.String("dir", ".", "directory of the SQLite files")
	flag.Parse()
	if err := run(*listen, *dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen, dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // whoever started it holds the other end: nobody outlives a test that was killed
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return fmt.Errorf("starting FerretDB: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	ended := make(chan error, 2)
	go func() { ended <- server.Run(ctx) }()
	inner, err := url.Parse(server.MongoDBURI())
	if err != nil {
		return fmt.Errorf("finding FerretDB: %w", err)
	}
	go func() { ended <- (&turns{server: inner.Host}).serve(ctx, listener) }()
	fmt.Printf("mongodb://%s/\n", listener.Addr())
	return <-ended
}
