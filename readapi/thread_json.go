package readapi

import "strconv"

// appendThread writes what encoding/json writes for a page of a thread, at a fraction of its cost.
func appendThread(b []byte, page *threadPage) []byte {
	b = append(b, `{"items":[`...)
	for i := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendThreadItem(b, &page.Items[i])
	}
	b = strconv.AppendInt(append(b, `],"total":`...), int64(page.Total), 10)
	if page.Next != "" {
		b = appendString(append(b, `,"next":`...), page.Next)
	}
	return append(b, '}', '\n')
}

func appendThreadItem(b []byte, item *threadItem) []byte {
	b = strconv.AppendInt(append(b, `{"number":`...), int64(item.Number), 10)
	b = appendString(append(b, `,"id":`...), item.ID)
	b = appendTime(append(b, `,"at":`...), &item.At)
	b = appendString(append(b, `,"author":{"kind":`...), item.Author.Kind)
	b = appendString(append(b, `,"name":`...), item.Author.Name)
	b = appendString(append(b, `},"text":`...), item.Text)
	b = strconv.AppendBool(append(b, `,"unread":`...), item.Unread)
	if item.Notice {
		b = append(b, `,"notice":true`...)
	}
	for i, file := range item.Files {
		if i == 0 {
			b = append(b, `,"files":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"id":`...), file.ID)
		b = appendString(append(b, `,"name":`...), file.Name)
		b = strconv.AppendInt(append(b, `,"size":`...), file.Size, 10)
		b = append(appendString(append(b, `,"mime":`...), file.MIME), '}')
	}
	if len(item.Files) > 0 {
		b = append(b, ']')
	}
	if item.What != "" {
		b = appendString(append(b, `,"what":`...), item.What)
	}
	return append(b, '}')
}
