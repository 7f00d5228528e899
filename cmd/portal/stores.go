package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"services.example/portal/infra/blob"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/keyring"
	"services.example/portal/infra/keyring/mongokeys"
	"services.example/portal/infra/readstore/mongostore"
	"services.example/portal/infra/readstore/pebblestore"
)

// embedded stands for a store in the data folder, which belongs to one process.
const embedded = "embedded"

// storage says where the portal keeps its data.
type storage struct {
	Data           string `env:"PORTAL_DATA" default:"./portal-data" help:"Folder of the embedded stores and of the control socket; each process has its own."`
	EventStore     string `env:"PORTAL_EVENT_STORE" default:"embedded" help:"embedded, or EventStoreDB: esdb://…, esdb+discover://…, unix:///socket."`
	EventStoreAuth string `env:"PORTAL_EVENT_STORE_AUTH" placeholder:"FILE" help:"File with user:password for EventStoreDB, read anew for every connection."`
	EventStoreCA   string `env:"PORTAL_EVENT_STORE_CA" placeholder:"FILE" help:"Certificates that sign those of EventStoreDB; those of the system if empty."`
	ReadStore      string `env:"PORTAL_READ_STORE" default:"embedded" help:"embedded, or MongoDB: mongodb://…, or file:FILE with such a URL in it. Sessions and the keyring are there too."`
	Files          string `env:"PORTAL_FILES" placeholder:"URL" help:"Where uploaded files are kept, such as file:///srv/portal/files; in the data folder if empty."`
	MasterKey      string `env:"PORTAL_MASTER_KEY" help:"Master key of the keyring: 32 bytes in base64, or file:FILE. Without it, master.key in the data folder."`
	FormerKey      string `env:"PORTAL_FORMER_MASTER_KEY" help:"Master key that the keyring in MongoDB is being changed from, in the same forms."`
}

func (s storage) events() string { return filepath.Join(s.Data, "events") }
func (s storage) reads() string  { return filepath.Join(s.Data, "read") }
func (s storage) keys() string   { return filepath.Join(s.Data, "keys") }
func (s storage) files() string  { return filepath.Join(s.Data, "files") }
func (s storage) master() string { return filepath.Join(s.Data, "master.key") }

// shared tells whether other processes may work on the same read models, sessions and keys.
func (s storage) shared() bool { return s.ReadStore != embedded }

// fromFile reads a setting that may be in a file, so that it is in no list of processes.
func fromFile(setting string) (string, error) {
	path, found := strings.CutPrefix(setting, "file:")
	if !found {
		return setting, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a setting: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// keys is the keyring.
type keys interface {
	codec.Keys
	blob.Keys
	Named(ctx context.Context, name string) ([]byte, error)
	Destroy(ctx context.Context, subject string) error
	Backup(ctx context.Context, dir string) error
	Close() error
}

func (p *portal) openEvents(where storage) error {
	if where.EventStore != embedded {
		store, err := esdb.Open(esdb.Options{
			Connection: where.EventStore, CredentialsFile: where.EventStoreAuth, CAFile: where.EventStoreCA,
		})
		if err != nil {
			return fmt.Errorf("--event-store: %w", err)
		}
		p.events = store
		p.closers = append(p.closers, store.Close)
		return nil
	}
	log, err := pebblelog.Open(where.events(), pebblelog.Options{})
	if err != nil {
		return err
	}
	p.log, p.events = log, log
	p.closers = append(p.closers, log.Close)
	return nil
}

func (p *portal) openReads(where storage) error {
	if where.shared() {
		address, err := fromFile(where.ReadStore)
		if err != nil {
			return err
		}
		store, err := mongostore.Open(address, mongostore.Options{})
		if err != nil {
			return fmt.Errorf("--read-store: %w", err)
		}
		p.reads = store
		p.closers = append(p.closers, store.Close)
		return nil
	}
	store, err := pebblestore.Open(where.reads(), pebblestore.Options{})
	if err != nil {
		return err
	}
	p.reads = store
	p.closers = append(p.closers, store.Close)
	return nil
}

func (p *portal) openKeys(ctx context.Context, where storage) error {
	master, err := where.masterKey()
	if err != nil {
		return err
	}
	if where.shared() {
		p.keys, err = p.openSharedKeys(ctx, where, master)
	} else {
		p.keys, err = keyring.Open(where.keys(), master)
	}
	if err != nil {
		return err
	}
	p.closers = append(p.closers, p.keys.Close)
	for name, into := range map[string]*[]byte{
		"account-pepper": &p.secrets.Pepper, "codes": &p.secrets.Codes, "clients": &p.secrets.clients, "feed": &p.secrets.feed,
		"analytics": &p.secrets.analytics,
	} {
		if *into, err = p.keys.Named(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (p *portal) openSharedKeys(ctx context.Context, where storage, master keyring.Master) (keys, error) {
	slots, err := openSlots(where)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, slots.Close)
	var former []keyring.Master
	if where.FormerKey != "" {
		key, err := parseMaster(where.FormerKey)
		if err != nil {
			return nil, err
		}
		former = append(former, key)
	}
	return keyring.OpenShared(ctx, slots, master, former...)
}

func openSlots(where storage) (*mongokeys.Slots, error) {
	address, err := fromFile(where.ReadStore)
	if err != nil {
		return nil, err
	}
	return mongokeys.Open(address)
}

// masterKey finds the master key. Several processes must be given theirs: one that each made for itself would be another.
func (s storage) masterKey() (keyring.Master, error) {
	switch {
	case s.MasterKey != "":
		return parseMaster(s.MasterKey)
	case s.shared():
		return keyring.Master{}, errors.New("the keyring is in MongoDB: give the master key with --master-key, the same to every process")
	default:
		return keyring.LoadMaster(s.master(), true)
	}
}

func parseMaster(setting string) (keyring.Master, error) {
	if path, found := strings.CutPrefix(setting, "file:"); found {
		return keyring.LoadMaster(path, false)
	}
	return keyring.ParseMaster(setting)
}

func (p *portal) openFiles(ctx context.Context, where storage) error {
	bucket := where.Files
	if bucket == "" {
		folder, err := filepath.Abs(where.files())
		if err != nil {
			return fmt.Errorf("finding the folder of files: %w", err)
		}
		inFolder := url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}
		bucket = inFolder.String()
	}
	var err error
	p.blobs, err = blob.Open(ctx, blob.Options{URL: bucket, Spool: filepath.Join(where.Data, "uploads"), Keys: p.keys})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, p.blobs.Close)
	return nil
}
