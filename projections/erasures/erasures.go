// Package erasures is the read model of who asked to be erased, how far that is, and what is kept of them for how long.
// It holds no personal data.
//
// Document: the account's id. Streams: erasure-, and account- for when the account is open again.
package erasures

import (
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
)

// Name is what the directory knows the read model by.
const Name = "erasures"

// Indexes.
const (
	ByAccount = "by_account"
	ByStage   = "by_stage"   // the latest request last
	ByCarried = "by_carried" // what the portal has to go on with
	ByHold    = "by_hold"    // by the end of the first term of what is kept
)

// Erasure is the latest request about an account, and what is kept.
type Erasure struct {
	Account     string     `bson:"account"`
	Stage       string     `bson:"stage"` // empty: there is only a legal hold
	Origin      string     `bson:"origin"`
	RequestedBy string     `bson:"requestedBy"` // account id; empty: the portal
	RequestedAt *time.Time `bson:"requestedAt"`
	Approvers   []string   `bson:"approvers"` // account ids
	Obstacles   []Obstacle `bson:"obstacles"` // why it was refused
	ClosedBy    string     `bson:"closedBy"`  // account id of who declined it
	NotBefore   *time.Time `bson:"notBefore"` // of an ordered one
	ClosedAt    *time.Time `bson:"closedAt"`  // completed, refused, declined or withdrawn
	KeyCheck    string     `bson:"keyCheck"`
	Unreadable  int        `bson:"unreadable"`
	Files       int        `bson:"files"`
	Held        []Held     `bson:"held"`
	LegalHold   bool       `bson:"legalHold"`
	Closes      bool       `bson:"closes"`             // the order closed an account that was open
	Carried     *time.Time `bson:"carried,omitempty"`  // since when the portal has to go on with it: until it is completed, or the account is open again
	NextHold    *time.Time `bson:"nextHold,omitempty"` // when the first term of what is kept has passed
}

// Obstacle is what stands against an erasure.
type Obstacle struct {
	Code          string `bson:"code"`
	ApplicationID string `bson:"applicationId"`
}

// Held is a document that is kept.
type Held struct {
	DocumentID    string    `bson:"documentId"`
	ApplicationID string    `bson:"applicationId"`
	Kind          string    `bson:"kind"`
	Until         time.Time `bson:"until"`
}

// Model is the projection.
var Model = projections.ReadModel[Erasure]{
	Name:    Name,
	Version: 2,
	Streams: []string{streams, accounts.Streams},
	Ignores: accounts.Ignored(),
	Indexes: []readstore.Index{
		{Name: ByAccount, Fields: []readstore.Field{{Path: "account"}}},
		{Name: ByStage, Fields: []readstore.Field{{Path: "stage"}, {Path: "requestedAt"}}},
		{Name: ByCarried, Fields: []readstore.Field{{Path: "carried"}}},
		{Name: ByHold, Fields: []readstore.Field{{Path: "nextHold"}}},
	},
	Keys: func(event codec.Envelope) []string {
		if _, ok := event.Event.(account.Unblocked); ok {
			return []string{strings.TrimPrefix(event.Stream, accounts.Streams)}
		}
		if _, ok := event.Event.(erasure.Event); !ok {
			return nil
		}
		return []string{strings.TrimPrefix(event.Stream, streams)}
	},
	Fold: fold,
}

const streams = "erasure-"

func fold(d *Erasure, id string, event codec.Envelope) *Erasure {
	if _, ok := event.Event.(account.Unblocked); ok {
		if d != nil && d.ClosedAt != nil {
			d.Carried = nil
		}
		return d
	}
	if d == nil {
		d = &Erasure{Account: id}
	}
	switch e := event.Event.(type) {
	case erasure.Requested:
		d = &Erasure{
			Account: id, Stage: string(erasure.StageRequested), Origin: string(e.Origin), RequestedBy: e.By, RequestedAt: &e.At,
			Held: d.Held, LegalHold: d.LegalHold, NextHold: d.NextHold,
		}
	case erasure.Refused:
		d.end(erasure.StageRefused, e.At)
		d.Obstacles = nil
		for _, o := range e.Obstacles {
			d.Obstacles = append(d.Obstacles, Obstacle(o))
		}
	case erasure.Approved:
		d.Stage, d.Approvers = string(erasure.StageApproved), append(d.Approvers, e.By)
	case erasure.Declined:
		d.end(erasure.StageDeclined, e.At)
		d.ClosedBy = e.By
	case erasure.Withdrawn:
		d.end(erasure.StageWithdrawn, e.At)
	case erasure.Ordered:
		d.Stage, d.NotBefore, d.Carried, d.Closes = string(erasure.StageOrdered), &e.NotBefore, &e.At, e.Closes
	case erasure.Begun:
		d.Stage, d.KeyCheck = string(erasure.StageBegun), e.KeyCheck
		d.Held = nil
		for _, h := range e.Held {
			d.Held = append(d.Held, Held{DocumentID: h.DocumentID, ApplicationID: h.ApplicationID, Kind: h.Kind, Until: h.Until})
		}
	case erasure.KeyDestroyed:
		d.Stage, d.Unreadable = string(erasure.StageDestroyed), e.Unreadable
	case erasure.Completed:
		d.end(erasure.StageCompleted, e.At)
		d.Files, d.Carried = e.Files, nil
		d.expect()
	case erasure.LegalHoldPlaced:
		d.LegalHold = true
	case erasure.LegalHoldLifted:
		d.LegalHold = false
	case erasure.HoldEnded:
		d.Held = slices.DeleteFunc(d.Held, func(h Held) bool { return h.DocumentID == e.DocumentID })
		d.expect()
	}
	return d
}

// end closes the request. What it has closed is to be opened again.
func (d *Erasure) end(stage erasure.Stage, at time.Time) {
	d.Stage, d.ClosedAt = string(stage), &at
	if !d.Closes {
		d.Carried = nil
	}
}

// expect finds the end of the first term.
func (d *Erasure) expect() {
	d.NextHold = nil
	for i := range d.Held {
		if until := d.Held[i].Until; d.NextHold == nil || until.Before(*d.NextHold) {
			d.NextHold = &until
		}
	}
}
