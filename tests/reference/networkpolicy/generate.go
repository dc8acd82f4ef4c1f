package networkpolicy

import (
	"fmt"
	"math/rand/v2"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A chooser draws the random decisions of one cluster.
type chooser struct{ *rand.Rand }

func (c chooser) chance(n int) bool { return c.IntN(n) == 0 }

func pick[T any](c chooser, choices ...T) T { return choices[c.IntN(len(choices))] }

// Generate makes the cluster of an index of a seed with its queries decided,
// and gives how many were dropped because the two readings differ.
func Generate(seed uint64, index int) (Record, int) {
	c := chooser{rand.New(rand.NewPCG(seed, uint64(index)))}
	record := Record{Name: fmt.Sprintf("%d-%d", seed, index), Namespaces: map[string]map[string]string{}}
	spaces := 2 + c.IntN(3)
	for number := range spaces {
		name := fmt.Sprintf("ns%d", number)
		record.Namespaces[name] = c.labels()
		record.Namespaces[name]["kubernetes.io/metadata.name"] = name
	}
	six := c.chance(4)
	for number := range 4 + c.IntN(9) {
		address := fmt.Sprintf("10.244.%d.%d", number%3, number+2)
		if six && c.chance(2) {
			address = fmt.Sprintf("fd00:244:%d::%x", number%3, number+2)
		}
		record.Pods = append(record.Pods, Pod{IP: address, Labels: c.labels(), Name: fmt.Sprintf("p%d", number), Namespace: fmt.Sprintf("ns%d", c.IntN(spaces)), Ports: c.containerPorts()})
	}
	for number := range 1 + c.IntN(7) {
		policy := &networkingv1.NetworkPolicy{
			TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("np%d", number), Namespace: fmt.Sprintf("ns%d", c.IntN(spaces))},
			Spec:       c.policy(record.Pods),
		}
		record.Policies = append(record.Policies, policy)
	}
	for range 150 {
		from, to := c.end(record.Pods), c.end(record.Pods)
		if from == to || from.IP != "" && to.IP != "" || !record.sameFamily(from, to) {
			continue
		}
		record.Queries = append(record.Queries, Query{From: from, To: to, Port: pick(c, 80, 8080, 53, 443, 79, 81, 9100), Protocol: pick(c, "TCP", "TCP", "UDP", "SCTP")})
	}
	return record, record.decide()
}

// sameFamily is true for two ends that could have a connection at all.
func (record *Record) sameFamily(from, to End) bool {
	return strings.Contains(record.peer(from).IP, ":") == strings.Contains(record.peer(to).IP, ":")
}

func (c chooser) labels() map[string]string {
	result := map[string]string{}
	for _, key := range []string{"app", "tier", "env"} {
		if c.chance(2) {
			result[key] = pick(c, "a", "b", "c", "")
		}
	}
	return result
}

func (c chooser) containerPorts() []corev1.ContainerPort {
	ports := []corev1.ContainerPort{{Name: pick(c, "http", "web"), ContainerPort: pick[int32](c, 80, 8080), Protocol: corev1.ProtocolTCP}}
	if !c.chance(4) {
		ports = append(ports, corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: pick(c, corev1.ProtocolTCP, corev1.ProtocolUDP)})
	}
	if c.chance(5) {
		ports = append(ports, corev1.ContainerPort{ContainerPort: 9100, Protocol: corev1.ProtocolTCP})
	}
	return ports
}

func (c chooser) end(pods []Pod) End {
	if c.chance(5) {
		return End{IP: pick(c, "192.0.2.1", "192.0.2.77", "192.0.2.200", "8.8.8.8", "203.0.113.5", "2001:db8::1", "2001:db8:1::9", "10.244.9.9")}
	}
	pod := pick(c, pods...)
	return End{Namespace: pod.Namespace, Pod: pod.Name}
}

func (c chooser) selector() metav1.LabelSelector {
	var selector metav1.LabelSelector
	if c.chance(4) {
		return selector
	}
	if c.chance(2) {
		selector.MatchLabels = map[string]string{pick(c, "app", "tier", "env"): pick(c, "a", "b", "c", "")}
	}
	for range c.IntN(3) {
		requirement := metav1.LabelSelectorRequirement{Key: pick(c, "app", "tier", "env", "other"), Operator: pick(c, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist)}
		if requirement.Operator == metav1.LabelSelectorOpIn || requirement.Operator == metav1.LabelSelectorOpNotIn {
			requirement.Values = pick(c, []string{"a"}, []string{"b", "a"}, []string{"c", "a"}, []string{""}, []string{"a", "b", "c"})
		}
		selector.MatchExpressions = append(selector.MatchExpressions, requirement)
	}
	return selector
}

func (c chooser) policy(pods []Pod) networkingv1.NetworkPolicySpec {
	spec := networkingv1.NetworkPolicySpec{PodSelector: c.selector()}
	if !c.chance(3) {
		spec.PolicyTypes = pick(c, []networkingv1.PolicyType{"Ingress"}, []networkingv1.PolicyType{"Egress"}, []networkingv1.PolicyType{"Ingress", "Egress"}, []networkingv1.PolicyType{"Ingress", "Egress"})
	}
	if !c.chance(3) {
		spec.Ingress = []networkingv1.NetworkPolicyIngressRule{}
		for range c.IntN(4) {
			spec.Ingress = append(spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: c.peers(pods), Ports: c.ports()})
		}
	}
	if !c.chance(3) {
		spec.Egress = []networkingv1.NetworkPolicyEgressRule{}
		for range c.IntN(4) {
			spec.Egress = append(spec.Egress, networkingv1.NetworkPolicyEgressRule{To: c.peers(pods), Ports: c.ports()})
		}
	}
	return spec
}

func (c chooser) peers(pods []Pod) []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for range c.IntN(4) {
		var peer networkingv1.NetworkPolicyPeer
		switch c.IntN(4) {
		case 0:
			peer.IPBlock = c.block(pods)
		case 1:
			selector := c.selector()
			peer.PodSelector = &selector
		case 2:
			selector := c.selector()
			peer.NamespaceSelector = &selector
		default:
			namespace, pod := c.selector(), c.selector()
			peer.NamespaceSelector, peer.PodSelector = &namespace, &pod
		}
		peers = append(peers, peer)
	}
	return peers
}

func (c chooser) block(pods []Pod) *networkingv1.IPBlock {
	switch c.IntN(7) {
	case 0:
		return &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: pick(c, nil, []string{"192.0.2.0/24"}, []string{"10.244.0.0/16", "8.8.8.8/32"})}
	case 1:
		return &networkingv1.IPBlock{CIDR: "192.0.2.0/24", Except: pick(c, nil, []string{"192.0.2.64/26"}, []string{"192.0.2.128/25", "192.0.2.0/30"})}
	case 2:
		return &networkingv1.IPBlock{CIDR: "::/0", Except: pick(c, nil, []string{"2001:db8:1::/48"}, []string{"fd00::/8"})}
	case 3:
		return &networkingv1.IPBlock{CIDR: "2001:db8::/32"}
	case 4:
		return &networkingv1.IPBlock{CIDR: "10.244.0.0/16", Except: pick(c, nil, []string{"10.244.1.0/24"})}
	default:
		address := pick(c, pods...).IP
		if len(address) > 0 && address[0] == 'f' {
			return &networkingv1.IPBlock{CIDR: address + "/128"}
		}
		return &networkingv1.IPBlock{CIDR: address + "/32"}
	}
}

func (c chooser) ports() []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for range pick(c, 0, 0, 1, 1, 2, 3) {
		var port networkingv1.NetworkPolicyPort
		if !c.chance(4) {
			protocol := pick(c, corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
			port.Protocol = &protocol
		}
		switch c.IntN(5) {
		case 0:
		case 1:
			name := intstr.FromString(pick(c, "http", "web", "dns", "nope"))
			port.Port = &name
		case 2:
			first := intstr.FromInt32(pick[int32](c, 79, 80, 53))
			last := pick[int32](c, 80, 81, 8080)
			port.Port, port.EndPort = &first, &last
		default:
			number := intstr.FromInt32(pick[int32](c, 80, 8080, 53, 443, 9100))
			port.Port = &number
		}
		ports = append(ports, port)
	}
	return ports
}
