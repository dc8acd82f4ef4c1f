package env

import (
	"math/rand/v2"
	"testing"

	"portolan/reference/internal/difference"
	"portolan/reference/internal/difference/differencetest"
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

func TestFilesOfPodsAreCompared(t *testing.T) {
	files := Files{
		Env: []Variable{{"A", "1"}, {"B", "2"}}, Hosts: "x", Nameservers: []string{"10.0.0.10"}, Searches: []string{"a.b"}, Options: []string{"edns0", "ndots:5"},
		Hostname: "failed to construct FQDN", Warnings: []string{"Warning DNSConfigForming Nameserver limits"},
	}
	pod := object{"spec": object{}}
	environment := `{"env":[{"name":"B","value":"2"},{"name":"A","value":"1"}]}`
	same := `{"hosts":"x","resolvConf":"search a.b\nnameserver 10.0.0.10\noptions ndots:5 edns0\n","warnings":["failed to construct FQDN","DNSConfigForming: Nameserver limits"]}`
	if found := files.between(pod, differencetest.Decode(t, environment), differencetest.Decode(t, same)); len(found) != 0 {
		t.Errorf("%v", found)
	}
	for _, planted := range [][2]string{
		{`{"env":[{"name":"A","value":"1"}]}`, same},
		{`{"error":{"reason":"NotFound"}}`, same},
		{environment, `{"hosts":"y","resolvConf":"search a.b\nnameserver 10.0.0.10\noptions ndots:5 edns0\n","warnings":["failed to construct FQDN","DNSConfigForming: Nameserver limits"]}`},
		{environment, `{"hosts":"x","resolvConf":"search a.b\nnameserver 10.0.0.10\noptions ndots:5\n","warnings":["failed to construct FQDN","DNSConfigForming: Nameserver limits"]}`},
		{environment, `{"hosts":"x","resolvConf":"search a.b\nnameserver 10.0.0.10\noptions ndots:5 edns0\n","hostname":"p","warnings":["DNSConfigForming: Nameserver limits"]}`},
	} {
		if found := files.between(pod, differencetest.Decode(t, planted[0]), differencetest.Decode(t, planted[1])); len(found) == 0 {
			t.Errorf("%v was not found", planted)
		}
	}
}

func TestNodesAreAFunctionOfTheSeed(t *testing.T) {
	node := func(seed uint64) string { return difference.Text(generateNode(rand.New(rand.NewPCG(seed, 1)))) }
	if node(1) != node(1) || node(1) == node(2) {
		t.Error("the same seed should make the same node, and another one another")
	}
}
