package admission

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"portolan/reference/internal/command"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// Compare asks the binary every record's question against the cluster and tells
// where its answers are not the recorded ones.
func Compare(binary string, cluster Cluster, records []Record) ([]command.Case, error) {
	directory, err := os.MkdirTemp("", "portolan-reference-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "cluster.json")
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": cluster.Cluster})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, list, 0o600); err != nil {
		return nil, err
	}
	questions := make([]any, len(records))
	for index, record := range records {
		questions[index] = record.question()
	}
	arguments := []string{"-f", file, "--service-cluster-ip-range", cluster.ServiceClusterIPRange, "--service-node-port-range", cluster.ServiceNodePortRange}
	answers, err := portolan.Ask(binary, arguments, questions)
	if err != nil {
		return nil, err
	}
	cases := make([]command.Case, len(records))
	for index, record := range records {
		asked, err := encode(record.question())
		if err != nil {
			return nil, err
		}
		cases[index] = command.Case{
			Name:        fmt.Sprintf("%s %s %s (%s)", record.ID, record.Op, record.Kind, strings.Join(record.How, ", ")),
			Asked:       string(asked),
			Differences: Between(cluster, record, answers[index]),
		}
	}
	return cases, nil
}

func (record *Record) question() any {
	question := struct {
		Ask       string          `json:"ask"`
		ID        string          `json:"id"`
		Operation string          `json:"operation"`
		Object    json.RawMessage `json:"object"`
		OldObject json.RawMessage `json:"oldObject,omitempty"`
	}{"admit", record.ID, "CREATE", record.Input, nil}
	if record.Op == "update" {
		question.Operation, question.OldObject = "UPDATE", record.Old
	}
	return question
}

// Between holds one answer to an `admit` question against the record, after
// both are neutralised in the same way.
func Between(cluster Cluster, record Record, answer any) []difference.Difference {
	want := map[string]any{"accepted": record.Code < 400, "code": difference.Plain(record.Code)}
	if record.Object != nil {
		want["object"] = difference.Plain(record.Object)
	}
	if record.Status != nil {
		want["status"] = difference.Plain(record.Status)
	}
	if len(record.Warnings) > 0 {
		texts := make([]any, len(record.Warnings))
		for index, header := range record.Warnings {
			texts[index] = warningText(header)
		}
		want["warnings"] = texts
	}
	given, isObject := answer.(map[string]any)
	if !isObject || given["error"] != nil {
		return []difference.Difference{{Path: "answer", Want: difference.Text(want), Got: difference.Text(answer)}}
	}
	got := map[string]any{}
	for _, key := range []string{"accepted", "code", "object", "status", "warnings"} {
		if value, found := given[key]; found && value != nil {
			got[key] = value
		}
	}
	if warnings, isArray := got["warnings"].([]any); isArray && len(warnings) == 0 {
		delete(got, "warnings")
	}
	neutral := newNeutral(cluster, record)
	return difference.Between(neutral.answer(want), neutral.answer(got))
}

// warningText is the text of a Warning header: 299 - "text".
func warningText(header string) string {
	text, found := strings.CutPrefix(header, `299 - "`)
	if !found {
		return header
	}
	text = strings.TrimSuffix(text, `"`)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text)
}
