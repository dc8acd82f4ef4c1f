package env

import (
	"testing"

	"portolan/reference/internal/difference"
)

func TestPlantedDifferencesAreFound(t *testing.T) {
	record := Record{Env: []Variable{{"A_SERVICE_HOST", "10.0.0.1"}, {"A_SERVICE_PORT", "80"}}}
	for text, differs := range map[string]bool{
		`{"env":[{"name":"A_SERVICE_HOST","value":"10.0.0.1"},{"name":"A_SERVICE_PORT","value":"80"}]}`: false,
		`{"env":[{"name":"A_SERVICE_PORT","value":"80"},{"name":"A_SERVICE_HOST","value":"10.0.0.1"}]}`: true,
		`{"env":[{"name":"A_SERVICE_HOST","value":"10.0.0.1"}]}`:                                        true,
		`{"error":{"reason":"BadRequest"}}`:                                                             true,
	} {
		answer, err := difference.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if found := record.between(answer); (len(found) > 0) != differs {
			t.Errorf("%s: %v", text, found)
		}
	}
}

func TestGenerateMakesVariables(t *testing.T) {
	variables := 0
	for index := range 100 {
		variables += len(Generate(1, index).Env)
	}
	if variables < 500 {
		t.Errorf("%d variables of 100 records", variables)
	}
}
