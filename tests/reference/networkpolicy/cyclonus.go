package networkpolicy

import (
	"fmt"
	"maps"
	"strings"

	"github.com/mattfenwick/cyclonus/pkg/generator"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Cyclonus gives a record for every step of cyclonus's own generated cases
// (what `cyclonus generate --exclude ”` runs): pods a, b and c in the
// namespaces x, y and z, and every connection between them on its ports. The
// second number is how many queries the two readings differ on.
func Cyclonus() ([]Record, int) {
	cases := generator.NewTestCaseGenerator(true, "192.168.1.9", []string{"x", "y", "z"}, nil, nil).GenerateTestCases()
	var records []Record
	dropped := 0
	for number, one := range cases {
		state := startOfCase()
		for step, actions := range one.Steps {
			for _, action := range actions.Actions {
				state.apply(action)
			}
			record := state.record(fmt.Sprintf("cyclonus case %d step %d: %s", number+1, step+1, one.Description))
			dropped += record.decide()
			records = append(records, record)
		}
	}
	return records, dropped
}

// A state is what the actions of a case have made of the cluster.
type state struct {
	namespaces map[string]map[string]string
	pods       []Pod
	policies   []*networkingv1.NetworkPolicy
}

func startOfCase() *state {
	result := &state{namespaces: map[string]map[string]string{}}
	for _, namespace := range []string{"x", "y", "z"} {
		result.namespaces[namespace] = map[string]string{"ns": namespace}
		for _, pod := range []string{"a", "b", "c"} {
			result.addPod(namespace, pod, map[string]string{"pod": pod})
		}
	}
	return result
}

func (s *state) addPod(namespace, name string, labels map[string]string) {
	var ports []corev1.ContainerPort
	for _, number := range []int32{80, 81} {
		for _, protocol := range []corev1.Protocol{"TCP", "UDP", "SCTP"} {
			ports = append(ports, corev1.ContainerPort{Name: fmt.Sprintf("serve-%d-%s", number, strings.ToLower(string(protocol))), ContainerPort: number, Protocol: protocol})
		}
	}
	s.pods = append(s.pods, Pod{IP: fmt.Sprintf("192.168.1.%d", len(s.pods)+1), Labels: labels, Name: name, Namespace: namespace, Ports: ports})
}

func (s *state) apply(action *generator.Action) {
	switch {
	case action.CreatePolicy != nil:
		s.policies = append(s.policies, action.CreatePolicy.Policy)
	case action.UpdatePolicy != nil:
		s.dropPolicy(action.UpdatePolicy.Policy.Namespace, action.UpdatePolicy.Policy.Name)
		s.policies = append(s.policies, action.UpdatePolicy.Policy)
	case action.DeletePolicy != nil:
		s.dropPolicy(action.DeletePolicy.Namespace, action.DeletePolicy.Name)
	case action.CreateNamespace != nil:
		s.namespaces[action.CreateNamespace.Namespace] = action.CreateNamespace.Labels
	case action.SetNamespaceLabels != nil:
		s.namespaces[action.SetNamespaceLabels.Namespace] = action.SetNamespaceLabels.Labels
	case action.DeleteNamespace != nil:
		delete(s.namespaces, action.DeleteNamespace.Namespace)
		s.keepPods(func(pod Pod) bool { return pod.Namespace != action.DeleteNamespace.Namespace })
	case action.CreatePod != nil:
		s.addPod(action.CreatePod.Namespace, action.CreatePod.Pod, action.CreatePod.Labels)
	case action.SetPodLabels != nil:
		for index, pod := range s.pods {
			if pod.Namespace == action.SetPodLabels.Namespace && pod.Name == action.SetPodLabels.Pod {
				s.pods[index].Labels = action.SetPodLabels.Labels
			}
		}
	case action.DeletePod != nil:
		s.keepPods(func(pod Pod) bool {
			return pod.Namespace != action.DeletePod.Namespace || pod.Name != action.DeletePod.Pod
		})
	}
}

func (s *state) keepPods(keep func(Pod) bool) {
	var kept []Pod
	for _, pod := range s.pods {
		if keep(pod) {
			kept = append(kept, pod)
		}
	}
	s.pods = kept
}

func (s *state) dropPolicy(namespace, name string) {
	var kept []*networkingv1.NetworkPolicy
	for _, policy := range s.policies {
		if policy.Namespace != namespace || policy.Name != name {
			kept = append(kept, policy)
		}
	}
	s.policies = kept
}

func (s *state) record(name string) Record {
	record := Record{Name: name, Namespaces: maps.Clone(s.namespaces), Pods: append([]Pod{}, s.pods...)}
	for namespace, labels := range record.Namespaces {
		// The API server gives every namespace this label; cyclonus's own model
		// of a cluster does not.
		labelled := maps.Clone(labels)
		labelled["kubernetes.io/metadata.name"] = namespace
		record.Namespaces[namespace] = labelled
	}
	for _, policy := range s.policies {
		copied := policy.DeepCopy()
		copied.TypeMeta = metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}
		record.Policies = append(record.Policies, copied)
	}
	for _, from := range s.pods {
		for _, to := range s.pods {
			if from.Namespace == to.Namespace && from.Name == to.Name {
				continue
			}
			for _, port := range to.Ports {
				record.Queries = append(record.Queries, Query{From: End{Namespace: from.Namespace, Pod: from.Name}, To: End{Namespace: to.Namespace, Pod: to.Name}, Port: int(port.ContainerPort), Protocol: string(port.Protocol)})
			}
		}
	}
	return record
}
