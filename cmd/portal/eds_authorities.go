package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/trust"
	"services.example/portal/infra/eds/tsp"
)

// Where the national certification centre answers.
const (
	nationalOCSP = "http://ocsp.pki.gov.kz/"
	nationalTSP  = "http://tsp.pki.gov.kz/"
)

var (
	nationalCRL   = []string{"http://crl.pki.gov.kz/nca_gost_2022.crl", "https://crl.pki.gov.kz/nca_rsa_2022.crl"}
	nationalDelta = []string{"http://crl.pki.gov.kz/nca_d_gost_2022.crl", "https://crl.pki.gov.kz/nca_d_rsa_2022.crl"}
)

// nobody in the place of a URL says that nobody is asked.
const nobody = "none"

// sourceTimeout is how long one responder or list may take; whoever signs is waiting.
const sourceTimeout = 5 * time.Second

// authorities are those who are asked about certificates and for time stamps.
type authorities struct {
	checker *revocation.Checker // without sources: nobody is asked
	stamper *tsp.Client         // nil: nobody is asked
}

// services says where they answer.
type services struct {
	client         *remote.Client
	ocsp, tsp      string   // empty: nowhere
	lists, updates []string // an update adds to the list of the same place; there may be none at all
}

// services are those of the flags, else the national ones. A demo asks its own instead.
func (f edsFlags) services(client *remote.Client) services {
	s := services{client: client, ocsp: f.OCSP, tsp: f.TSP, lists: f.CRL, updates: f.Delta}
	if s.ocsp == "" {
		s.ocsp = nationalOCSP
	}
	if s.tsp == "" {
		s.tsp = nationalTSP
	}
	if len(s.lists) == 0 {
		s.lists, s.updates = nationalCRL, nationalDelta
	}
	if s.ocsp == nobody {
		s.ocsp = ""
	}
	if s.tsp == nobody {
		s.tsp = ""
	}
	if len(s.lists) == 1 && s.lists[0] == nobody {
		s.lists, s.updates = nil, nil
	}
	return s
}

// openAuthorities makes clients of the services. They live until the portal is closed.
func (p *portal) openAuthorities(all ...services) (*authorities, error) {
	a := &authorities{checker: &revocation.Checker{Timeout: sourceTimeout}}
	for _, s := range all {
		var lists []revocation.Source
		for i, url := range s.lists {
			options := revocation.CRLOptions{URL: url, Client: s.client}
			if len(s.updates) > 0 {
				options.DeltaURL = s.updates[i]
			}
			list, err := revocation.NewCRLClient(options)
			if err != nil {
				return nil, fmt.Errorf("--crl-url: %w", err)
			}
			p.closers = append(p.closers, func() error { list.Close(); return nil })
			lists = append(lists, list)
		}
		if s.ocsp != "" {
			responder, err := revocation.NewOCSPClient(s.ocsp, s.client, inOrder{&revocation.Checker{Sources: lists}})
			if err != nil {
				return nil, fmt.Errorf("--ocsp-url: %w", err)
			}
			a.checker.Sources = append(a.checker.Sources, responder)
		}
		a.checker.Sources = append(a.checker.Sources, lists...)
		if s.tsp != "" && a.stamper == nil {
			var err error
			if a.stamper, err = tsp.NewClient(tsp.ClientOptions{URL: s.tsp, Client: s.client}); err != nil {
				return nil, fmt.Errorf("--tsp-url: %w", err)
			}
		}
		p.closers = append(p.closers, func() error { s.client.Close(); return nil })
	}
	return a, nil
}

// revocation is the checker, telling the log when nobody answers; nil if there is nobody to ask.
func (a *authorities) revocation() native.Revocation {
	if len(a.checker.Sources) == 0 {
		return nil
	}
	return heard{a.checker}
}

// evidences collects from them what signatures lack; nil if there is nobody to ask.
func (a *authorities) evidences(store *trust.Store, now func() time.Time) eds.Evidences {
	if len(a.checker.Sources) == 0 && a.stamper == nil {
		return nil
	}
	sources := evidence.Sources{Trust: store, Now: now}
	if a.stamper != nil {
		sources.Stamps = a.stamper
	}
	if len(a.checker.Sources) > 0 {
		sources.Revocation = a.checker
	}
	return evidence.NewCollector(sources)
}

// heard tells the log why nobody could say what became of a certificate: people are told only that it is so.
type heard struct{ checker *revocation.Checker }

// Check asks the checker.
func (h heard) Check(ctx context.Context, q revocation.Query) (revocation.Status, error) {
	status, err := h.checker.Check(ctx, q)
	if err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "nobody says whether a certificate was revoked", "error", err)
	}
	return status, err
}

// inOrder makes one source of several.
type inOrder struct{ checker *revocation.Checker }

// Status asks one after the other.
func (i inOrder) Status(ctx context.Context, q revocation.Query) (revocation.Status, error) {
	return i.checker.Check(ctx, q)
}
