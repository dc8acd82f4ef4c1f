// Package difference tells two JSON values apart: where they differ, and what
// stands on either side.
package difference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// A Difference is one place where two JSON values are not the same.
type Difference struct {
	// Path is the place, in the style of Kubernetes' field paths
	// ("spec.ports[0].port"); empty for the whole value.
	Path string
	// Want is what the real component answered, Got what the project did,
	// both as JSON; "(absent)" where there is nothing.
	Want, Got string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: want %s, got %s", d.Path, d.Want, d.Got)
}

// Decode reads one JSON value and keeps numbers as they are written.
func Decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return value, nil
}

// Plain brings any value that marshals to JSON into the form that [Decode]
// gives.
func Plain(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	plain, err := Decode(data)
	if err != nil {
		panic(err)
	}
	return plain
}

// Text is the value as one line of JSON, without HTML escapes.
func Text(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// Between lists the places where got is not want. Both are values as [Decode]
// gives them. Numbers are compared by value: 1.50 is 1.5, and integers are
// compared exactly.
func Between(want, got any) []Difference {
	var found []Difference
	walk("", want, got, &found)
	return found
}

func walk(path string, want, got any, found *[]Difference) {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			walkObject(path, want, got, found)
			return
		}
	case []any:
		if got, ok := got.([]any); ok {
			walkArray(path, want, got, found)
			return
		}
	case json.Number:
		if got, ok := got.(json.Number); ok && sameNumber(want.String(), got.String()) {
			return
		}
	default:
		if want == got {
			return
		}
	}
	*found = append(*found, Difference{path, Text(want), Text(got)})
}

func walkObject(path string, want, got map[string]any, found *[]Difference) {
	keys := make([]string, 0, len(want)+len(got))
	for key := range want {
		keys = append(keys, key)
	}
	for key := range got {
		if _, both := want[key]; !both {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	for _, key := range keys {
		child := key
		if path != "" {
			child = path + "." + key
		}
		wanted, inWant := want[key]
		given, inGot := got[key]
		switch {
		case !inWant:
			*found = append(*found, Difference{child, "(absent)", Text(given)})
		case !inGot:
			*found = append(*found, Difference{child, Text(wanted), "(absent)"})
		default:
			walk(child, wanted, given, found)
		}
	}
}

func walkArray(path string, want, got []any, found *[]Difference) {
	for index := range max(len(want), len(got)) {
		child := path + "[" + strconv.Itoa(index) + "]"
		switch {
		case index >= len(want):
			*found = append(*found, Difference{child, "(absent)", Text(got[index])})
		case index >= len(got):
			*found = append(*found, Difference{child, Text(want[index]), "(absent)"})
		default:
			walk(child, want[index], got[index], found)
		}
	}
}

func sameNumber(want, got string) bool {
	if want == got {
		return true
	}
	if !strings.ContainsAny(want+got, ".eE") {
		return false
	}
	wanted, err := strconv.ParseFloat(want, 64)
	if err != nil {
		return false
	}
	given, err := strconv.ParseFloat(got, 64)
	return err == nil && wanted == given
}
