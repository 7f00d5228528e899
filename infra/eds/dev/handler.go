package dev

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// maxRequest is the size of the largest request that the services of the authority read, in bytes.
const maxRequest = 16 << 10

// Handler serves what the services of an authority serve, at the clock's time: POST /ocsp, POST /tsp, and by GET /ca.crl,
// /root.crl, /ca.cer and /root.cer.
func (ca *CA) Handler(now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ocsp", service("application/ocsp-response", ca.AnswerOCSP, now))
	mux.HandleFunc("POST /tsp", service("application/timestamp-reply", ca.AnswerTimeStamp, now))
	for path, list := range map[string]func(time.Time) ([]byte, error){"/ca.crl": ca.CRL, "/root.crl": ca.RootCRL} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			der, err := list(now())
			answer(w, r, "application/pkix-crl", der, err)
		})
	}
	for path, holder := range map[string]*Holder{"/ca.cer": ca.Issuing, "/root.cer": ca.Root} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			answer(w, r, "application/pkix-cert", holder.DER(), nil)
		})
	}
	return mux
}

// service answers requests in DER.
func service(kind string, to func([]byte, time.Time) ([]byte, error), now func() time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "not read", http.StatusBadRequest)
			return
		}
		der, err := to(request, now())
		answer(w, r, kind, der, err)
	}
}

func answer(w http.ResponseWriter, r *http.Request, kind string, der []byte, err error) {
	if err != nil {
		slog.ErrorContext(r.Context(), "the authority of the demo cannot answer", "error", err)
		http.Error(w, "at fault", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write(der); err != nil {
		slog.DebugContext(r.Context(), "answer not written", "error", err)
	}
}
