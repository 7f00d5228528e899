package casefile

import (
	"io"

	"services.example/portal/domain/text"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/casebundle/report"
)

// Made lists the files of a bundle that follow from the records and the context: the events for programs, and the reports.
func (c *Case) Made() []casebundle.Made {
	list := []casebundle.Made{{Path: casebundle.EventsPath, Write: c.WriteEvents}}
	for _, l := range text.Languages {
		list = append(list,
			casebundle.Made{Path: "report/case." + string(l) + ".html", Write: func(to io.Writer) error { return report.HTML(to, c.Report(l)) }},
			casebundle.Made{Path: "report/case." + string(l) + ".pdf", Write: func(to io.Writer) error { return report.PDF(to, c.Report(l)) }},
		)
	}
	return list
}
