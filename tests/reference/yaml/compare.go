package yaml

import (
	"encoding/json"
	"fmt"

	"portolan/reference/internal/command"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// Compare asks the binary to read every text and tells where its documents are
// not the recorded ones. Of a refused document the refusal is the fact, not the
// wording.
func Compare(binary string, records []Record) ([]command.Case, error) {
	questions := make([]any, len(records))
	for index, record := range records {
		questions[index] = map[string]any{"ask": "read", "text": record.Text}
	}
	answers, err := portolan.Ask(binary, nil, questions)
	if err != nil {
		return nil, err
	}
	cases := make([]command.Case, len(records))
	for index, record := range records {
		text, err := json.Marshal(record.Text)
		if err != nil {
			return nil, err
		}
		cases[index] = command.Case{Name: fmt.Sprintf("text %d", index), Asked: string(text), Differences: Between(record, answers[index])}
	}
	return cases, nil
}

// Between holds one answer to a `read` question against the record.
func Between(record Record, answer any) []difference.Difference {
	given, _ := answer.(map[string]any)
	documents, isArray := given["documents"].([]any)
	if !isArray {
		return []difference.Difference{{Path: "documents", Want: difference.Text(record.Documents), Got: difference.Text(answer)}}
	}
	var wanted, got []any
	for _, document := range record.Documents {
		wanted = append(wanted, wordless(difference.Plain(document)))
	}
	for _, document := range documents {
		got = append(got, wordless(document))
	}
	return difference.Between(map[string]any{"documents": wanted}, map[string]any{"documents": got})
}

// wordless keeps a document's value, or only that it was refused.
func wordless(document any) any {
	fields, _ := document.(map[string]any)
	if _, refused := fields["error"]; refused {
		return "refused"
	}
	return map[string]any{"value": fields["value"]}
}
