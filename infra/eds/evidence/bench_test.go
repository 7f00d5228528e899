package evidence_test

import (
	"testing"

	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/pki"
)

// BenchmarkVerify checks a bundle with one GOST signature, its time stamp, OCSP answer and chain.
func BenchmarkVerify(b *testing.B) {
	w := newWorldOf(b, pki.GOST2015)
	bundled := w.bundled(w.proven())
	b.ReportAllocs()
	for b.Loop() {
		results, err := evidence.Verify(b.Context(), w.verifier, bundled)
		if err != nil || results[0].Verdict != evidence.Valid {
			b.Fatalf("%+v, error %v", results, err)
		}
	}
}
