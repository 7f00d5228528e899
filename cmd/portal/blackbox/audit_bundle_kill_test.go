//go:build unix

package blackbox_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// halfABundle stands for a portal that gives the first part of a bundle, and no more until it is let go.
func halfABundle(t *testing.T) (data string, letGo func()) {
	t.Helper()
	data = t.TempDir()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(data, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("PK"), 1<<16))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return data, func() { close(release) }
}

// TestHalfABundleIsNoBundle: neither the death of the command nor that of the portal leaves a file under the name that was
// asked for.
func TestHalfABundleIsNoBundle(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(command *exec.Cmd, letGo func()){
		"the command is killed":   func(command *exec.Cmd, _ func()) { _ = command.Process.Kill() },
		"the answer is cut off":   func(_ *exec.Cmd, letGo func()) { letGo() },
		"the command interrupted": func(command *exec.Cmd, _ func()) { _ = command.Process.Signal(os.Interrupt) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, letGo := halfABundle(t)
			folder := t.TempDir()
			command := exec.CommandContext(context.WithoutCancel(t.Context()), binary,
				"audit", "bundle", "1-1-1-1", "-o", filepath.Join(folder, "case.zip"), "--reason", whyBundle, "--data", data)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			for !begunIn(t, folder) {
				select {
				case <-t.Context().Done():
					t.Fatal("nothing was written")
				case <-time.After(5 * time.Millisecond):
				}
			}
			end(command, letGo)
			if err := command.Wait(); err == nil {
				t.Error("the command ended as if all were well")
			}
			if _, err := os.Lstat(filepath.Join(folder, "case.zip")); !os.IsNotExist(err) {
				t.Errorf("there is a file under the final name: error %v", err)
			}
		})
	}
}

// begunIn tells whether something was written into a folder.
func begunIn(t *testing.T, folder string) bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Size() > 0 {
			return true
		}
	}
	return false
}
