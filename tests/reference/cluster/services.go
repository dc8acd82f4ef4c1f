package cluster

import (
	"fmt"
)

var serviceNames = []string{"web", "api", "db", "hl", "pub", "np", "lb", "local", "sticky", "dual", "a1", "my-svc", "x-y-z", "manual", "slices", "ext", "both", "bare", "six", "empty", "a-name-of-as-many-letters-as-there-may-be-in-the-name-of-a-service"[:63]}

func (p *plan) addServices() {
	for number, name := range serviceNames {
		namespace := pick(p, namespaces...)
		service := object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": namespace}}
		switch name {
		case "ext":
			service["spec"] = object{"type": "ExternalName", "externalName": pick(p, "db.example.com", "DB.Example.com.", "10.9.9.9", "web.team-a.svc.cluster.local")}
			if p.chance(2) {
				service["spec"].(object)["ports"] = list{object{"port": 80}}
			}
		default:
			service["spec"] = p.serviceSpec(namespace, name, number)
		}
		if p.chance(6) {
			service["metadata"].(object)["annotations"] = pick(p, object{"service.kubernetes.io/topology-mode": pick(p, "Auto", "auto", "Disabled")}, object{"service.alpha.kubernetes.io/tolerate-unready-endpoints": "true"}, object{"service.kubernetes.io/topology-aware-hints": "Auto"},
				object{"service.kubernetes.io/topology-aware-hints": "auto", "service.kubernetes.io/topology-mode": "auto"}, object{"service.kubernetes.io/topology-mode": pick(p, "AUTO", "example.com/x")})
		}
		if p.chance(12) {
			service["metadata"].(object)["labels"] = pick(p, object{"service.kubernetes.io/service-proxy-name": "other"}, object{"app": "x"}, object{"service.kubernetes.io/headless": ""}, object{"endpoints.kubernetes.io/managed-by": "me"})
		}
		p.objects = append(p.objects, service)
		p.addHandWritten(name, namespace, service["spec"].(object), name)
	}
}

func (p *plan) serviceSpec(namespace, name string, number int) object {
	spec := object{"ports": p.servicePorts()}
	withoutSelector := name == "manual" || name == "slices" || name == "both" || name == "bare"
	if !withoutSelector {
		selector := object{"app": pick(p, "web", "api", "db")}
		if p.chance(4) {
			selector["v"] = pick(p, "1", "2")
		}
		if name == "empty" {
			selector = object{"app": "nobody"}
		}
		spec["selector"] = selector
	}
	switch pick(p, "single", "single", "single", "prefer", "prefer", "require", "six", "six-four") {
	case "prefer":
		spec["ipFamilyPolicy"] = "PreferDualStack"
	case "require":
		spec["ipFamilyPolicy"] = "RequireDualStack"
	case "six":
		spec["ipFamilies"] = list{"IPv6"}
	case "six-four":
		spec["ipFamilyPolicy"], spec["ipFamilies"] = "PreferDualStack", list{"IPv6", "IPv4"}
	}
	if name == "hl" || p.chance(7) {
		spec["clusterIP"] = "None"
		if p.chance(6) {
			delete(spec, "ports")
		}
	} else {
		p.exposure(spec, namespace, name, number)
	}
	if p.chance(7) {
		spec["publishNotReadyAddresses"] = true
	}
	if p.chance(5) {
		spec["trafficDistribution"] = pick(p, "PreferClose", "PreferSameZone", "PreferSameNode")
	}
	if p.chance(6) {
		spec["internalTrafficPolicy"] = "Local"
	}
	if p.chance(6) {
		spec["sessionAffinity"] = "ClientIP"
		if p.chance(2) {
			spec["sessionAffinityConfig"] = object{"clientIP": object{"timeoutSeconds": pick(p, 1, 600, 86400)}}
		}
	}
	return spec
}

// exposure opens a Service with a cluster IP to the outside, or not.
func (p *plan) exposure(spec object, namespace, name string, number int) {
	kind := pick(p, "ClusterIP", "ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer")
	if name == "np" {
		kind = "NodePort"
	}
	if name == "lb" {
		kind = "LoadBalancer"
	}
	spec["type"] = kind
	if p.chance(6) {
		spec["externalIPs"] = pick(p, list{fmt.Sprintf("198.51.100.%d", number+20)}, list{fmt.Sprintf("198.51.100.%d", number+20), fmt.Sprintf("2001:db8:99::%x", number+1)}, list{fmt.Sprintf("2001:db8:99::%x", number+1)})
	}
	_, hasExternalIPs := spec["externalIPs"]
	if kind != "ClusterIP" || hasExternalIPs {
		spec["externalTrafficPolicy"] = pick(p, "Cluster", "Cluster", "Local")
	}
	if kind != "LoadBalancer" {
		return
	}
	if p.chance(4) {
		spec["allocateLoadBalancerNodePorts"] = false
	}
	if p.chance(3) {
		spec["loadBalancerSourceRanges"] = pick(p, list{"203.0.113.0/24"}, list{"203.0.113.0/24", "192.168.50.0/24"}, list{"192.168.50.2/32"}, list{"2001:db8:1::/48"}, list{"203.0.113.0/25", "2001:db8:1::/48"}, list{"0.0.0.0/0"})
	}
	if p.chance(6) {
		return
	}
	four, six := fmt.Sprintf("192.0.2.%d", number+100), fmt.Sprintf("2001:db8:77::%x", number+1)
	p.loadBalancers[namespace+"/"+name] = pick(p,
		list{object{"ip": four}}, list{object{"ip": four, "ipMode": "VIP"}}, list{object{"ip": four, "ipMode": "Proxy"}}, list{object{"hostname": "lb.example.com"}},
		list{object{"ip": four}, object{"ip": six}}, list{object{"ip": six, "ipMode": "VIP"}}, list{object{"ip": four, "hostname": "lb.example.com"}}, list{object{"ip": four, "ipMode": "Proxy"}, object{"ip": fmt.Sprintf("192.0.2.%d", number+130)}})
}

func (p *plan) servicePorts() list {
	if p.chance(3) {
		return list{object{"port": pick(p, 80, 8080), "targetPort": pick[any](p, 8080, 9090, "http", "metrics")}}
	}
	ports := list{object{"name": "http", "port": 80, "targetPort": pick[any](p, "http", "http", 8080)}}
	if p.chance(2) {
		ports = append(ports, object{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": pick[any](p, "dns", "dns", 53, "metrics")})
	}
	if p.chance(3) {
		ports = append(ports, object{"name": "metrics", "port": 9100, "targetPort": pick[any](p, "metrics", "metrics", 9100, "nope")})
	}
	if p.chance(6) {
		ports = append(ports, object{"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53, "appProtocol": pick(p, "kubernetes.io/h2c", "http")})
	}
	if p.chance(10) {
		ports = append(ports, object{"name": "s", "port": 7, "protocol": "SCTP", "targetPort": "sctp"})
	}
	return ports
}

// addHandWritten adds Endpoints and EndpointSlices that a person wrote for the
// Service of a name, as is due to a kind of Service.
func (p *plan) addHandWritten(kind, namespace string, spec object, name string) {
	ports, _ := spec["ports"].(list)
	if kind == "manual" || kind == "both" && p.chance(2) {
		metadata := object{"name": name, "namespace": namespace}
		if p.chance(8) {
			metadata["labels"] = object{"endpointslice.kubernetes.io/skip-mirror": "true"}
		} else if p.chance(3) {
			metadata["labels"] = object{"team": "x"}
			metadata["annotations"] = object{"example.com/a": "b"}
		}
		p.objects = append(p.objects, object{"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": p.subsets(ports)})
	}
	if kind == "slices" || kind == "both" || p.chance(25) {
		for number := range pick(p, 1, 1, 2, 3) {
			p.objects = append(p.objects, p.slice(fmt.Sprintf("%s-x%d", name, number+1), namespace, name, number, ports))
		}
	}
}

func (p *plan) subsets(ports list) list {
	subsets := list{}
	for number := range pick(p, 1, 1, 2) {
		addresses := list{object{"ip": fmt.Sprintf("192.0.2.%d", 10+10*number)}, object{"ip": fmt.Sprintf("192.0.2.%d", 11+10*number), "hostname": "m1"}}
		if p.chance(3) {
			addresses = append(addresses, object{"ip": fmt.Sprintf("2001:db8:5::%d", number+1)})
		}
		if p.chance(3) {
			addresses[0].(object)["nodeName"] = pick(p, p.nodes...)
		}
		if p.chance(4) {
			addresses[0].(object)["targetRef"] = object{"kind": "Pod", "name": "p0", "namespace": "default"}
		}
		subset := object{"addresses": addresses, "ports": handWrittenPorts(ports, 7000+10*number)}
		if p.chance(2) {
			subset["notReadyAddresses"] = list{object{"ip": fmt.Sprintf("192.0.2.%d", 12+10*number)}}
		}
		if p.chance(10) {
			delete(subset, "ports")
		}
		subsets = append(subsets, subset)
	}
	return subsets
}

// handWrittenPorts are named as the Service's ports, with numbers of their own.
func handWrittenPorts(ports list, first int) list {
	result := list{}
	for index, port := range ports {
		copied := object{"port": first + index}
		for _, key := range []string{"name", "protocol", "appProtocol"} {
			if value, found := port.(object)[key]; found {
				copied[key] = value
			}
		}
		result = append(result, copied)
	}
	return result
}

func (p *plan) slice(name, namespace, service string, number int, ports list) object {
	family := pick(p, "IPv4", "IPv4", "IPv4", "IPv6", "FQDN")
	address := func(last int) string {
		switch family {
		case "IPv6":
			return fmt.Sprintf("2001:db8:6::%x", 20*(number+1)+last)
		case "FQDN":
			return fmt.Sprintf("e%d.example.com", last)
		}
		return fmt.Sprintf("192.0.2.%d", 20*(number+1)+last)
	}
	endpoints := list{}
	for last := range pick(p, 1, 3, 3, 5) {
		endpoint := object{"addresses": list{address(last)}}
		if p.chance(2) {
			conditions := object{}
			for _, condition := range []string{"ready", "serving", "terminating"} {
				if p.chance(2) {
					conditions[condition] = pick(p, true, true, false)
				}
			}
			endpoint["conditions"] = conditions
		}
		if p.chance(3) {
			node := pick(p, p.nodes...)
			endpoint["nodeName"] = node
			if p.zones[node] != "" {
				endpoint["zone"] = p.zones[node]
			}
		}
		if p.chance(4) {
			endpoint["hostname"] = fmt.Sprintf("s%d", last)
		}
		if p.chance(3) {
			endpoint["hints"] = object{"forZones": list{object{"name": pick(p, "za", "zb")}}}
			if p.chance(3) {
				endpoint["hints"].(object)["forNodes"] = list{object{"name": pick(p, p.nodes...)}}
			}
		}
		endpoints = append(endpoints, endpoint)
	}
	slice := object{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
		"metadata":    object{"name": name, "namespace": namespace, "labels": object{"kubernetes.io/service-name": service}},
		"addressType": family, "endpoints": endpoints, "ports": handWrittenPorts(ports, 7000),
	}
	if p.chance(15) {
		slice["ports"] = list{object{"port": 7005}}
	}
	return slice
}
