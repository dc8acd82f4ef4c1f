package networkpolicy

import (
	"fmt"
	"sort"

	"portolan/reference/internal/command"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// Compare asks the binary every query of the record and tells where its
// verdicts are not the recorded ones.
func Compare(binary string, record Record) ([]command.Case, error) {
	objects := record.objects()
	questions := make([]any, len(record.Queries))
	for index, query := range record.Queries {
		questions[index] = map[string]any{"ask": "verdict", "from": query.From, "to": query.To, "port": query.Port, "protocol": query.Protocol}
	}
	answers, err := portolan.AskOf(binary, objects, nil, questions)
	if err != nil {
		return nil, err
	}
	cases := make([]command.Case, len(record.Queries))
	for index, query := range record.Queries {
		differences := query.between(answers[index])
		cases[index] = command.Case{Name: fmt.Sprintf("%s query %d", record.Name, index), Differences: differences}
		if len(differences) > 0 {
			cases[index].Asked = difference.Text(questions[index]) + " of " + difference.Text(objects)
		}
	}
	return cases, nil
}

func (query Query) between(answer any) []difference.Difference {
	fields, isObject := answer.(map[string]any)
	want := map[string]any{"allowed": query.Allowed, "egress": query.Egress, "ingress": query.Ingress}
	if !isObject || fields["error"] != nil {
		return []difference.Difference{{Path: "answer", Want: difference.Text(want), Got: difference.Text(answer)}}
	}
	got := map[string]any{"allowed": fields["allowed"], "egress": fields["egress"], "ingress": fields["ingress"]}
	return difference.Between(want, got)
}

// objects are the cluster as Kubernetes objects.
func (record *Record) objects() []any {
	var objects []any
	names := make([]string, 0, len(record.Namespaces))
	for name := range record.Namespaces {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		objects = append(objects, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": record.Namespaces[name]}})
	}
	for _, pod := range record.Pods {
		objects = append(objects, map[string]any{
			"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": pod.Name, "namespace": pod.Namespace, "labels": pod.Labels},
			"spec":   map[string]any{"nodeName": "n1", "containers": []any{map[string]any{"name": "c", "image": "x", "ports": pod.Ports}}},
			"status": map[string]any{"phase": "Running", "podIP": pod.IP, "podIPs": []any{map[string]any{"ip": pod.IP}}},
		})
	}
	for _, policy := range record.Policies {
		objects = append(objects, policy)
	}
	return objects
}
