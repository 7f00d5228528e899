package esdbserver

import (
	"context"
	"slices"

	"services.example/portal/infra/eventstore/pebblelog"
)

// A page is sent when it has so many messages or bytes. The log is not held while it is sent.
const (
	pageMessages = 512
	pageBytes    = 256 << 10
)

// page gathers encoded messages and sends them. It is a pebblelog.Visitor for reads.
type page struct {
	ctx     context.Context //nolint:containedctx // that of the one call the page belongs to
	log     *pebblelog.Log
	out     *outbox
	encoder eventEncoder
	resolve bool // of links
	chosen  func(v *pebblelog.View) bool
	left    uint64 // events still wanted

	bytes    []byte // the messages, one behind the other; sent, hence never used again
	messages []message
	expect   int // bytes of the next page
}

// message is a part of a page's bytes, or a link that is still to be resolved.
type message struct {
	start, end int
	commit     uint64 // of an event
	link       *pebblelog.View
}

// See implements pebblelog.Visitor.
func (p *page) See(v *pebblelog.View) (more bool) {
	if p.left > 0 && p.chosen(v) {
		p.add(v)
	}
	return p.roomy()
}

func (p *page) roomy() bool {
	return p.left > 0 && len(p.messages) < pageMessages && len(p.bytes) < pageBytes
}

// add takes an event into the page.
func (p *page) add(v *pebblelog.View) {
	if p.left != unlimited {
		p.left--
	}
	if p.resolve && string(v.Type) == linkType {
		link := *v
		link.Stream, link.Type = slices.Clone(v.Stream), slices.Clone(v.Type)
		link.Data, link.Metadata = slices.Clone(v.Data), slices.Clone(v.Metadata)
		p.messages = append(p.messages, message{link: &link, commit: v.Position.Commit})
		return
	}
	p.put(v.Position.Commit, func(buf []byte) []byte { return p.encoder.append(buf, v, nil) })
}

// put takes a message into the page.
func (p *page) put(commit uint64, encode func(buf []byte) []byte) {
	if p.bytes == nil {
		p.bytes = make([]byte, 0, p.expect)
	}
	start := len(p.bytes)
	p.bytes = encode(p.bytes)
	p.messages = append(p.messages, message{start: start, end: len(p.bytes), commit: commit})
}

// Pause implements pebblelog.Visitor.
func (p *page) Pause() (done bool, err error) {
	err = p.flush()
	return p.left == 0, err
}

// flush sends what the page has.
func (p *page) flush() error {
	if len(p.messages) == 0 {
		return nil
	}
	frames := make([]frame, len(p.messages))
	for i, m := range p.messages {
		if m.link != nil {
			event, link, err := resolve(p.ctx, p.log, m.link)
			if err != nil {
				return err
			}
			frames[i].data = p.encoder.append(nil, event, link)
		} else {
			frames[i].data = p.bytes[m.start:m.end:m.end]
		}
		if m.commit > 0 {
			p.out.commit = m.commit
		}
		if err := p.out.send(&frames[i]); err != nil {
			return err
		}
	}
	p.expect = min(len(p.bytes), pageBytes)
	p.bytes, p.messages = nil, p.messages[:0]
	return nil
}
