package ingress

import "testing"

func TestPlantedDifferencesAreFound(t *testing.T) {
	name := "s1"
	served, refused := Request{Code: 200, Service: &name}, Request{Code: 404}
	sent := Request{Code: 301, Location: "https://h/"}
	for _, one := range []struct {
		request Request
		answer  object
		differs bool
	}{
		{served, object{"matched": true, "service": object{"name": "s1", "port": 80}}, false},
		{served, object{"matched": true, "service": object{"name": "s2"}}, true},
		{served, object{"matched": false, "service": nil}, true},
		{refused, object{"matched": false, "service": nil}, false},
		{refused, object{"matched": true, "service": object{"name": "s1"}}, true},
		{sent, object{"matched": true, "redirect": object{"code": 301, "location": "https://h/"}}, false},
		{sent, object{"matched": true, "redirect": object{"code": 301, "location": "https://h:80/"}}, true},
		{sent, object{"matched": false, "service": nil}, true},
		{refused, object{"error": object{"reason": "BadRequest"}}, true},
	} {
		if found := one.request.between(one.answer); (len(found) > 0) != one.differs {
			t.Errorf("%+v: %v", one.answer, found)
		}
	}
}

func TestGenerateIsAFunctionOfItsSeed(t *testing.T) {
	for index := range 50 {
		first, second := generate(5, index), generate(5, index)
		if len(first) != len(second) || len(first) == 0 {
			t.Fatalf("%d and %d Ingresses", len(first), len(second))
		}
	}
}
