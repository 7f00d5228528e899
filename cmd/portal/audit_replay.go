package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"unicode"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/text"
	"services.example/portal/infra/eventstore"
	"services.example/portal/readapi/auditlog"
)

// auditReplayCommand prints history in a terminal.
type auditReplayCommand struct {
	storage
	Server   string   `help:"Address of a portal to read from over its API, such as https://portal.example; otherwise the data folder is read." placeholder:"URL"`
	Token    string   `help:"Token of a service account with the scope audit:read, for --server." env:"PORTAL_TOKEN" placeholder:"TOKEN"`
	Reason   string   `required:"" help:"Why this is read, in 10 to 500 characters. It is recorded, and the next auditor sees it."`
	After    string   `help:"Go on after this position, the last that was printed." placeholder:"POSITION"`
	Until    string   `help:"Stop at this position; otherwise at the end of the log." placeholder:"POSITION"`
	Streams  []string `help:"Only streams with these names or beginnings, such as application-." placeholder:"NAME"`
	Types    []string `help:"Only events of these types or beginnings, such as application.submitted." placeholder:"TYPE"`
	Limit    int      `help:"At most so many events; 0 for all."`
	Follow   bool     `help:"Go on with what happens, until interrupted."`
	Personal bool     `help:"Show personal data, as far as the token allows it." default:"true" negatable:""`
	JSON     bool     `name:"json" help:"Print the lines as they are, one object of JSON each."`
	Language string   `help:"Language of the sentences." enum:"kk,ru,en" default:"kk"`
}

// errCutOff says that an answer ended without its last line.
var errCutOff = errors.New("the answer was cut off")

// Run reads to the end. A reading that breaks off says where to go on.
func (c *auditReplayCommand) Run(ctx context.Context) error {
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	p := &replayPrinter{
		out: out, bar: newBar(os.Stderr, terminal(os.Stderr)), after: c.After, json: c.JSON, language: text.Language(c.Language),
		atOnce: c.Follow || terminal(os.Stdout),
	}
	err := c.read(ctx, p)
	p.bar.end()
	err = errors.Join(err, out.Flush())
	if err != nil && p.after != "" {
		return fmt.Errorf("%w; go on with --after %s", err, p.after)
	}
	return err
}

// read asks for lines until there are no more. Somebody's answer may have an end before: then it goes on.
func (c *auditReplayCommand) read(ctx context.Context, p *replayPrinter) error {
	for {
		before := p.lines
		last, err := c.ask(ctx, p)
		switch {
		case ctx.Err() != nil && c.Follow:
			return nil // by whoever watches
		case errors.Is(err, errCutOff) && p.lines > before && ctx.Err() == nil:
		case err != nil:
			return err
		case last.Complete || c.Limit > 0 && p.lines >= c.Limit:
			return nil
		}
	}
}

// ask reads one answer.
func (c *auditReplayCommand) ask(ctx context.Context, p *replayPrinter) (last auditlog.Mark, err error) {
	values := url.Values{
		"streams": {strings.Join(c.Streams, ",")}, "types": {strings.Join(c.Types, ",")}, "until": {c.Until}, "after": {p.after},
		"personal": {strconv.FormatBool(c.Personal)}, "follow": {strconv.FormatBool(c.Follow)},
	}
	if c.Limit > 0 {
		values.Set("limit", strconv.Itoa(c.Limit-p.lines))
	}
	for name := range values {
		if values.Get(name) == "" {
			values.Del(name)
		}
	}
	read := func(head string, answer io.Reader) error {
		p.bar.between(p.after, head)
		last, err = p.print(answer)
		return err
	}
	if c.Server != "" {
		return last, c.fromServer(ctx, values, read)
	}
	values.Set("reason", c.Reason)
	return last, c.fromData(ctx, values, read)
}

// fromServer reads over the API.
func (c *auditReplayCommand) fromServer(ctx context.Context, values url.Values, read func(string, io.Reader) error) error {
	base, err := apiOf(c.Server)
	if err != nil {
		return err
	}
	target := base.JoinPath("audit", "events")
	target.RawQuery = values.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("asking the portal: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Audit-Reason", "UTF-8''"+url.PathEscape(c.Reason))
	request.Header.Set("Accept-Language", c.Language)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking the portal: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode != http.StatusOK {
		return refusal(response)
	}
	return read(response.Header.Get("Log-Head"), response.Body)
}

// mostRefusal is how much of a refusal is read, in bytes.
const mostRefusal = 64 << 10

// refusal says why a portal did not answer, in its words.
func refusal(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, mostRefusal))
	if err != nil {
		return fmt.Errorf("the portal refused with %s: %w", response.Status, err)
	}
	said, err := problemOf(body)
	if err != nil {
		return fmt.Errorf("the portal refused with %s", response.Status)
	}
	return fmt.Errorf("the portal refused with %s: %s", response.Status, oneLine(said))
}

// fromData reads from the portal that runs on the data folder, or from the stores themselves.
func (c *auditReplayCommand) fromData(ctx context.Context, values url.Values, read func(string, io.Reader) error) error {
	err := askFor(ctx, c.storage, http.MethodGet, "/audit/replay", values, func(answer io.Reader) error {
		lines := bufio.NewReader(answer)
		head, err := lines.ReadString('\n') // the socket's answer begins with where the log ends
		if err != nil {
			return errCutOff
		}
		return read(strings.TrimSpace(head), lines)
	})
	if !errors.Is(err, errNotRunning) {
		return err
	}
	p, err := open(ctx, c.storage, options{messages: &outbox{}, alone: true})
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	heads := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		err := p.replay(ctx, values, func(head eventstore.Position) { heads <- head.String() }, writer)
		close(heads)
		done <- errors.Join(err, writer.CloseWithError(err))
	}()
	head, begun := <-heads
	if begun {
		err = read(head, reader)
	}
	return errors.Join(err, reader.Close(), <-done, p.close())
}

// replayPrinter prints lines.
type replayPrinter struct {
	out      *bufio.Writer
	bar      *bar
	after    string // the position of the last line
	lines    int
	json     bool
	atOnce   bool
	language text.Language
}

// print prints an answer to its last line, which it returns. Error: errCutOff.
func (p *replayPrinter) print(answer io.Reader) (auditlog.Mark, error) {
	lines := bufio.NewReaderSize(answer, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return auditlog.Mark{}, errCutOff
		}
		if err != nil {
			return auditlog.Mark{}, fmt.Errorf("%w: %w", errCutOff, err)
		}
		read, err := auditlog.ParseLine(line)
		if err != nil {
			return auditlog.Mark{}, err
		}
		if read.Type == "" {
			p.reached(read.After)
			if read.Complete || read.More {
				return read.Mark, nil
			}
			continue
		}
		p.bar.clear()
		if err := p.line(line, &read); err != nil {
			return auditlog.Mark{}, err
		}
		p.lines++
		p.reached(read.Position)
	}
}

func (p *replayPrinter) reached(position string) {
	p.after = position
	p.bar.at(position, p.lines)
}

func (p *replayPrinter) line(raw []byte, read *auditlog.Read) error {
	var err error
	if p.json {
		_, err = p.out.Write(raw)
	} else {
		_, err = fmt.Fprintf(p.out, "%s  %s  %s %d  %s\n", oneLine(read.Position), calendar.Local(read.Created).Format("2006-01-02 15:04:05"),
			oneLine(read.Stream), read.Revision, oneLine(read.Sentence.In(p.language)+notShown(read)))
	}
	if err == nil && p.atOnce {
		err = p.out.Flush()
	}
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// notShown says what is not shown of an event.
func notShown(read *auditlog.Read) string {
	switch {
	case read.Unreadable != "":
		return " [" + read.Unreadable + "]"
	case read.Erased:
		return " [erased]"
	case read.Withheld:
		return " [withheld]"
	default:
		return ""
	}
}

// oneLine leaves out what would move a terminal's cursor: what is printed comes from elsewhere.
func oneLine(words string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, words)
}
