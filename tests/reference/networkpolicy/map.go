package networkpolicy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mattfenwick/cyclonus/pkg/connectivity/probe"
	"github.com/mattfenwick/cyclonus/pkg/generator"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Files are the objects of a folder of manifests that a map is made of.
type Files struct {
	resources *probe.Resources
	policies  []*networkingv1.NetworkPolicy
}

// ReadFiles reads every document of every file of a folder (cyclonus's own
// reader takes the first of each), and fills in what the API server would.
func ReadFiles(folder string) (*Files, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	files := &Files{resources: &probe.Resources{Namespaces: map[string]map[string]string{}}}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := files.take(text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, policy := range files.policies {
		setDefaults(policy)
	}
	return files, nil
}

func (files *Files) take(text []byte) error {
	documents := yaml.NewYAMLToJSONDecoder(bytes.NewReader(text))
	for {
		var document runtimeObject
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch document.Kind {
		case "Namespace":
			files.resources.Namespaces[document.Name] = document.Labels
		case "NetworkPolicy":
			policy := &networkingv1.NetworkPolicy{}
			if err := document.into(policy); err != nil {
				return err
			}
			files.policies = append(files.policies, policy)
		case "Pod":
			pod := &corev1.Pod{}
			if err := document.into(pod); err != nil {
				return err
			}
			files.resources.Pods = append(files.resources.Pods, probed(pod))
		}
	}
}

// A runtimeObject is a document with what tells its kind and name read.
type runtimeObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	text              []byte
}

// UnmarshalJSON keeps the text, to be read again as what it is.
func (document *runtimeObject) UnmarshalJSON(text []byte) error {
	type plain struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
	}
	var read plain
	if err := yaml.Unmarshal(text, &read); err != nil {
		return err
	}
	document.TypeMeta, document.ObjectMeta, document.text = read.TypeMeta, read.ObjectMeta, bytes.Clone(text)
	return nil
}

func (document *runtimeObject) into(object any) error { return yaml.Unmarshal(document.text, object) }

func probed(pod *corev1.Pod) *probe.Pod {
	var containers []*probe.Container
	for _, container := range pod.Spec.Containers {
		if len(container.Ports) > 0 {
			port := container.Ports[0]
			containers = append(containers, &probe.Container{Name: container.Name, Port: int(port.ContainerPort), Protocol: port.Protocol, PortName: port.Name})
		}
	}
	return probe.NewPod(pod.Namespace, pod.Name, pod.Labels, pod.Status.PodIP, containers)
}

// Probe makes the table that `cyclonus analyze --mode probe` prints: every pod
// to every pod on its ports. It gives the connections let through.
func (files *Files) Probe(out io.Writer) error {
	policies := matcher.BuildNetworkPolicies(true, files.policies)
	table := probe.NewSimulatedRunner(policies, &probe.JobBuilder{TimeoutSeconds: 10}).RunProbeForConfig(generator.ProbeAllAvailable, files.resources)
	_, err := fmt.Fprintln(out, table.RenderTable())
	return err
}

// Match asks cyclonus's matcher alone, without its table, and counts the
// connections let through.
func (files *Files) Match() int {
	policies := matcher.BuildNetworkPolicies(true, files.policies)
	allowed := 0
	for _, from := range files.resources.Pods {
		for _, to := range files.resources.Pods {
			for _, port := range to.Containers {
				result := policies.IsTrafficAllowed(&matcher.Traffic{
					Source: files.matched(from), Destination: files.matched(to),
					ResolvedPort: port.Port, ResolvedPortName: port.PortName, Protocol: port.Protocol,
				})
				if result.IsAllowed() {
					allowed++
				}
			}
		}
	}
	return allowed
}

func (files *Files) matched(pod *probe.Pod) *matcher.TrafficPeer {
	return &matcher.TrafficPeer{IP: pod.IP, Internal: &matcher.InternalPeer{PodLabels: pod.Labels, NamespaceLabels: files.resources.Namespaces[pod.Namespace], Namespace: pod.Namespace}}
}
