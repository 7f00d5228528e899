package applicationpage

import (
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// What a page has only once the provider works on it.

func (p *Page) appendWork(dst []byte) []byte {
	dst = stored.AppendText(dst, "providerId", p.ProviderID)
	dst = stored.AppendTime(dst, "completedAt", p.CompletedAt)
	if p.Returned != nil {
		dst = stored.AppendNested(dst, "returned", p.Returned.appendFields)
	}
	dst = stored.AppendSome(dst, "uploads", p.Uploads, (*Upload).appendFields)
	if p.Decision != nil {
		dst = stored.AppendNested(dst, "decision", p.Decision.appendFields)
	}
	dst = stored.AppendSome(dst, "documents", p.Documents, (*Document).appendFields)
	if p.Questionnaire != nil {
		dst = stored.AppendNested(dst, "questionnaire", p.Questionnaire.appendFields)
	}
	return dst
}

func (u *Upload) appendFields(dst []byte) []byte {
	return bsoncore.AppendBooleanElement(u.File.appendFields(dst), "staff", u.Staff)
}

func (r *Return) appendFields(dst []byte) []byte {
	dst = readstore.AppendTime(dst, "at", r.At)
	dst = bsoncore.AppendStringElement(dst, "executor", r.Executor)
	dst = bsoncore.AppendStringElement(dst, "reason", r.Reason)
	return bsoncore.AppendStringElement(dst, "text", r.Text)
}

func (d *Decision) appendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "outcome", d.Outcome)
	dst = readstore.AppendTime(dst, "at", d.At)
	dst = bsoncore.AppendStringElement(dst, "executor", d.Executor)
	dst = stored.AppendText(dst, "reason", d.Reason)
	dst = bsoncore.AppendStringElement(dst, "text", d.Text)
	return stored.AppendTexts(dst, "files", d.Files)
}

func (d *Document) appendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "id", d.ID)
	dst = bsoncore.AppendStringElement(dst, "kind", d.Kind)
	dst = readstore.AppendInt(dst, "version", d.Version)
	dst = bsoncore.AppendStringElement(dst, "fileId", d.FileID)
	dst = bsoncore.AppendStringElement(dst, "name", d.Name)
	dst = bsoncore.AppendInt64Element(dst, "size", d.Size)
	dst = bsoncore.AppendStringElement(dst, "mime", d.MIME)
	dst = bsoncore.AppendStringElement(dst, "sha256", d.SHA256)
	dst = stored.AppendTexts(dst, "signers", d.Signers)
	dst = bsoncore.AppendStringElement(dst, "by", d.By)
	dst = readstore.AppendTime(dst, "issuedAt", d.IssuedAt)
	dst = stored.AppendTime(dst, "signedAt", d.SignedAt)
	return stored.AppendTrue(dst, "superseded", d.Superseded)
}

func (q *Questionnaire) appendFields(dst []byte) []byte {
	dst = readstore.AppendTime(dst, "at", q.At)
	dst = stored.AppendSome(dst, "scores", q.Scores, func(s *Score, dst []byte) []byte {
		return readstore.AppendInt(bsoncore.AppendStringElement(dst, "question", s.Question), "score", s.Score)
	})
	return stored.AppendSome(dst, "words", q.Words, func(w *Words, dst []byte) []byte {
		return bsoncore.AppendStringElement(bsoncore.AppendStringElement(dst, "question", w.Question), "text", w.Text)
	})
}

func (p *Page) setWork(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "providerId":
		p.ProviderID = stored.Text(v)
	case "completedAt":
		p.CompletedAt = readstore.OptionalTime(v)
	case "returned":
		p.Returned, err = stored.Nested(v, (*Return).set)
	case "uploads":
		p.Uploads, err = stored.List(v, (*Upload).set)
	case "decision":
		p.Decision, err = stored.Nested(v, (*Decision).set)
	case "documents":
		p.Documents, err = stored.List(v, (*Document).set)
	case "questionnaire":
		p.Questionnaire, err = stored.Nested(v, (*Questionnaire).set)
	default:
		p.Set(key, v)
	}
	return err
}

func (u *Upload) set(key []byte, v bsoncore.Value) error {
	if string(key) == "staff" {
		u.Staff, _ = v.BooleanOK()
		return nil
	}
	return u.File.set(key, v)
}

func (r *Return) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "at":
		r.At = readstore.TimeOf(v)
	case "executor":
		r.Executor = stored.Text(v)
	case "reason":
		r.Reason = stored.Text(v)
	case "text":
		r.Text = stored.Text(v)
	}
	return nil
}

func (d *Decision) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "outcome":
		d.Outcome = stored.Text(v)
	case "at":
		d.At = readstore.TimeOf(v)
	case "executor":
		d.Executor = stored.Text(v)
	case "reason":
		d.Reason = stored.Text(v)
	case "text":
		d.Text = stored.Text(v)
	case "files":
		d.Files = readstore.Strings(v)
	}
	return nil
}

func (d *Document) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "id":
		d.ID = stored.Text(v)
	case "kind":
		d.Kind = stored.Text(v)
	case "version":
		d.Version = stored.Int(v)
	case "fileId":
		d.FileID = stored.Text(v)
	case "name":
		d.Name = stored.Text(v)
	case "size":
		d.Size, _ = v.AsInt64OK()
	case "mime":
		d.MIME = stored.Text(v)
	case "sha256":
		d.SHA256 = stored.Text(v)
	case "signers":
		d.Signers = readstore.Strings(v)
	case "by":
		d.By = stored.Text(v)
	case "issuedAt":
		d.IssuedAt = readstore.TimeOf(v)
	case "signedAt":
		d.SignedAt = readstore.OptionalTime(v)
	case "superseded":
		d.Superseded, _ = v.BooleanOK()
	}
	return nil
}

func (q *Questionnaire) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "at":
		q.At = readstore.TimeOf(v)
	case "scores":
		q.Scores, err = stored.List(v, (*Score).set)
	case "words":
		q.Words, err = stored.List(v, (*Words).set)
	}
	return err
}

func (s *Score) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "question":
		s.Question = stored.Text(v)
	case "score":
		s.Score = stored.Int(v)
	}
	return nil
}

func (w *Words) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "question":
		w.Question = stored.Text(v)
	case "text":
		w.Text = stored.Text(v)
	}
	return nil
}
