package admission

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// JSON values as the generator changes them: *object, []any, json.Number,
// string, bool and nil. An object keeps its order and may hold a key twice,
// which a Go map could not.
type object struct {
	fields []field
}

type field struct {
	key   string
	value any
}

func (o *object) get(key string) (any, bool) {
	for _, field := range o.fields {
		if field.key == key {
			return field.value, true
		}
	}
	return nil, false
}

func (o *object) set(key string, value any) {
	for index := range o.fields {
		if o.fields[index].key == key {
			o.fields[index].value = value
			return
		}
	}
	o.fields = append(o.fields, field{key, value})
}

func (o *object) remove(key string) {
	kept := o.fields[:0]
	for _, field := range o.fields {
		if field.key != key {
			kept = append(kept, field)
		}
	}
	o.fields = kept
}

// MarshalJSON writes the fields in their order, doubled ones twice.
func (o *object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for index, field := range o.fields {
		if index > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(field.key)
		if err != nil {
			return nil, err
		}
		value, err := encode(field.value)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// parse reads JSON into a tree.
func parse(text string) any {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	value, err := parseValue(decoder)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return value
}

func parseValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		result := &object{}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			value, err := parseValue(decoder)
			if err != nil {
				return nil, err
			}
			result.fields = append(result.fields, field{key.(string), value})
		}
		_, err = decoder.Token()
		return result, err
	case json.Delim('['):
		result := []any{}
		for decoder.More() {
			value, err := parseValue(decoder)
			if err != nil {
				return nil, err
			}
			result = append(result, value)
		}
		_, err = decoder.Token()
		return result, err
	}
	return token, nil
}

func clone(value any) any {
	switch value := value.(type) {
	case *object:
		copied := &object{fields: make([]field, len(value.fields))}
		for index, one := range value.fields {
			copied.fields[index] = field{one.key, clone(one.value)}
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for index, item := range value {
			copied[index] = clone(item)
		}
		return copied
	}
	return value
}
