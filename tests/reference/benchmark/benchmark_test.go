package benchmark

import "testing"

func TestCheckFindsWhatTheServerRefuses(t *testing.T) {
	for text, want := range map[string]int{
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}`:                                 0,
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":0}]}}`:                                  2,
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"port":80}}`:                                             1,
		`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"a"}}`:                                              1,
		`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"a"},"spec":{"podSelector":{}}}`:              0,
		`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"a"},"addressType":"IPv4","endpoints":[]}`:     0,
		`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"a"},"addressType":"IPv4","endpoints":[{}]}`:   1,
		`{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"a"},"spec":{"controller":"example.com/x"}}`:   0,
		`{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"a"},"subsets":[{"addresses":[{"ip":"x"}],"ports":[{"port":80}]}]}`: 2,
	} {
		if got, err := Check([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d errors (%v), want %d", text, got, err, want)
		}
	}
}
