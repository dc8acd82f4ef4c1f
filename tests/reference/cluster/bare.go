package cluster

import (
	"fmt"
	"strings"

	"portolan/reference/internal/difference"
)

// bare is an object as a person writes it, without what the server fills in:
// what it says is the same.
func bare(one object) object {
	result := difference.Plain(one).(object)
	spec, _ := result["spec"].(object)
	status, _ := result["status"].(object)
	switch result["kind"] {
	case "Service":
		for key, value := range map[string]string{"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster", "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": "true"} {
			dropDefault(spec, key, value)
		}
		dropDefault(spec, "sessionAffinityConfig", "map[clientIP:map[timeoutSeconds:10800]]")
		dropDefault(spec, "clusterIPs", fmt.Sprint(list{spec["clusterIP"]}))
		families, selected := fmt.Sprint(spec["ipFamilies"]), spec["selector"] != nil
		// The addresses tell the families; without any it is the cluster's first, or both where nobody tells of the endpoints.
		if spec["clusterIP"] != "None" || selected && families == "[IPv4]" || !selected && families == "[IPv4 IPv6]" {
			delete(spec, "ipFamilies")
			delete(spec, "ipFamilyPolicy")
		}
		for _, port := range items(spec, "ports") {
			dropDefault(port, "protocol", "TCP")
			dropDefault(port, "targetPort", fmt.Sprint(port["port"]))
		}
		balancer, _ := status["loadBalancer"].(object)
		for _, ingress := range items(balancer, "ingress") {
			dropDefault(ingress, "ipMode", "VIP")
		}
	case "Pod":
		for _, kind := range []string{"containers", "initContainers"} {
			for _, container := range items(spec, kind) {
				for _, port := range items(container, "ports") {
					dropDefault(port, "protocol", "TCP")
				}
			}
		}
		if addresses, _ := status["podIPs"].(list); len(addresses) == 1 {
			delete(status, "podIPs")
		}
	case "Endpoints":
		for _, subset := range items(result, "subsets") {
			for _, port := range items(subset, "ports") {
				dropDefault(port, "protocol", "TCP")
			}
		}
	case "EndpointSlice":
		for _, port := range items(result, "ports") {
			dropDefault(port, "protocol", "TCP")
			dropDefault(port, "name", "")
		}
	}
	return result
}

func dropDefault(fields object, key, value string) {
	if known, found := fields[key]; found && fmt.Sprint(known) == value {
		delete(fields, key)
	}
}

// items are the objects of a list that a field holds.
func items(fields object, key string) []object {
	var found []object
	values, _ := fields[key].(list)
	for _, value := range values {
		if one, isObject := value.(object); isObject {
			found = append(found, one)
		}
	}
	return found
}

// fill puts the defaults of ports into what somebody wrote and is told again as
// it stands.
func fill(answer any) any {
	result := difference.Plain(answer)
	fields, _ := result.(object)
	var ports []object
	for _, slice := range items(fields, "endpointSlices") {
		for _, port := range items(slice, "ports") {
			if _, named := port["name"]; !named {
				port["name"] = ""
			}
			ports = append(ports, port)
		}
	}
	endpoints, _ := fields["endpoints"].(object)
	for _, subset := range items(endpoints, "subsets") {
		ports = append(ports, items(subset, "ports")...)
	}
	for _, port := range ports {
		if _, told := port["protocol"]; !told {
			port["protocol"] = "TCP"
		}
	}
	return result
}

// bareInput is the input without what the server fills in.
func (record *Record) bareInput() []object {
	var objects []object
	for _, one := range record.input() {
		objects = append(objects, bare(one))
	}
	return objects
}

// barely are the expectations of the bare input: the same answers.
func barely(expected []expectation) []expectation {
	var result []expectation
	for _, one := range expected {
		neutral := one.neutral
		if strings.HasPrefix(one.name, "endpoints ") {
			one.neutral = func(answer object) any { return neutral(fill(answer).(object)) }
		}
		one.name = "bare: " + one.name
		result = append(result, one)
	}
	return result
}
