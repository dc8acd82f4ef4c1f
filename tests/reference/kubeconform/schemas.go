// Package kubeconform derives the JSON schemas that kubeconform validates with
// from the OpenAPI documents of Kubernetes, and measures it beside the project.
package kubeconform

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A node of a JSON document.
type node = map[string]any

const local = "#/components/schemas/"

// Schemas writes a strict JSON schema for each kind that the OpenAPI documents
// (version 3) of a folder describe, named as kubeconform looks for them with
// [Location]. Each holds the definitions that it needs. It gives their number.
func Schemas(openapi, folder string) (int, error) {
	documents, err := filepath.Glob(filepath.Join(openapi, "*_openapi.json"))
	if err != nil {
		return 0, err
	}
	written := 0
	for _, name := range documents {
		content, err := os.ReadFile(name)
		if err != nil {
			return written, err
		}
		var document struct {
			Components struct {
				Schemas map[string]node `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(content, &document); err != nil {
			return written, fmt.Errorf("%s: %w", name, err)
		}
		for key, schema := range document.Components.Schemas {
			for _, file := range files(schema) {
				text, err := json.Marshal(whole(key, document.Components.Schemas))
				if err != nil {
					return written, err
				}
				if err := os.WriteFile(filepath.Join(folder, file), text, 0o644); err != nil {
					return written, err
				}
				written++
			}
		}
	}
	return written, nil
}

// Location is the pattern under which kubeconform finds the schemas of a folder.
func Location(folder string) string {
	return filepath.Join(folder, "{{ .ResourceKind }}{{ .KindSuffix }}.json")
}

// files are the names of a kind's schemas, one a version that it is of.
func files(schema node) []string {
	kinds, _ := schema["x-kubernetes-group-version-kind"].([]any)
	var names []string
	for _, entry := range kinds {
		kind, _ := entry.(node)
		name, _ := kind["kind"].(string)
		group, _ := kind["group"].(string)
		version, _ := kind["version"].(string)
		suffix := "-" + version
		if group != "" {
			suffix = "-" + strings.SplitN(group, ".", 2)[0] + suffix
		}
		names = append(names, strings.ToLower(name+suffix)+".json")
	}
	return names
}

// whole is the schema of that name with all that it refers to.
func whole(name string, all map[string]node) node {
	definitions := node{}
	var take func(string)
	take = func(name string) {
		if _, taken := definitions[name]; taken {
			return
		}
		definitions[name] = nil
		definitions[name] = strict(all[name], take)
	}
	take(name)
	return node{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/" + name, "definitions": definitions}
}

// strict is a schema that takes no fields but those it names, and refers to
// definitions beside it; `take` is told of each.
func strict(value any, take func(string)) any {
	switch value := value.(type) {
	case node:
		out := node{}
		for key, member := range value {
			reference, _ := member.(string)
			name, isLocal := strings.CutPrefix(reference, local)
			switch {
			case key == "$ref" && isLocal:
				take(name)
				out[key] = "#/definitions/" + name
			case key == "description" && reference != "", key == "default", strings.HasPrefix(key, "x-kubernetes-"):
				// Nothing is validated by these.
			default:
				out[key] = strict(member, take)
			}
		}
		_, open := value["additionalProperties"]
		if _, isObject := value["properties"].(node); isObject && value["type"] == "object" && !open {
			out["additionalProperties"] = false
		}
		return out
	case []any:
		out := make([]any, len(value))
		for index, item := range value {
			out[index] = strict(item, take)
		}
		return out
	default:
		return value
	}
}
