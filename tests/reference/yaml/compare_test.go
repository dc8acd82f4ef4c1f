package yaml

import (
	"testing"

	"portolan/reference/internal/difference/differencetest"
)

func TestOtherWordsForARefusalAreNoDifference(t *testing.T) {
	record := Read("a: yes\n---\nb: [\n---\n# nothing\n---\n")
	same := differencetest.Decode(t, `{"documents":[{"value":{"a":true}},{"error":"other words","line":3,"column":4},{"value":null}]}`)
	if found := Between(record, same); len(found) != 0 {
		t.Fatalf("%v", found)
	}
}

func TestABadSeparatorEndsTheStream(t *testing.T) {
	record := Read("a: yes\n---\nb: 1\n---x\nc: 1\n")
	if len(record.Documents) != 2 || record.Documents[1].Error == "" {
		t.Fatalf("%+v", record.Documents)
	}
}

func TestKeysThatBecomeOneAreNotSettled(t *testing.T) {
	if !Settled(Read("1: a\n2: b\n")) {
		t.Error("two keys are two keys")
	}
	if Settled(Read("1: a\n!!str 1: b\n")) {
		t.Error("1 and \"1\" are one key, of which either value may stay")
	}
}

func TestPlantedDifferencesAreFound(t *testing.T) {
	record := Read("a: yes\nb: 010\n---\nc: [\n")
	for name, planted := range map[string]string{
		"another boolean":  `{"documents":[{"value":{"a":"yes","b":8}},{"error":"x"}]}`,
		"another number":   `{"documents":[{"value":{"a":true,"b":10}},{"error":"x"}]}`,
		"a lost document":  `{"documents":[{"value":{"a":true,"b":8}}]}`,
		"an extra field":   `{"documents":[{"value":{"a":true,"b":8,"c":null}},{"error":"x"}]}`,
		"no refusal":       `{"documents":[{"value":{"a":true,"b":8}},{"value":{"c":[]}}]}`,
		"an error instead": `{"error":{"reason":"BadRequest"}}`,
	} {
		if found := Between(record, differencetest.Decode(t, planted)); len(found) == 0 {
			t.Errorf("%s was not found", name)
		}
	}
}

func TestGenerateIsAFunctionOfItsSeed(t *testing.T) {
	refused, read := 0, 0
	for index := range 2000 {
		text := Generate(7, index)
		if text != Generate(7, index) {
			t.Fatalf("case %d of the same seed is not the same text", index)
		}
		for _, document := range Read(text).Documents {
			if document.Error != "" {
				refused++
			} else {
				read++
			}
		}
	}
	if refused < 300 || read < 1500 {
		t.Errorf("%d documents refused, %d read: the mix is off", refused, read)
	}
}
