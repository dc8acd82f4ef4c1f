// Package networkpolicy records which connections NetworkPolicies let through,
// and holds the project's `verdict` answers against it. The truth is what the
// matcher of cyclonus v0.5.6 and a plain reading of the API documentation agree
// on: cyclonus takes NotIn for "the key is there and has another value", which
// it is not, and that reading has no name to it but ours.
package networkpolicy

import (
	"net/netip"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Record is a cluster and the connections asked about, as the shared vectors
// write it.
type Record struct {
	Name       string                        `json:"name,omitempty"`
	Namespaces map[string]map[string]string  `json:"namespaces"`
	Pods       []Pod                         `json:"pods"`
	Policies   []*networkingv1.NetworkPolicy `json:"policies"`
	Queries    []Query                       `json:"queries"`
}

// Pod is a pod of the cluster.
type Pod struct {
	IP        string                 `json:"ip"`
	Labels    map[string]string      `json:"labels"`
	Name      string                 `json:"name"`
	Namespace string                 `json:"namespace"`
	Ports     []corev1.ContainerPort `json:"ports"`
}

// End is one end of a connection: a pod, or an address outside the cluster.
type End struct {
	IP        string `json:"ip,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
}

// Query is a connection and whether it is let out, in, and through.
type Query struct {
	Allowed  bool   `json:"allowed"`
	Egress   bool   `json:"egress"`
	From     End    `json:"from"`
	Ingress  bool   `json:"ingress"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
	To       End    `json:"to"`
}

// decide fills in every query and drops those that the two readings differ on.
// It gives the number dropped.
func (record *Record) decide() int {
	for _, policy := range record.Policies {
		setDefaults(policy)
	}
	compiled := matcher.BuildNetworkPolicies(false, record.Policies)
	kept := record.Queries[:0]
	for _, query := range record.Queries {
		if record.agree(compiled, &query) {
			kept = append(kept, query)
		}
	}
	dropped := len(record.Queries) - len(kept)
	record.Queries = kept
	return dropped
}

// setDefaults fills in what the API server does: the policy types and TCP.
func setDefaults(policy *networkingv1.NetworkPolicy) {
	if len(policy.Spec.PolicyTypes) == 0 {
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Spec.Egress) > 0 {
			policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	setProtocols := func(ports []networkingv1.NetworkPolicyPort) {
		for index := range ports {
			if ports[index].Protocol == nil {
				tcp := corev1.ProtocolTCP
				ports[index].Protocol = &tcp
			}
		}
	}
	for _, rule := range policy.Spec.Ingress {
		setProtocols(rule.Ports)
	}
	for _, rule := range policy.Spec.Egress {
		setProtocols(rule.Ports)
	}
}

// agree asks both readings. cyclonus panics on what it cannot read, which is no
// answer.
func (record *Record) agree(compiled *matcher.Policy, query *Query) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	result := compiled.IsTrafficAllowed(&matcher.Traffic{
		Source: record.peer(query.From), Destination: record.peer(query.To),
		ResolvedPort: query.Port, ResolvedPortName: record.portName(*query), Protocol: corev1.Protocol(query.Protocol),
	})
	query.Egress, query.Ingress = result.Egress.IsAllowed(), result.Ingress.IsAllowed()
	query.Allowed = query.Egress && query.Ingress
	return record.allows(query.From, query.To, *query, networkingv1.PolicyTypeEgress) == query.Egress &&
		record.allows(query.To, query.From, *query, networkingv1.PolicyTypeIngress) == query.Ingress
}

func (record *Record) pod(end End) *Pod {
	for index := range record.Pods {
		if end.IP == "" && record.Pods[index].Namespace == end.Namespace && record.Pods[index].Name == end.Pod {
			return &record.Pods[index]
		}
	}
	return nil
}

func (record *Record) peer(end End) *matcher.TrafficPeer {
	pod := record.pod(end)
	if pod == nil {
		return &matcher.TrafficPeer{IP: end.IP}
	}
	return &matcher.TrafficPeer{IP: pod.IP, Internal: &matcher.InternalPeer{PodLabels: pod.Labels, NamespaceLabels: record.Namespaces[pod.Namespace], Namespace: pod.Namespace}}
}

// portName is the name that the destination pod has for the port.
func (record *Record) portName(query Query) string {
	if pod := record.pod(query.To); pod != nil {
		for _, port := range pod.Ports {
			if int(port.ContainerPort) == query.Port && string(port.Protocol) == query.Protocol {
				return port.Name
			}
		}
	}
	return ""
}

// allows is the documentation of networking.k8s.io/v1 read plainly: a pod that
// no policy of the direction selects is open; one that is selected lets through
// what any rule of any such policy allows.
func (record *Record) allows(subject, other End, query Query, direction networkingv1.PolicyType) bool {
	pod := record.pod(subject)
	if pod == nil {
		return true
	}
	isolated := false
	for _, policy := range record.Policies {
		if policy.Namespace != pod.Namespace || !selects(&policy.Spec.PodSelector, pod.Labels) || !hasType(policy, direction) {
			continue
		}
		isolated = true
		if direction == networkingv1.PolicyTypeIngress {
			for _, rule := range policy.Spec.Ingress {
				if record.anyPeer(rule.From, policy.Namespace, other) && record.anyPort(rule.Ports, query) {
					return true
				}
			}
			continue
		}
		for _, rule := range policy.Spec.Egress {
			if record.anyPeer(rule.To, policy.Namespace, other) && record.anyPort(rule.Ports, query) {
				return true
			}
		}
	}
	return !isolated
}

func hasType(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	for _, one := range policy.Spec.PolicyTypes {
		if one == direction {
			return true
		}
	}
	return false
}

func selects(selector *metav1.LabelSelector, of map[string]string) bool {
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && compiled.Matches(labels.Set(of))
}

func (record *Record) anyPeer(peers []networkingv1.NetworkPolicyPeer, namespace string, other End) bool {
	if len(peers) == 0 {
		return true
	}
	pod, address := record.pod(other), other.IP
	if pod != nil {
		address = pod.IP
	}
	for _, peer := range peers {
		switch {
		case peer.IPBlock != nil:
			if inBlock(peer.IPBlock, address) {
				return true
			}
		case pod == nil:
		case peer.NamespaceSelector == nil:
			if pod.Namespace == namespace && selects(peer.PodSelector, pod.Labels) {
				return true
			}
		case selects(peer.NamespaceSelector, record.Namespaces[pod.Namespace]):
			if peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels) {
				return true
			}
		}
	}
	return false
}

func inBlock(block *networkingv1.IPBlock, text string) bool {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	contains := func(cidr string) bool {
		prefix, err := netip.ParsePrefix(cidr)
		return err == nil && prefix.Contains(address)
	}
	if !contains(block.CIDR) {
		return false
	}
	for _, except := range block.Except {
		if contains(except) {
			return false
		}
	}
	return true
}

func (record *Record) anyPort(ports []networkingv1.NetworkPolicyPort, query Query) bool {
	if len(ports) == 0 {
		return true
	}
	for _, port := range ports {
		protocol := corev1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		if string(protocol) != query.Protocol {
			continue
		}
		switch {
		case port.Port == nil:
			return true
		case port.Port.Type == intstr.String:
			if port.Port.StrVal == record.portName(query) && port.Port.StrVal != "" {
				return true
			}
		case port.EndPort != nil:
			if query.Port >= int(port.Port.IntVal) && query.Port <= int(*port.EndPort) {
				return true
			}
		case int(port.Port.IntVal) == query.Port:
			return true
		}
	}
	return false
}
