// Package env records the environment variables that the kubelet makes of
// Services, and holds the project's `env` answers against them.
package env

import (
	"fmt"
	"math/rand/v2"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/kubelet/envvars"

	"portolan/reference/internal/command"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// A Variable is one environment variable.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Record is a list of Services and the variables made of them, in their order.
type Record struct {
	Env      []Variable        `json:"env"`
	Services []*corev1.Service `json:"services"`
}

func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }

// Generate makes the Services of an index of a seed and asks the kubelet's
// envvars.FromServices.
func Generate(seed uint64, index int) Record {
	random := rand.New(rand.NewPCG(seed, uint64(index)))
	record := Record{Env: []Variable{}, Services: []*corev1.Service{}}
	for range random.IntN(6) {
		record.Services = append(record.Services, service(random))
	}
	for _, variable := range envvars.FromServices(record.Services) {
		record.Env = append(record.Env, Variable{variable.Name, variable.Value})
	}
	return record
}

func service(random *rand.Rand) *corev1.Service {
	result := &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      pick(random, "web", "web-1", "x--y", "kubernetes", "a", "my-long-service-name", "0web", "a1b2", "foo-bar-baz", "x-"+strings.Repeat("y", random.IntN(40))+"z", "db"),
			Namespace: pick(random, "default", "team-a"),
		},
		Spec: corev1.ServiceSpec{
			Type:      pick(random, corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer),
			ClusterIP: pick(random, fmt.Sprintf("10.0.%d.%d", random.IntN(256), random.IntN(256)), fmt.Sprintf("10.0.%d.%d", random.IntN(256), random.IntN(256)), "fd00:10::7", "fd00:10::1:2", "2001:db8:0:0:1::1", "None", ""),
			Ports:     []corev1.ServicePort{},
		},
	}
	if result.Spec.ClusterIP == "None" && random.IntN(2) == 0 {
		return result
	}
	if random.IntN(12) == 0 {
		result.Spec.Type, result.Spec.ClusterIP, result.Spec.ExternalName = corev1.ServiceTypeExternalName, "", "db.example.com"
	}
	count := pick(random, 1, 1, 2, 3)
	for number := range count {
		port := corev1.ServicePort{Port: pick[int32](random, 80, 443, 53, 8080, 1, 65535, 9100), Protocol: pick(random, corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)}
		if count > 1 || random.IntN(2) == 0 {
			port.Name = fmt.Sprintf("%s%d", pick(random, "http", "web-ui-", "p", "dns-tcp-", "a-b-"), number)
		}
		result.Spec.Ports = append(result.Spec.Ports, port)
	}
	return result
}

// Compare asks the binary about every list of Services and tells where its
// variables, or their order, are not the recorded ones.
func Compare(binary string, records []Record) ([]command.Case, error) {
	questions := make([]any, len(records))
	for index, record := range records {
		questions[index] = map[string]any{"ask": "env", "services": record.Services}
	}
	answers, err := portolan.Ask(binary, nil, questions)
	if err != nil {
		return nil, err
	}
	cases := make([]command.Case, len(records))
	for index, record := range records {
		cases[index] = command.Case{Name: fmt.Sprintf("services %d", index), Asked: difference.Text(questions[index]), Differences: record.between(answers[index])}
	}
	return cases, nil
}

func (record Record) between(answer any) []difference.Difference {
	fields, isObject := answer.(map[string]any)
	if !isObject || fields["error"] != nil {
		return []difference.Difference{{Path: "answer", Want: difference.Text(record.Env), Got: difference.Text(answer)}}
	}
	given, isArray := fields["env"].([]any)
	if !isArray {
		given = []any{}
	}
	return difference.Between(difference.Plain(map[string]any{"env": record.Env}), map[string]any{"env": given})
}
