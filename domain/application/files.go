package application

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

const (
	// MaxFiles is how many files the steps of one application may hold, and how many more each side may upload.
	MaxFiles = 100
	// MaxFileName is the longest file name, in characters.
	MaxFileName = 255
)

func decideUploadFile(s State, c UploadFile) ([]Event, error) {
	byStaff := c.Applicant == ""
	if byStaff {
		if err := May(s, c.By, c.Provider, See); err != nil {
			return nil, err
		}
	} else if !s.isOf(c.Applicant) {
		return nil, notFound()
	}
	if _, kept := s.Upload(c.File.ID); kept {
		return nil, nil
	}
	switch {
	case s.Status == Draft:
		return nil, problem.New(problem.WrongState, "not-submitted")
	case s.Ended():
		return nil, ended()
	}
	if err := admit(c.File, c.Rules, len(s.uploads(byStaff)), s.bytesHeld(byStaff)); err != nil {
		return nil, err
	}
	return []Event{FileUploaded{
		FileID: c.File.ID, Staff: byStaff, Name: cleanFileName(c.File.Name), MIME: c.File.MIME,
		Size: c.File.Size, SHA256: c.File.SHA256, At: c.At,
	}}, nil
}

// admit applies the service's rules to one more file, beside so many of its sort and so many bytes of its side.
func admit(file File, rules service.FileRules, beside int, bytes int64) error {
	switch {
	case !slices.Contains(rules.Types, file.MIME):
		return fileProblem(problem.WrongType, "file-type-not-allowed", "allowed", strings.Join(rules.Types, ", "))
	case file.Size > rules.MaxFileBytes:
		return fileProblem(problem.TooLarge, "file-too-large", "max", megabytes(rules.MaxFileBytes))
	case bytes+file.Size > rules.MaxTotalBytes:
		return fileProblem(problem.TooLarge, "files-too-large", "max", megabytes(rules.MaxTotalBytes))
	case beside >= MaxFiles:
		return fileProblem(problem.TooLarge, "too-many-files", "max", strconv.Itoa(MaxFiles))
	default:
		return nil
	}
}

// bytesHeld is how many bytes one side has put into the application: the applicant's step files and uploads, or what staff
// uploaded. Each side has room of its own, so that a full application can still get its result.
func (s State) bytesHeld(byStaff bool) int64 {
	var total int64
	if !byStaff {
		for _, file := range s.stepFiles() {
			total += file.Size
		}
	}
	for _, upload := range s.uploads(byStaff) {
		total += upload.Size
	}
	return total
}

func (s State) stepFiles() []File {
	var files []File
	for _, step := range s.Steps {
		files = append(files, step.Files...)
	}
	return files
}

func (s State) uploads(byStaff bool) []Upload {
	return slices.DeleteFunc(slices.Clone(s.Uploads), func(u Upload) bool { return u.Staff != byStaff })
}

func fileProblem(kind problem.Kind, code, param, value string) error {
	field := problem.Field{Location: "file", Code: code, Params: map[string]string{param: value}}
	return &problem.Problem{Kind: kind, Code: code, Fields: []problem.Field{field}}
}

func megabytes(n int64) string { return strconv.FormatInt(n>>20, 10) }

// cleanFileName keeps the last element of a path, without characters that nobody sees, at most MaxFileName characters
// long. The ending stays: by it people's computers know what to open the file with.
func cleanFileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.Map(visible, name))
	if runes := []rune(name); len(runes) > MaxFileName {
		ending := []rune(path.Ext(name))
		if len(ending) > maxEnding {
			ending = nil
		}
		name = strings.TrimSpace(string(runes[:MaxFileName-len(ending)]) + string(ending))
	}
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}

// maxEnding is the longest ending of a file name that is kept when the name is too long, in characters with the dot.
const maxEnding = 12

// visible drops control characters, line and paragraph separators, and format characters: among them those that turn the
// direction of text, by which a program can look like a document. The joiners stay: some scripts are not written without.
func visible(r rune) rune {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r != nonJoiner && r != joiner && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
		return -1
	}
	return r
}
