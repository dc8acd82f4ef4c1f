package cluster

import (
	"fmt"
	"strings"
)

// What a cluster holds beside the plain run of things: objects that lead the
// components into their rarer branches. A cluster has some of them, not all.

// addCorners adds Services with their hand-written Endpoints and slices that
// stand in one another's way.
func (p *plan) addCorners() {
	p.addAliases()
	p.addOrphans()
	for number := range pick(p, 1, 2, 3) {
		p.addGuarded(number)
	}
	if p.chance(2) {
		p.addNameServers()
	}
	for number := range pick(p, 1, 2, 3) {
		p.addOverwritten(number)
	}
	if p.chance(2) {
		p.addContested()
	}
	if p.chance(2) {
		p.addReused()
	}
	if p.chance(6) {
		p.addCrowd()
	}
	if p.crowd != nil {
		p.objects = append(p.objects, object{
			"apiVersion": "v1", "kind": "Service", "metadata": object{"name": "everybody", "namespace": "team-a"},
			"spec": object{"selector": object{"app": "web"}, "ports": list{object{"name": "http", "port": 80, "targetPort": "http"}, object{"name": "metrics", "port": 9100, "targetPort": "metrics"}}},
		})
	}
}

// addAliases adds ExternalName Services that stand for one another, for names
// of every kind within the cluster and for such outside of it.
func (p *plan) addAliases() {
	namespace := pick(p, namespaces...)
	inside := func(rest string) string { return rest + "." + namespace + ".svc." + domain }
	add := func(name, target string) {
		spec := object{"type": "ExternalName", "externalName": target}
		if p.chance(5) {
			spec["selector"] = object{"app": pick(p, "web", "api")}
		}
		if p.chance(5) {
			spec["ports"] = list{object{"name": "http", "port": 80}}
		}
		if p.chance(8) {
			spec["externalIPs"] = list{"198.51.100.250"}
		}
		metadata := object{"name": name, "namespace": namespace}
		p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
		if p.chance(4) {
			p.addHandWritten("both", namespace, object{"ports": list{object{"name": "http", "port": 80}}}, name)
		}
	}
	length := pick(p, 2, 3, 11, 12, 13)
	for number := range length {
		add(fmt.Sprintf("chain-%d", number), inside(fmt.Sprintf("chain-%d", number+1)))
	}
	add(fmt.Sprintf("chain-%d", length), inside(pick(p, "web", "hl", "six", "manual", "chain-0", fmt.Sprintf("chain-%d", length))))
	for number, target := range []string{
		inside("web"), inside("dual"), inside("hl"), inside("h1.hl"), inside("same.web"), inside("nobody"), "10-244-0-2." + namespace + ".pod." + domain,
		domain, "svc." + domain, namespace + ".svc." + domain, "dns-version." + domain, "nope." + domain, "2.0.244.10.in-addr.arpa",
		"x.example.com", "192.0.2.7.", "1.2.3", "chain-0." + namespace + ".svc", inside("x.alias-13"), "cluster.local.example.com",
	} {
		if p.chance(2) {
			add(fmt.Sprintf("alias-%d", number), target)
		}
	}
}

// addOrphans adds slices of Services that are not there, or that name none.
func (p *plan) addOrphans() {
	for number := range pick(p, 0, 1, 2) {
		slice := p.slice(fmt.Sprintf("orphan-%d", number), pick(p, namespaces...), pick(p, "gone", "missing"), 7+number, list{object{"name": "http", "port": 80}})
		p.objects = append(p.objects, slice)
	}
}

// addGuarded adds a load balancer whose source ranges are written in every way
// that is allowed, and hold the node or the balancer's own addresses or not.
func (p *plan) addGuarded(number int) {
	namespace, name := pick(p, namespaces...), fmt.Sprintf("guarded-%d", number)
	ranges := list{}
	for range pick(p, 1, 2, 3, 4) {
		ranges = append(ranges, pick(p, " 203.0.113.0/24", "203.0.113.0/25", "203.0.113.0/24", "203.0.113.128/25 ", "192.168.50.0/24", "192.168.50.10/31", "127.0.0.0/8", "192.0.2.0/24", "10.244.0.0/16",
			"0.0.0.0/0", "::/0", "::/16", "2001:db8:1::/48", "2001:db8:1:0::/64", "fd00:50::/64", "2001:DB8:2::/48", "0.0.0.0/1", "198.18.7.7/32"))
	}
	spec := object{
		"type": "LoadBalancer", "selector": object{"app": pick(p, "web", "api", "db")}, "ports": p.servicePorts(), "loadBalancerSourceRanges": ranges,
		"externalTrafficPolicy": pick(p, "Cluster", "Local", "Local"), "internalTrafficPolicy": pick(p, "Cluster", "Local"),
		"ipFamilyPolicy": pick(p, "SingleStack", "PreferDualStack", "PreferDualStack"),
	}
	if p.chance(2) {
		spec["sessionAffinity"] = "ClientIP"
	}
	if p.chance(3) {
		spec["publishNotReadyAddresses"] = true
	}
	if p.chance(3) {
		spec["trafficDistribution"] = pick(p, "PreferSameZone", "PreferSameNode")
	}
	four, six := fmt.Sprintf("192.0.2.%d", number+200), fmt.Sprintf("2001:db8:78::%x", number+1)
	if p.chance(2) {
		spec["externalIPs"] = list{four, fmt.Sprintf("198.51.100.%d", number+200), six}
	}
	p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": namespace}, "spec": spec})
	p.loadBalancers[namespace+"/"+name] = list{object{"ip": four, "ipMode": pick(p, "VIP", "VIP", "Proxy")}, object{"ip": six}, object{"ip": fmt.Sprintf("192.0.2.%d", number+210)}}
}

// addNameServers adds the Service of the cluster's name servers. (The addresses
// of ns.dns are not asked about: CoreDNS takes them of where it runs itself.)
func (p *plan) addNameServers() {
	spec := object{"ports": list{object{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}, object{"name": "dns-tcp", "port": 53, "targetPort": 53}}}
	spec["ipFamilyPolicy"] = pick(p, "SingleStack", "PreferDualStack")
	if p.chance(3) {
		spec["clusterIP"] = "None"
	}
	labels := object{"k8s-app": "kube-dns"}
	p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": "kube-dns", "namespace": "kube-system", "labels": labels}, "spec": spec},
		object{
			"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": object{"name": "kube-dns-1", "namespace": "kube-system", "labels": object{"kubernetes.io/service-name": "kube-dns"}},
			"addressType": "IPv4", "endpoints": list{object{"addresses": list{"10.244.0.249"}}, object{"addresses": list{"10.244.0.250"}}}, "ports": list{object{"name": "dns", "port": 53, "protocol": "UDP"}, object{"name": "dns-tcp", "port": 53}},
		})
}

// addOverwritten adds Services with Endpoints or slices of that name from
// before, which the controllers take over or leave.
func (p *plan) addOverwritten(number int) {
	namespace, name := pick(p, namespaces...), fmt.Sprintf("before-%d", number)
	spec := object{"ports": p.servicePorts()}
	if !p.chance(3) {
		spec["selector"] = object{"app": pick(p, "web", "api", "db", "nobody")}
	}
	if p.chance(4) {
		spec["clusterIP"] = "None"
	}
	if p.chance(3) {
		spec["ipFamilyPolicy"] = "PreferDualStack"
	}
	labels := object{"team": "y"}
	if p.chance(2) {
		labels[pick(p, "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by", "endpoints.kubernetes.io/managed-by", "service.kubernetes.io/headless", "endpointslice.kubernetes.io/skip-mirror")] = pick(p, "true", "me")
	}
	p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": namespace, "labels": labels}, "spec": spec})
	ports, _ := spec["ports"].(list)
	metadata := object{"name": name, "namespace": namespace, "labels": object{}, "annotations": object{"example.com/a": "b"}}
	if p.chance(2) {
		metadata["annotations"].(object)[pick(p, "endpoints.kubernetes.io/over-capacity", "control-plane.alpha.kubernetes.io/leader", "endpoints.kubernetes.io/last-change-trigger-time", "kubectl.kubernetes.io/last-applied-configuration")] = pick(p, "truncated", "2026-01-01T00:00:00Z")
	}
	if p.chance(2) {
		metadata["labels"].(object)[pick(p, "service.kubernetes.io/headless", "endpointslice.kubernetes.io/skip-mirror", "endpointslice.kubernetes.io/managed-by", "kubernetes.io/service-name", "app")] = pick(p, "true", "x", "")
	}
	if !p.chance(4) {
		p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": p.crossedSubsets(ports)})
	}
	for last := range pick(p, 0, 1, 2) {
		slice := p.slice(fmt.Sprintf("%s-x%d", name, last), namespace, name, 3+last, ports)
		slice["metadata"].(object)["labels"].(object)["endpointslice.kubernetes.io/managed-by"] = pick(p, "endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io", "me")
		p.objects = append(p.objects, slice)
	}
}

// crossedSubsets share addresses and ports: ready in one and not in another,
// with ports that are equal or differ in a name, a number or an appProtocol.
func (p *plan) crossedSubsets(ports list) list {
	if p.chance(8) {
		return list{}
	}
	subsets := list{}
	for range pick(p, 1, 2, 3, 4) {
		subset := object{"ports": handWrittenPorts(ports, pick(p, 7000, 7000, 7010))}
		for _, key := range pick(p, []string{"addresses"}, []string{"addresses", "notReadyAddresses"}, []string{"notReadyAddresses"}) {
			addresses := list{}
			for range pick(p, 1, 2, 3) {
				address := object{"ip": pick(p, "192.0.2.61", "192.0.2.62", "192.0.2.63", "2001:db8:5::61", "2001:db8:5:0::62", "2001:DB8:5::63", "2001:db8:5::63")}
				if p.chance(3) {
					address["hostname"] = pick(p, "m1", "m2")
				}
				if p.chance(3) {
					address["nodeName"] = pick(p, p.nodes...)
				}
				if p.chance(3) {
					address["targetRef"] = object{"kind": "Pod", "name": pick(p, "p0", "p1"), "namespace": "default", "uid": pick(p, "", "u1", "u2")}
				}
				addresses = append(addresses, address)
			}
			subset[key] = addresses
		}
		if p.chance(5) {
			subset["ports"] = list{object{"name": "a", "port": 7000}, object{"name": "b", "port": 7000, "appProtocol": "http"}}
		}
		if p.chance(8) {
			delete(subset, "ports")
		}
		subsets = append(subsets, subset)
	}
	return subsets
}

// addContested adds a Service without a selector over slices that hold the same
// addresses in different states, ports without a number, and labels by which
// kube-proxy or CoreDNS pass a slice over.
func (p *plan) addContested() {
	namespace, name := pick(p, namespaces...), "contested"
	spec := object{"type": pick(p, "ClusterIP", "NodePort"), "ports": p.servicePorts(), "ipFamilyPolicy": "PreferDualStack"}
	if p.chance(3) {
		spec["type"], spec["clusterIP"] = "ClusterIP", "None"
	}
	if spec["type"] == "NodePort" {
		spec["externalTrafficPolicy"] = pick(p, "Cluster", "Local")
	}
	if p.chance(2) {
		spec["internalTrafficPolicy"] = "Local"
	}
	p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": namespace}, "spec": spec})
	ports, _ := spec["ports"].(list)
	first, odd := map[string]bool{}, 0
	for number := range pick(p, 2, 3, 4) {
		place := pick(p, 0, 0, number)
		slice := p.slice(fmt.Sprintf("%s-x%d", name, number), namespace, name, place, ports)
		labels := slice["metadata"].(object)["labels"].(object)
		if p.chance(4) {
			labels[pick(p, "service.kubernetes.io/headless", "service.kubernetes.io/service-proxy-name", "endpointslice.kubernetes.io/managed-by")] = pick(p, "", "other")
		}
		if p.chance(3) {
			for _, port := range slice["ports"].(list) {
				if p.chance(2) {
					delete(port.(object), "port")
				}
			}
		}
		if p.chance(6) {
			slice["ports"] = list{}
		}
		repeated := first[fmt.Sprint(slice["addressType"], place)]
		first[fmt.Sprint(slice["addressType"], place)] = true
		for _, endpoint := range slice["endpoints"].(list) {
			p.contest(endpoint.(object), repeated, &odd)
		}
		p.objects = append(p.objects, slice)
	}
}

// contest makes an endpoint one of an address that another slice has too (then
// it is going away, for of two that stay kube-proxy takes either), or one with
// an address of an unusual form, or with several addresses or hints.
func (p *plan) contest(endpoint object, repeated bool, odd *int) {
	conditions, _ := endpoint["conditions"].(object)
	delete(conditions, "terminating")
	if repeated {
		endpoint["conditions"] = object{"ready": p.chance(4), "serving": p.chance(2), "terminating": true}
	}
	if p.chance(4) {
		endpoint["hints"] = object{"forZones": list{object{"name": "za"}, object{"name": "zb"}}, "forNodes": list{object{"name": "n1"}, object{"name": "n2"}}}
	}
	addresses := endpoint["addresses"].(list)
	switch {
	case !p.chance(4):
	case strings.Contains(addresses[0].(string), "example"):
		endpoint["addresses"] = append(addresses, "f.example.com")
	case strings.Contains(addresses[0].(string), ":"):
		forms := []string{"2001:db8:6::", "2001:DB8:6::A", "2001:db8:6:0::b", "2001:db8:6:0:0:0:0:c"}
		endpoint["addresses"] = list{forms[*odd%len(forms)]}
		*odd++
	default:
		endpoint["addresses"] = append(addresses, "192.0.2.250")
	}
}

// addReused adds pods that have an address which a pod that is going away has
// too, one on a node that is not there, and one whose phase is not known.
func (p *plan) addReused() {
	namespace, app := pick(p, namespaces...), pick(p, "web", "api", "db")
	pod := func(name, node, address, terminating, phase string) {
		status := object{"phase": phase, "podIP": address, "podIPs": list{object{"ip": address}}, "conditions": list{object{"type": "Ready", "status": "True", "lastProbeTime": nil, "lastTransitionTime": nil}}}
		spec := object{"nodeName": node, "containers": list{object{"name": "c", "image": "x", "ports": p.containerPorts()}}, "terminationGracePeriodSeconds": 100000, "subdomain": pick(p, "hl", "web"), "hostname": name}
		p.pods = append(p.pods, podPlan{object: object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name, "namespace": namespace, "labels": object{"app": app, "v": "1"}}, "spec": spec}, status: status, terminating: terminating})
	}
	pod("going", p.nodes[0], "10.244.0.240", pick(p, "before", "after"), "Running")
	pod("coming", pick(p, p.nodes...), "10.244.0.240", "", "Running")
	pod("lost", "nowhere", "10.244.9.2", "", "Running")
	pod("unknown", p.nodes[0], "10.244.0.241", "", "Unknown")
	pod("edge", p.nodes[1], "fd00:244:1::", "", "Running")
	// A pod without a zone among its endpoints takes all hints away.
	p.objects = append(p.objects, object{
		"apiVersion": "v1", "kind": "Service", "metadata": object{"name": "hinted", "namespace": namespace, "annotations": object{"service.kubernetes.io/topology-mode": "Auto"}},
		"spec": object{"selector": object{"app": app}, "ports": p.servicePorts(), "publishNotReadyAddresses": true},
	})
}

// addCrowd adds Endpoints of more addresses than are mirrored.
func (p *plan) addCrowd() {
	namespace, ports := pick(p, namespaces...), p.servicePorts()
	p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": "crowd", "namespace": namespace}, "spec": object{"ports": ports}})
	addresses := func(first, count int) list {
		result := list{}
		for number := range count {
			text := fmt.Sprintf("198.18.%d.%d", (first+number)/250, (first+number)%250+1)
			if number%7 == 3 {
				text = fmt.Sprintf("2001:db8:9::%x", first+number+1)
			}
			result = append(result, object{"ip": text})
		}
		return result
	}
	subset := object{"addresses": addresses(0, pick(p, 600, 1001)), "notReadyAddresses": addresses(1500, pick(p, 3, 450)), "ports": handWrittenPorts(ports, 7000)}
	p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Endpoints", "metadata": object{"name": "crowd", "namespace": namespace}, "subsets": list{subset}})
}
