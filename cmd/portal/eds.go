package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/both"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/ncanode"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/trust"
)

// edsFlags say who verifies digital signatures, whose certificates count, and who is asked about them.
type edsFlags struct {
	Verifier string   `name:"eds-verifier" env:"PORTAL_EDS_VERIFIER" enum:"native,ncanode,both,none" default:"native" help:"Who verifies digital signatures: the portal itself (native), a NCANode server (ncanode), both, who must agree, or nobody (none): then no signature is taken."`
	NCANode  string   `name:"ncanode-url" env:"PORTAL_NCANODE_URL" placeholder:"URL" help:"NCANode server: https://…, or http://… on this machine, or file:FILE with such a URL in it."`
	OCSP     string   `name:"ocsp-url" env:"PORTAL_OCSP_URL" placeholder:"URL" help:"OCSP responder; the national certification centre's if empty; none: nobody is asked that way."`
	CRL      []string `name:"crl-url" env:"PORTAL_CRL_URL" placeholder:"URL" help:"Lists of revoked certificates, for when the responder does not answer; the national certification centre's if empty; none: there are no lists."`
	Delta    []string `name:"crl-delta-url" env:"PORTAL_CRL_DELTA_URL" placeholder:"URL" help:"Delta lists: the first adds to the first list, and so on."`
	TSP      string   `name:"tsp-url" env:"PORTAL_TSP_URL" placeholder:"URL" help:"Time-stamping authority; the national certification centre's if empty; none: signatures get no time stamp."`
	Trust    string   `name:"eds-trust" env:"PORTAL_EDS_TRUST" placeholder:"FILE" help:"Signed list of trusted authorities instead of the built-in one; read again when it changes."`
	TrustKey string   `name:"eds-trust-key" env:"PORTAL_EDS_TRUST_KEY" placeholder:"KEY" help:"Public key that signs that list."`
}

// The verifiers that one can choose.
const (
	verifierNative  = "native"
	verifierNCANode = "ncanode"
	verifierBoth    = "both"
	verifierNone    = "none"
)

// Validate refuses settings that do not go together.
func (f edsFlags) Validate() error {
	switch {
	case (f.Verifier == verifierNCANode || f.Verifier == verifierBoth) && f.NCANode == "":
		return fmt.Errorf("--eds-verifier=%s needs --ncanode-url", f.Verifier)
	case (f.Trust == "") != (f.TrustKey == ""):
		return errors.New("--eds-trust and --eds-trust-key go together: a list counts because somebody signed it")
	case len(f.Delta) > 0 && len(f.Delta) != len(f.CRL):
		return errors.New("--crl-delta-url: as many as --crl-url, in the same order")
	default:
		return nil
	}
}

// trustEvery is how often a changed list of trusted authorities is looked for.
const trustEvery = 30 * time.Second

// openSigning wires who verifies digital signatures, and who gathers evidence of them.
func (p *portal) openSigning(ctx context.Context, where storage, with options) error {
	p.verifier = eds.None{}
	if with.eds == nil && !with.demo {
		return nil // this process takes no signatures
	}
	var flags edsFlags
	if with.eds != nil {
		flags = *with.eds
	}
	believe := trust.Options{Production: !with.demo, Test: with.demo, File: flags.Trust, Key: flags.TrustKey}
	if with.demo {
		ca, err := dev.OpenCA(filepath.Join(where.Data, demoCAFile), p.now())
		if err != nil {
			return err
		}
		p.demoCA = ca
		believe.More = trust.NewDev(ca.Root.Certificate, ca.Issuing.Certificate)
	}
	store, err := trust.Open(believe)
	if err != nil {
		return err
	}
	p.watchTrust(ctx, store)
	asked, err := p.openAuthorities(p.services(flags)...)
	if err != nil {
		return err
	}
	p.evidences = asked.evidences(store, p.now)
	return p.openVerifier(ctx, flags, store, asked, with.meter)
}

// services are whom to ask: in a demo its own authority, and beside that only who is named by flags.
func (p *portal) services(flags edsFlags) []services {
	if p.demoCA == nil {
		return []services{flags.services(remote.New(nil))}
	}
	const url = "http://ca.invalid" // answered inside
	all := []services{{
		client: remote.New(inside{p.demoCA.Handler(p.now)}), ocsp: url + "/ocsp", tsp: url + "/tsp", lists: []string{url + "/ca.crl"},
	}}
	if flags.OCSP != "" || len(flags.CRL) > 0 || flags.TSP != "" {
		all = append(all, flags.services(remote.New(nil)))
	}
	return all
}

// watchTrust looks for a newer list of trusted authorities until the portal is closed.
func (p *portal) watchTrust(ctx context.Context, store *trust.Store) {
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	watch.Go(func() { store.Watch(watching, trustEvery, slog.Default()) })
	p.closers = append(p.closers, func() error {
		cancel()
		watch.Wait()
		return nil
	})
}

func (p *portal) openVerifier(ctx context.Context, flags edsFlags, store *trust.Store, asked *authorities, meter metric.Meter) error {
	own := native.New(store, asked.revocation())
	var certified *ncanode.Verifier
	if flags.Verifier == verifierNCANode || flags.Verifier == verifierBoth {
		address, err := fromFile(flags.NCANode)
		if err != nil {
			return err
		}
		if certified, err = ncanode.New(ncanode.Options{URL: address}); err != nil {
			return fmt.Errorf("--ncanode-url: %w", err)
		}
		p.closers = append(p.closers, certified.Close)
	}
	chosen := flags.Verifier
	switch chosen {
	case verifierNone:
		return nil
	case verifierNCANode:
		p.verifier = certified
	case verifierBoth:
		two, err := both.New(own, certified, meter)
		if err != nil {
			return err
		}
		p.verifier = two
	default:
		chosen, p.verifier = verifierNative, own
	}
	slog.InfoContext(ctx, "digital signatures are verified", "by", chosen, "trustList", store.List().Version())
	counted, err := countOutcomes(p.verifier, meter)
	if err != nil {
		return err
	}
	p.verifier = counted
	return nil
}
