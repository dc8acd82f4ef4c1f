package kubeconform

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

const document = `{"components": {"schemas": {
	"Outer": {"type": "object", "description": "text", "properties": {
		"description": {"type": "string"},
		"inner": {"allOf": [{"$ref": "#/components/schemas/Inner"}], "default": {}},
		"any": {"type": "object", "additionalProperties": {"type": "string"}}},
		"x-kubernetes-group-version-kind": [{"group": "networking.k8s.io", "version": "v1", "kind": "Outer"}]},
	"Inner": {"type": "object", "properties": {"self": {"$ref": "#/components/schemas/Inner"}}},
	"Other": {"type": "string"}}}}`

func TestASchemaHoldsWhatItNeedsAndTakesNothingElse(t *testing.T) {
	openapi, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(openapi, "apis_openapi.json"), []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	written, err := Schemas(openapi, folder)
	if err != nil || written != 1 {
		t.Fatal(written, err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "outer-networking-v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema node
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	wanted := `{"Inner":{"additionalProperties":false,"properties":{"self":{"$ref":"#/definitions/Inner"}},"type":"object"},` +
		`"Outer":{"additionalProperties":false,"properties":{"any":{"additionalProperties":{"type":"string"},"type":"object"},` +
		`"description":{"type":"string"},"inner":{"allOf":[{"$ref":"#/definitions/Inner"}]}},"type":"object"}}`
	if found, _ := json.Marshal(schema["definitions"]); string(found) != wanted {
		t.Errorf("%s\nis not\n%s", found, wanted)
	}
}
