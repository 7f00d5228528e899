package catalogue

import (
	"fmt"
	"regexp"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

// slugForm is how files are named.
var slugForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,79}$`)

type serviceFile struct {
	Category    string         `yaml:"category"`
	Provider    string         `yaml:"provider"`
	Workflow    string         `yaml:"workflow"`
	Name        text.Text      `yaml:"name"`
	Description text.Text      `yaml:"description"`
	Conditions  text.Text      `yaml:"conditions"`
	Recipients  text.Text      `yaml:"recipients"`
	Result      text.Text      `yaml:"result"`
	Term        service.Term   `yaml:"term"`
	Contacts    *contactsFile  `yaml:"contacts"` // the provider's, if there are none
	Documents   []documentFile `yaml:"documents"`
	Logo        string         `yaml:"logo"`
	Files       filesFile      `yaml:"files"`
	Steps       []stepFile     `yaml:"steps"`
}

type contactsFile = service.Contacts

// documentFile is a law written out, or the name of one of laws.yaml.
type documentFile struct {
	Use   string    `yaml:"use"`
	Title text.Text `yaml:"title"`
	URL   string    `yaml:"url"`
}

// filesFile limits attachments. What is not said is as in the portal's general rules.
type filesFile struct {
	MaxFileMB  int64    `yaml:"maxFileMB"`
	MaxTotalMB int64    `yaml:"maxTotalMB"`
	Types      []string `yaml:"types"`
}

// The portal's general rules for attachments, in megabytes of 1024 × 1024 bytes.
const (
	generalFileMB  = 20
	generalTotalMB = 100
)

// mediaTypes are the kinds of files that a service may name.
var mediaTypes = map[string]string{
	"pdf":  "application/pdf",
	"jpg":  "image/jpeg",
	"png":  "image/png",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"zip":  "application/zip",
}

var generalTypes = []string{"pdf", "jpg", "png", "docx", "xlsx"}

func (l *loader) services() {
	l.each("services", func(file, slug string) {
		var s serviceFile
		if !l.read(file, &s) {
			return
		}
		before := len(l.mistakes)
		content := l.content(file, s)
		if len(l.mistakes) > before {
			return // what a wrong reference leaves empty would only be named twice
		}
		if err := content.Validate(); err != nil {
			l.refused(file, err)
		}
		l.found.Services = append(l.found.Services, ServiceFile{ID: ID("service", slug), Slug: slug, Content: content})
	})
}

func (l *loader) content(file string, s serviceFile) service.Content {
	categoryID, ok := l.categoryIDs[s.Category]
	if !ok {
		l.mistake(file, "category: there is no category %q in categories.yaml", s.Category)
	}
	providerID, ok := l.providerIDs[s.Provider]
	if !ok {
		l.mistake(file, "provider: there is no providers/%s.yaml", s.Provider)
	}
	workflow, ok := l.workflowOf[s.Workflow]
	if !ok {
		l.mistake(file, "workflow: there is no workflows/%s.yaml", s.Workflow)
	}
	contacts := l.providerOf[s.Provider].Contacts
	if s.Contacts != nil {
		contacts = *s.Contacts
	}
	return service.Content{
		Passport: service.Passport{
			Name: s.Name, Description: s.Description, Conditions: s.Conditions, Recipients: s.Recipients, Result: s.Result,
			Kind: workflow.Kind, Term: s.Term, CategoryID: categoryID, ProviderID: providerID,
			Contacts: contacts, Documents: l.documents(file, s.Documents), Logo: s.Logo,
		},
		Steps: l.steps(file, s.Steps),
		Files: l.rules(file, s.Files),
		Workflow: service.Workflow{
			ID: s.Workflow, Signatures: workflow.Signatures, Questionnaire: workflow.Questionnaire,
		},
	}
}

func (l *loader) documents(file string, written []documentFile) []service.NormativeDocument {
	var documents []service.NormativeDocument
	for i, d := range written {
		document := service.NormativeDocument{Title: d.Title, URL: d.URL}
		if d.Use != "" {
			law, ok := l.lawOf[d.Use]
			if !ok {
				l.mistake(file, "documents[%d].use: there is no %s in laws.yaml", i, d.Use)
			}
			document = law
		}
		documents = append(documents, document)
	}
	return documents
}

func (l *loader) rules(file string, f filesFile) service.FileRules {
	if f.MaxFileMB == 0 {
		f.MaxFileMB = generalFileMB
	}
	if f.MaxTotalMB == 0 {
		f.MaxTotalMB = generalTotalMB
	}
	if len(f.Types) == 0 {
		f.Types = generalTypes
	}
	rules := service.FileRules{MaxFileBytes: f.MaxFileMB << 20, MaxTotalBytes: f.MaxTotalMB << 20}
	for i, name := range f.Types {
		media, ok := mediaTypes[name]
		if !ok {
			l.mistake(file, "files.types[%d]: %q is none of the kinds of files that the portal takes", i, name)
		}
		rules.Types = append(rules.Types, media)
	}
	return rules
}

// stepFile is a step written out, or the name of a shared one.
type stepFile struct {
	Use         string           `yaml:"use"` // name of a file in steps
	ID          string           `yaml:"id"`
	Kind        service.StepKind `yaml:"kind"`
	Title       text.Text        `yaml:"title"`
	Description *text.Text       `yaml:"description"`
	Required    bool             `yaml:"required"`
	Fields      []fieldFile      `yaml:"fields"`
}

func (l *loader) steps(file string, written []stepFile) []service.Step {
	var steps []service.Step
	for i, step := range written {
		at := fmt.Sprintf("steps[%d]", i)
		if step.Use != "" {
			shared, ok := l.stepOf[step.Use]
			if !ok {
				l.mistake(file, "%s.use: there is no steps/%s.yaml", at, step.Use)
				continue
			}
			if step.ID != "" || step.Kind != "" || step.Title != (text.Text{}) || step.Fields != nil || step.Required {
				l.mistake(file, "%s: a step that uses a shared one says nothing else", at)
				continue
			}
			step = shared
		}
		schema, err := l.schema(file, at, step)
		if err != nil {
			l.mistake(file, "%s: %w", at, err)
			continue
		}
		steps = append(steps, service.Step{
			ID: step.ID, Kind: step.Kind, Title: step.Title, Required: step.Required, Schema: schema,
		})
	}
	return steps
}
