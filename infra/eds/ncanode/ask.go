package ncanode

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer is the size of the largest answer that is read, in bytes.
const maxAnswer = 1 << 20

// ask lets the server verify a signature over a document. Of an attached signature it looks at no other content than its
// own, so the document is not sent along.
func (v *Verifier) ask(ctx context.Context, cms, document []byte, attached bool) (answer, error) {
	body := []io.Reader{strings.NewReader(`{"revocationCheck":["OCSP","CRL"],"cms":"` + base64.StdEncoding.EncodeToString(cms) + `"`)}
	length := int64(body[0].(*strings.Reader).Len()) //nolint:forcetypeassert // made a line above
	if !attached {
		const before, after = `,"data":"`, `"`
		body = append(body, strings.NewReader(before), &encoding{rest: document}, strings.NewReader(after))
		length += int64(len(before) + base64.StdEncoding.EncodedLen(len(document)) + len(after))
	}
	body = append(body, strings.NewReader("}"))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.endpoint, io.MultiReader(body...))
	if err != nil {
		return answer{}, errURL
	}
	request.ContentLength = length + 1
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if v.user != "" || v.password != "" {
		request.SetBasicAuth(v.user, v.password)
	}
	response, err := v.client.Do(request)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("reading its answer: %w", err)
	case response.StatusCode != http.StatusOK:
		// It says 400 to whatever went wrong within, also when it cannot reach others: that refuses nothing.
		return answer{}, fmt.Errorf("it answered with HTTP status %d", response.StatusCode)
	case len(text) > maxAnswer:
		return answer{}, fmt.Errorf("its answer has more than %d bytes", maxAnswer)
	}
	return readAnswer(text)
}

// readAnswer reads what the server said. Errors quote nothing of it: it names people.
func readAnswer(text []byte) (answer, error) {
	var said answer
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&said); err != nil {
		return answer{}, errors.New("its answer is not the JSON that was expected")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return answer{}, errors.New("something stands behind its answer")
	}
	return said, nil
}

// withoutURL leaves out the URL that net/http puts into its errors.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// encoding reads bytes in base64, so that a document is not in memory twice.
type encoding struct {
	rest  []byte
	ready []byte // encoded, not read yet
	chunk [4 << 10]byte
}

// Read gives the next of it.
func (e *encoding) Read(into []byte) (int, error) {
	if len(e.ready) == 0 {
		if len(e.rest) == 0 {
			return 0, io.EOF
		}
		n := min(len(e.rest), base64.StdEncoding.DecodedLen(len(e.chunk)))
		base64.StdEncoding.Encode(e.chunk[:], e.rest[:n])
		e.ready, e.rest = e.chunk[:base64.StdEncoding.EncodedLen(n)], e.rest[n:]
	}
	n := copy(into, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}
