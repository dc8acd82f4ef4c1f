package cluster

import (
	"fmt"
	"math/rand/v2"
)

// An object is a Kubernetes object as plain JSON values.
type object = map[string]any

// list is a JSON array.
type list = []any

// A plan is a generated cluster, before it is stored.
type plan struct {
	random *rand.Rand
	// objects are to be created in their order.
	objects []object
	// pods are created, then patched to a state, and some deleted.
	pods []podPlan
	// loadBalancers are the status of Services of type LoadBalancer, by
	// namespace/name.
	loadBalancers map[string]list
	nodes         []string
	zones         map[string]string
	nextAddress   map[string]int
	// crowd are the states that the pods of a crowd are ready in; none elsewhere.
	crowd []string
}

type podPlan struct {
	object object
	status object
	// terminating: before or after its status is patched, or not at all.
	terminating string
}

func (p *plan) chance(n int) bool { return p.random.IntN(n) == 0 }

func pick[T any](p *plan, choices ...T) T { return choices[p.random.IntN(len(choices))] }

var namespaces = []string{"default", "team-a", "team-b"}

// generate makes the cluster of an index of a seed.
func generate(seed uint64, index int) *plan {
	p := &plan{random: rand.New(rand.NewPCG(seed, uint64(index))), loadBalancers: map[string]list{}, zones: map[string]string{}, nextAddress: map[string]int{}}
	for _, name := range namespaces[1:] {
		p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name, "labels": object{"team": name[5:]}}})
	}
	p.addNodes()
	count := pick(p, 8, 20, 28, 30, 40, 50)
	large := p.chance(10)
	if large {
		count = 130
		if p.chance(4) {
			// More than an Endpoints object holds, ready or not.
			count, p.crowd = 1100, pick(p, []string{"True"}, []string{"True", "True", "False"})
		}
	}
	for number := range count {
		p.addPod(number, large)
	}
	p.addServices()
	p.addCorners()
	return p
}

func (p *plan) addNodes() {
	count := pick(p, 2, 3, 3, 3, 4)
	zones := pick(p, []string{"za", "za", "zb", "zb"}, []string{"za", "zb", "za", "zb"}, []string{"za", "zb", "zc", "za"}, []string{"za", "za", "za", "za"}, []string{"za", "zb", "", "zb"})
	for number := range count {
		name := fmt.Sprintf("n%d", number+1)
		labels := object{"kubernetes.io/hostname": name}
		if zones[number] != "" {
			labels["topology.kubernetes.io/zone"] = zones[number]
		}
		if number > 1 && p.chance(8) {
			labels[pick(p, "node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")] = ""
		}
		address := fmt.Sprintf("192.168.50.%d", 10+number)
		if number == 0 {
			address = "192.168.50.2"
		}
		ready := "True"
		if number > 1 && p.chance(12) {
			ready = "False"
		}
		addresses := list{object{"type": "Hostname", "address": name}, object{"type": "InternalIP", "address": address}}
		if p.chance(3) {
			addresses = append(addresses, object{"type": "InternalIP", "address": fmt.Sprintf("fd00:50::%d", 2+number)}, object{"type": "ExternalIP", "address": fmt.Sprintf("203.0.113.%d", 240+number)})
		}
		allocatable := object{"cpu": pick(p, "4", "4", "4", "2", "8", "3920m", "1500m"), "memory": "8Gi"}
		if p.chance(25) {
			allocatable["cpu"] = "0"
		}
		p.nodes = append(p.nodes, name)
		p.zones[name] = zones[number]
		p.objects = append(p.objects, object{
			"apiVersion": "v1", "kind": "Node",
			"metadata": object{"name": name, "labels": labels},
			"spec":     object{"podCIDR": fmt.Sprintf("10.244.%d.0/24", number), "podCIDRs": list{fmt.Sprintf("10.244.%d.0/24", number), fmt.Sprintf("fd00:244:%d::/64", number)}},
			"status": object{
				"addresses": addresses, "allocatable": allocatable, "capacity": object{"cpu": "8", "memory": "8Gi"},
				"conditions": list{object{"type": "Ready", "status": ready, "lastHeartbeatTime": nil, "lastTransitionTime": nil}},
			},
		})
	}
}

func (p *plan) addPod(number int, large bool) {
	namespace, app := pick(p, namespaces...), pick(p, "web", "api", "db")
	if large {
		namespace, app = "team-a", "web"
	}
	name, node := fmt.Sprintf("p%d", number), pick(p, p.nodes...)
	labels := object{"app": app, "v": pick(p, "1", "2")}
	if p.chance(20) {
		labels["topology.kubernetes.io/zone"] = "other"
	}
	container := object{"name": "c", "image": "x", "ports": p.containerPorts()}
	spec := object{"nodeName": node, "containers": list{container}, "terminationGracePeriodSeconds": 100000}
	if p.chance(8) {
		spec["containers"] = list{container, object{"name": "d", "image": "x", "ports": list{object{"name": pick(p, "admin", "http"), "containerPort": 8081}}}}
	}
	if p.chance(10) {
		sidecar := object{"name": "s", "image": "x", "ports": list{object{"name": pick(p, "http", "mesh"), "containerPort": 15001}}}
		if !p.chance(3) {
			sidecar["restartPolicy"] = "Always"
		}
		spec["initContainers"] = list{sidecar}
	}
	if p.chance(3) {
		spec["hostname"] = pick(p, fmt.Sprintf("h%d", number), "same")
	}
	if p.chance(3) {
		spec["subdomain"] = pick(p, "hl", "web", "pub", "api")
	}
	hostNetwork := p.chance(14)
	if hostNetwork {
		spec["hostNetwork"] = true
	}
	pod := podPlan{object: object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name, "namespace": namespace, "labels": labels}, "spec": spec}}
	pod.status = p.podStatus(node, hostNetwork)
	pod.terminating = pick(p, "", "", "", "", "", "", "", "before", "after")
	if p.crowd != nil {
		pod.terminating = ""
	} else if p.chance(30) {
		delete(spec, "nodeName")
		pod.status = object{"phase": "Pending"}
		pod.terminating = ""
	}
	p.pods = append(p.pods, pod)
}

func (p *plan) containerPorts() list {
	ports := list{object{"name": "http", "containerPort": pick(p, 8080, 8080, 9090)}}
	if p.chance(2) {
		ports = append(ports, object{"name": "dns", "containerPort": 53, "protocol": pick(p, "UDP", "UDP", "UDP", "TCP")})
	}
	if p.chance(3) {
		ports = append(ports, object{"name": "metrics", "containerPort": 9100})
	}
	if p.chance(10) {
		ports = append(ports, object{"name": "sctp", "containerPort": 7777, "protocol": "SCTP"})
	}
	return ports
}

func (p *plan) podStatus(node string, hostNetwork bool) object {
	status := object{
		"phase":      pick(p, "Running", "Running", "Running", "Running", "Running", "Running", "Running", "Running", "Running", "Pending", "Failed", "Succeeded", "Unknown"),
		"conditions": list{object{"type": "Ready", "status": pick(p, "True", "True", "True", "False"), "lastProbeTime": nil, "lastTransitionTime": nil}},
	}
	if p.chance(25) {
		status["conditions"] = pick(p, list{}, list{object{"type": "Ready", "status": "Unknown", "lastProbeTime": nil, "lastTransitionTime": nil}}, list{object{"type": "PodScheduled", "status": "True", "lastProbeTime": nil, "lastTransitionTime": nil}})
	}
	if p.crowd != nil {
		status["phase"] = "Running"
		status["conditions"] = list{object{"type": "Ready", "status": pick(p, p.crowd...), "lastProbeTime": nil, "lastTransitionTime": nil}}
	} else if p.chance(12) {
		return status
	}
	number := 0
	_, _ = fmt.Sscanf(node, "n%d", &number)
	if hostNetwork {
		address := fmt.Sprintf("192.168.50.%d", 9+number)
		if number == 1 {
			address = "192.168.50.2"
		}
		status["hostIP"], status["hostIPs"] = address, list{object{"ip": address}}
		status["podIP"], status["podIPs"] = address, list{object{"ip": address}}
		return status
	}
	p.nextAddress[node]++
	last := p.nextAddress[node] + 1
	four, six := fmt.Sprintf("10.%d.%d.%d", 244+last/250, number-1, last%250), fmt.Sprintf("fd00:244:%d::%x", number-1, last)
	addresses := pick(p, []string{four}, []string{four, six}, []string{four, six}, []string{six, four}, []string{six})
	if p.crowd != nil {
		addresses = []string{four}
	}
	ips := list{}
	for _, address := range addresses {
		ips = append(ips, object{"ip": address})
	}
	status["podIP"], status["podIPs"] = addresses[0], ips
	return status
}
