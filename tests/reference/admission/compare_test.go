package admission

import (
	"encoding/json"
	"testing"

	"portolan/reference/internal/difference/differencetest"
)

var ranges = Cluster{ServiceClusterIPRange: "10.0.0.0/16,fd00:10::/108", ServiceNodePortRange: "30000-32767"}

var accepted = Record{
	Code: 201, Kind: "Service", Op: "create",
	Input:    json.RawMessage(`{"apiVersion":"v1","kind":"Service","metadata":{"generateName":"web-"},"spec":{"type":"NodePort","ports":[{"name":"a","port":80},{"name":"b","port":80,"protocol":"UDP"}]}}`),
	Object:   json.RawMessage(`{"apiVersion":"v1","kind":"Service","metadata":{"generateName":"web-","name":"web-x2b4c","namespace":"default"},"spec":{"type":"NodePort","clusterIP":"10.0.7.8","clusterIPs":["10.0.7.8"],"ports":[{"name":"a","port":80,"nodePort":30777},{"name":"b","port":80,"protocol":"UDP","nodePort":30777}]}}`),
	Warnings: []string{`299 - "annotation \"x\" is old"`},
}

var refused = Record{
	Code: 422, Kind: "Service", Op: "create",
	Input:  json.RawMessage(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","labels":{"-":"a","_":"b"}},"spec":{}}`),
	Status: json.RawMessage(`{"kind":"Status","code":422,"message":"Service \"a\" is invalid: [metadata.labels: Invalid value: \"-\": no, metadata.labels: Invalid value: \"_\": no, spec.ports: Required value]","details":{"name":"a","causes":[{"field":"metadata.labels","message":"Invalid value: \"-\": no"},{"field":"metadata.labels","message":"Invalid value: \"_\": no"},{"field":"spec.ports","message":"Required value"}]}}`),
}

func TestWhatTheServerPicksIsNoDifference(t *testing.T) {
	same := `{"accepted":true,"code":201,"warnings":["annotation \"x\" is old"],"object":{"apiVersion":"v1","kind":"Service","metadata":{"generateName":"web-","name":"web-zzzzz","namespace":"default","uid":"u"},"spec":{"type":"NodePort","clusterIP":"10.0.200.1","clusterIPs":["10.0.200.1"],"ports":[{"name":"a","port":80,"nodePort":31000},{"name":"b","port":80,"protocol":"UDP","nodePort":31000}]}}}`
	if found := Between(ranges, accepted, differencetest.Decode(t, same)); len(found) != 0 {
		t.Errorf("%v", found)
	}
}

func TestTheOrderOfMapErrorsIsNoDifference(t *testing.T) {
	same := `{"accepted":false,"code":422,"warnings":[],"status":{"kind":"Status","code":422,"message":"Service \"a\" is invalid: [metadata.labels: Invalid value: \"_\": no, metadata.labels: Invalid value: \"-\": no, spec.ports: Required value]","details":{"name":"a","causes":[{"field":"metadata.labels","message":"Invalid value: \"_\": no"},{"field":"metadata.labels","message":"Invalid value: \"-\": no"},{"field":"spec.ports","message":"Required value"}]}}}`
	if found := Between(ranges, refused, differencetest.Decode(t, same)); len(found) != 0 {
		t.Errorf("%v", found)
	}
}

func TestPlantedDifferencesAreFound(t *testing.T) {
	object := `"object":{"apiVersion":"v1","kind":"Service","metadata":{"generateName":"web-","name":"web-zzzzz","namespace":"default"},"spec":{"type":"NodePort",`
	for name, planted := range map[string]struct {
		record Record
		answer string
	}{
		"an address out of the range": {accepted, `{"accepted":true,"code":201,"warnings":["annotation \"x\" is old"],` + object + `"clusterIP":"10.1.0.1","clusterIPs":["10.1.0.1"],"ports":[{"name":"a","port":80,"nodePort":31000},{"name":"b","port":80,"protocol":"UDP","nodePort":31000}]}}}`},
		"two ports for one":           {accepted, `{"accepted":true,"code":201,"warnings":["annotation \"x\" is old"],` + object + `"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ports":[{"name":"a","port":80,"nodePort":31000},{"name":"b","port":80,"protocol":"UDP","nodePort":31001}]}}}`},
		"a lost warning":              {accepted, `{"accepted":true,"code":201,` + object + `"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ports":[{"name":"a","port":80,"nodePort":31000},{"name":"b","port":80,"protocol":"UDP","nodePort":31000}]}}}`},
		"the wrong code":              {refused, `{"accepted":false,"code":400}`},
		"acceptance":                  {refused, `{"accepted":true,"code":201,"object":{}}`},
		"causes in another order":     {refused, `{"accepted":false,"code":422,"status":{"kind":"Status","code":422,"message":"Service \"a\" is invalid: [spec.ports: Required value, metadata.labels: Invalid value: \"-\": no, metadata.labels: Invalid value: \"_\": no]","details":{"name":"a","causes":[{"field":"spec.ports","message":"Required value"},{"field":"metadata.labels","message":"Invalid value: \"-\": no"},{"field":"metadata.labels","message":"Invalid value: \"_\": no"}]}}}`},
		"a message beside its causes": {refused, `{"accepted":false,"code":422,"status":{"kind":"Status","code":422,"message":"Service \"a\" is invalid: something","details":{"name":"a","causes":[{"field":"metadata.labels","message":"Invalid value: \"-\": no"},{"field":"metadata.labels","message":"Invalid value: \"_\": no"},{"field":"spec.ports","message":"Required value"}]}}}`},
		"an error":                    {refused, `{"error":{"reason":"BadRequest","message":"x"}}`},
	} {
		if found := Between(ranges, planted.record, differencetest.Decode(t, planted.answer)); len(found) == 0 {
			t.Errorf("%s was not found", name)
		}
	}
}

func TestGenerateIsAFunctionOfItsSeed(t *testing.T) {
	kinds := map[string]int{}
	for index := range 1000 {
		first, second := generate(3, index, nil, nil), generate(3, index, nil, nil)
		one, err := encode(first.Input)
		if err != nil {
			t.Fatal(err)
		}
		two, err := encode(second.Input)
		if err != nil {
			t.Fatal(err)
		}
		if string(one) != string(two) {
			t.Fatalf("case %d of the same seed is not the same object", index)
		}
		kinds[first.Kind]++
	}
	for _, one := range kindWeights {
		if kinds[one.kind] == 0 {
			t.Errorf("no %s in 1000 cases", one.kind)
		}
	}
}
