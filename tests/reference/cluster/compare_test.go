package cluster

import (
	"testing"

	"portolan/reference/internal/difference"
	"portolan/reference/internal/difference/differencetest"
)

// A table as nft prints it: a cluster IP over two endpoints with affinity, an
// external address without a local endpoint and with source ranges.
const nftables = `{"nftables":[{"metainfo":{"json_schema_version":1}},{"table":{"family":"ip","name":"kube-proxy"}},
{"set":{"name":"affinity-A-x__10.244.0.2/80","timeout":600}},
{"map":{"name":"service-ips","elem":[[{"concat":["10.0.0.9","tcp",80]},{"goto":{"target":"service-A-x"}}],[{"concat":["192.0.2.9","tcp",80]},{"goto":{"target":"external-A-x"}}]]}},
{"map":{"name":"no-endpoint-services","elem":[[{"elem":{"val":{"concat":["192.0.2.9","tcp",80]},"comment":"x"}},{"drop":null}]]}},
{"map":{"name":"no-endpoint-nodeports","elem":[[{"elem":{"val":{"concat":["udp",30000]}}},{"goto":{"target":"reject-chain"}}]]}},
{"map":{"name":"firewall-ips","elem":[[{"concat":["192.0.2.9","tcp",80]},{"goto":{"target":"firewall-A-x"}}]]}},
{"rule":{"chain":"service-A-x","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@affinity-A-x__10.244.0.2/80"}},{"goto":{"target":"endpoint-A-x__10.244.0.2/80"}}]}},
{"rule":{"chain":"service-A-x","expr":[{"vmap":{"key":{"numgen":{"mod":2}},"data":{"set":[[0,{"goto":{"target":"endpoint-A-x__10.244.0.2/80"}}],[1,{"goto":{"target":"endpoint-B-x"}}]]}}}]}},
{"rule":{"chain":"endpoint-A-x__10.244.0.2/80","expr":[{"set":{"op":"update"}}]}},
{"rule":{"chain":"endpoint-A-x__10.244.0.2/80","expr":[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"tcp"}},{"dnat":{"addr":"10.244.0.2","port":80}}]}},
{"rule":{"chain":"endpoint-B-x","expr":[{"dnat":{"family":"ip","addr":{"map":{"key":{"numgen":{"mod":1}},"data":{"set":[[0,{"concat":["10.244.0.1",8080]}]]}}}}}]}},
{"rule":{"chain":"external-A-x","expr":[{"match":{"op":"==","left":{"fib":{"result":"type","flags":["saddr"]}},"right":"local"}},{"goto":{"target":"service-A-x"}}]}},
{"rule":{"chain":"firewall-A-x","expr":[{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"set":[{"prefix":{"addr":"203.0.113.0","len":24}},"192.0.2.9"]}}},{"drop":null}]}}]}`

func TestDecodeTable(t *testing.T) {
	rows, err := decodeTable([]byte(nftables))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"affinitySeconds":600,"client":"pod","ip":"10.0.0.9","port":80,"protocol":"TCP","to":["10.244.0.1/8080","10.244.0.2/80"]},` +
		`{"client":"external","ip":"192.0.2.9","port":80,"protocol":"TCP","to":[]},` +
		`{"ip":"192.0.2.9","port":80,"protocol":"TCP","sourceRanges":["192.0.2.9/32","203.0.113.0/24"]},` +
		`{"ip":"192.0.2.9","port":80,"protocol":"TCP","verdict":"drop"},{"nodePort":30000,"protocol":"UDP","verdict":"reject"}]`
	if got := difference.Text(rows); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

func TestBackendsAreHeldAgainstTheirRows(t *testing.T) {
	rows, err := decodeTable([]byte(nftables))
	if err != nil {
		t.Fatal(err)
	}
	expected := forwarded("n1", "IPv4", rows, nil)
	for _, one := range []struct {
		index          int
		equal, planted string
	}{
		{0, `{"verdict":"forward","to":[{"ip":"10.244.0.2","port":80},{"ip":"10.244.0.1","port":8080}],"affinitySeconds":600}`, `{"verdict":"forward","to":[{"ip":"10.244.0.2","port":80}],"affinitySeconds":600}`},
		{0, `{"verdict":"forward","to":[{"ip":"10.244.0.1","port":8080},{"ip":"10.244.0.2","port":80}],"affinitySeconds":600,"service":{}}`, `{"verdict":"forward","to":[{"ip":"10.244.0.1","port":8080},{"ip":"10.244.0.2","port":80}]}`},
		{1, `{"verdict":"drop"}`, `{"verdict":"reject"}`},
		{len(expected) - 1, `{"verdict":"reject","to":[]}`, `{"error":{"reason":"NotFound"}}`},
	} {
		if found := expected[one.index].between(differencetest.Decode(t, one.equal)); len(found) != 0 {
			t.Errorf("%s: %v", one.equal, found)
		}
		if found := expected[one.index].between(differencetest.Decode(t, one.planted)); len(found) == 0 {
			t.Errorf("%s was not found", one.planted)
		}
	}
}

func TestPublishedIsComparedWithoutOrderAndGeneratedNames(t *testing.T) {
	record := Record{EndpointSlices: []object{differencetest.Decode(t, `{"kind":"EndpointSlice","metadata":{"generateName":"a-","name":"a-x1","namespace":"default","annotations":{},"labels":{"kubernetes.io/service-name":"a"}},"endpoints":[{"addresses":["1.1.1.1"]},{"addresses":["1.1.1.2"]}],"ports":null}`).(object)}}
	expected := record.published(differencetest.Decode(t, `{"metadata":{"name":"a","namespace":"default"}}`).(object))
	same := `{"endpointSlices":[{"kind":"EndpointSlice","metadata":{"generateName":"a-","namespace":"default","labels":{"kubernetes.io/service-name":"a"}},"endpoints":[{"addresses":["1.1.1.2"]},{"addresses":["1.1.1.1"]}],"ports":[]}],"endpoints":null}`
	if found := expected.between(differencetest.Decode(t, same)); len(found) != 0 {
		t.Errorf("%v", found)
	}
	for _, planted := range []string{
		`{"endpointSlices":[],"endpoints":null}`,
		`{"endpointSlices":[{"kind":"EndpointSlice","metadata":{"generateName":"a-","namespace":"default","labels":{"kubernetes.io/service-name":"a"}},"endpoints":[{"addresses":["1.1.1.2"]}],"ports":[]}],"endpoints":null}`,
		`{"endpointSlices":[{"kind":"EndpointSlice","metadata":{"generateName":"a-","namespace":"default","labels":{"kubernetes.io/service-name":"a"}},"endpoints":[{"addresses":["1.1.1.2"]},{"addresses":["1.1.1.1"],"zone":"z"}],"ports":[]}],"endpoints":{}}`,
	} {
		if found := expected.between(differencetest.Decode(t, planted)); len(found) == 0 {
			t.Errorf("%s was not found", planted)
		}
	}
}

func TestLookupsAreCompared(t *testing.T) {
	lookup := Lookup{Name: "PTR 10.0.0.1", Type: "PTR", Status: "NOERROR", Answers: []string{"a. PTR b.", "a. PTR c."}}
	expected := lookup.expectation()
	if expected.question["name"] != "10.0.0.1" {
		t.Errorf("asked %v", expected.question)
	}
	if found := expected.between(differencetest.Decode(t, `{"status":"NOERROR","answers":["a. PTR c.","a. PTR b."]}`)); len(found) != 0 {
		t.Errorf("%v", found)
	}
	for _, planted := range []string{`{"status":"NOERROR","answers":["a. PTR b."]}`, `{"status":"NXDOMAIN","answers":["a. PTR b.","a. PTR c."]}`} {
		if found := expected.between(differencetest.Decode(t, planted)); len(found) == 0 {
			t.Errorf("%s was not found", planted)
		}
	}
}

func TestAnAddressInTwoStatesIsAmbiguous(t *testing.T) {
	record := Record{EndpointSlices: []object{differencetest.Decode(t, `{"metadata":{"namespace":"x","labels":{"kubernetes.io/service-name":"a"}},"endpoints":[{"addresses":["1.1.1.1"],"conditions":{"ready":true}},{"addresses":["1.1.1.1"],"conditions":{"ready":false}},{"addresses":["1.1.1.2"],"conditions":{"ready":true}},{"addresses":["1.1.1.2"],"conditions":{"ready":true}}]}`).(object)}}
	found := record.ambiguous()
	if !found["1.1.1.1"] || found["1.1.1.2"] {
		t.Errorf("%v", found)
	}
	if kept := withoutAddresses([]string{"1.1.1.1/80", "1.1.1.2/80"}, found); len(kept) != 1 || kept[0] != "1.1.1.2/80" {
		t.Errorf("%v", kept)
	}
}

func TestOfTwoEndpointsTheOneThatStaysCounts(t *testing.T) {
	record := Record{EndpointSlices: []object{differencetest.Decode(t, `{"metadata":{"namespace":"x","labels":{"kubernetes.io/service-name":"a"}},"endpoints":[{"addresses":["1.1.1.1"],"conditions":{"terminating":true}},{"addresses":["1.1.1.1"],"conditions":{"ready":false}},{"addresses":["1.1.1.2"],"conditions":{"terminating":true}},{"addresses":["1.1.1.2"],"conditions":{"terminating":true,"serving":true}}]}`).(object)}}
	if found := record.ambiguous(); found["1.1.1.1"] || !found["1.1.1.2"] {
		t.Errorf("%v", found)
	}
}

func TestOwnRowsAreRead(t *testing.T) {
	table, err := readTable([]byte(`{"nftables":[{"set":{"name":"cluster-ips","elem":["10.0.0.9"]}},
{"map":{"name":"service-ips","elem":[[{"concat":["192.0.2.9","tcp",80]},{"goto":{"target":"external-A-x"}}]]}},
{"rule":{"chain":"external-A-x","expr":[{"match":{"op":"==","left":{"fib":{"result":"type","flags":["saddr"]}},"right":"local"}},{"goto":{"target":"service-A-x"}}]}},
{"rule":{"chain":"service-A-x","expr":[{"dnat":{"addr":"10.244.0.2","port":80}}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := table.own()
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"client":"node","ip":"192.0.2.9","port":80,"protocol":"TCP","to":["10.244.0.2/80"]},{"ip":"10.0.0.9","protocol":"TCP","verdict":"reject"}]`
	if got := difference.Text(rows); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	firewall := []Row{{IP: "192.0.2.9", Port: 80, Protocol: "TCP", SourceRanges: []string{"203.0.113.0/24"}}}
	for _, one := range []struct {
		rows           []Row
		equal, planted string
	}{
		{nil, `{"verdict":"forward","to":[{"ip":"10.244.0.2","port":80}]}`, `{"verdict":"drop"}`},
		{firewall, `{"verdict":"drop"}`, `{"verdict":"forward","to":[{"ip":"10.244.0.2","port":80}]}`},
	} {
		expected := own("n1", "IPv4", "192.168.50.2", one.rows, rows, nil)
		if found := expected[0].between(differencetest.Decode(t, one.equal)); len(found) != 0 {
			t.Errorf("%s: %v", one.equal, found)
		}
		if found := expected[0].between(differencetest.Decode(t, one.planted)); len(found) == 0 {
			t.Errorf("%s was not found", one.planted)
		}
		if found := expected[1].between(differencetest.Decode(t, `{"verdict":"none"}`)); len(found) == 0 {
			t.Error("a missing rejection was not found")
		}
	}
}

func TestMovedHintsAreCounted(t *testing.T) {
	slice := func(first, second string) object {
		return differencetest.Decode(t, `{"metadata":{"namespace":"default","labels":{"kubernetes.io/service-name":"a","endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"}},"endpoints":[{"addresses":["1.1.1.1"],"zone":"za","hints":{"forZones":[{"name":"`+first+`"}]}},{"addresses":["1.1.1.2"],"zone":"za","hints":{"forZones":[{"name":"`+second+`"}]}}]}`).(object)
	}
	text := func(slices ...any) string { return difference.Text(neutralPublished(slices, nil)) }
	if text(slice("za", "zb")) != text(slice("zb", "za")) {
		t.Error("which endpoint is moved should not matter")
	}
	if text(slice("za", "zb")) == text(slice("zb", "zb")) || text(slice("za", "za")) == text(slice("za", "zb")) {
		t.Error("how many are moved should matter")
	}
	service := differencetest.Decode(t, `{"kind":"Service","metadata":{"name":"a","namespace":"default"},"spec":{"clusterIPs":["10.0.0.9"],"ports":[{"port":80,"nodePort":30001}]}}`).(object)
	record := Record{Objects: []object{service}, EndpointSlices: []object{slice("za", "zb")}}
	if found := record.byChance(); !found["10.0.0.9"] || !found[30001] || len(found) != 2 {
		t.Errorf("%v", found)
	}
}

func TestBareObjectsLackWhatTheServerFillsIn(t *testing.T) {
	stored := differencetest.Decode(t, `{"kind":"Service","metadata":{"name":"a"},"spec":{"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster","sessionAffinity":"None","type":"ClusterIP","ports":[{"port":80,"protocol":"TCP","targetPort":80},{"port":53,"protocol":"UDP","targetPort":5353}]},"status":{"loadBalancer":{}}}`).(object)
	want := `{"kind":"Service","metadata":{"name":"a"},"spec":{"clusterIP":"10.0.0.9","ports":[{"port":80},{"port":53,"protocol":"UDP","targetPort":5353}]},"status":{"loadBalancer":{}}}`
	if got := difference.Text(bare(stored)); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	if stored["spec"].(object)["type"] != "ClusterIP" {
		t.Error("the object itself was changed")
	}
}

func TestFullSlicesAreJoined(t *testing.T) {
	slice := func(addresses ...string) any {
		endpoints := list{}
		for _, address := range addresses {
			endpoints = append(endpoints, object{"addresses": list{address}})
		}
		return object{"metadata": object{"labels": object{"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}}, "endpoints": endpoints}
	}
	text := func(slices ...any) string { return difference.Text(neutralPublished(slices, nil)) }
	if text(slice("1", "2"), slice("3")) != text(slice("1"), slice("2", "3")) {
		t.Error("which slice an endpoint is in should not matter")
	}
	if text(slice("1", "2"), slice("3")) == text(slice("1", "2", "3")) || text(slice("1", "2"), slice("3")) == text(slice("1", "2"), slice("4")) {
		t.Error("how many are in a slice, and which in all, should matter")
	}
}
