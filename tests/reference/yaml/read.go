// Package yaml records what Kubernetes' own reader makes of a YAML text, and
// holds the project's `read` answers against it.
package yaml

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	apimachinery "k8s.io/apimachinery/pkg/util/yaml"
	sigs "sigs.k8s.io/yaml"
)

// A Document is one document of a stream: the JSON it stands for, or why it
// was refused.
type Document struct {
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

// A Record is a text and what the reader made of it.
type Record struct {
	Text      string     `json:"text"`
	Documents []Document `json:"documents"`
}

// Read splits the text as apimachinery's YAMLReader does and makes each
// document JSON with sigs.k8s.io/yaml's YAMLToJSONStrict. A bad separator ends
// the stream, a bad document only itself.
func Read(text string) Record {
	record := Record{Text: text, Documents: []Document{}}
	reader := apimachinery.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		chunk, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return record
		}
		if err != nil {
			record.Documents = append(record.Documents, Document{Error: err.Error()})
			return record
		}
		value, err := sigs.YAMLToJSONStrict(chunk)
		if err != nil {
			record.Documents = append(record.Documents, Document{Error: err.Error()})
			continue
		}
		record.Documents = append(record.Documents, Document{Value: value})
	}
}

// Settled is true where reading the record's text again and again gives the
// same: two keys that become one in JSON (1 and "1") keep the value that Go's
// map gives last, which is no fact.
func Settled(record Record) bool {
	for range 12 {
		again := Read(record.Text)
		for index, document := range record.Documents {
			if document.Error == "" && !bytes.Equal(document.Value, again.Documents[index].Value) {
				return false
			}
		}
	}
	return true
}
