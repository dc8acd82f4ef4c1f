package cluster

import (
	"fmt"
	"strings"

	"portolan/reference/internal/difference"
)

// What Go's map order decides in the components, and is therefore no fact.

// ambiguous are the addresses that a Service has twice in different states (two
// pods in their node's network): of those that are not going away, or else of
// those that are, kube-proxy keeps the one that comes last in the slice, which
// Go's map order decides.
func (record *Record) ambiguous() map[string]bool {
	states := map[string]map[bool]map[string]bool{}
	for _, slice := range record.EndpointSlices {
		metadata := slice["metadata"].(object)
		labels, _ := metadata["labels"].(object)
		endpoints, _ := slice["endpoints"].(list)
		for _, endpoint := range endpoints {
			fields, _ := endpoint.(object)
			addresses, _ := fields["addresses"].(list)
			if len(addresses) == 0 {
				continue
			}
			conditions, _ := fields["conditions"].(object)
			going := conditions["terminating"] == true
			key := fmt.Sprint(metadata["namespace"], "/", labels["kubernetes.io/service-name"], " ", addresses[0])
			if states[key] == nil {
				states[key] = map[bool]map[string]bool{true: {}, false: {}}
			}
			states[key][going][difference.Text([]any{conditions, fields["nodeName"], fields["hints"]})] = true
		}
	}
	found := map[string]bool{}
	for key, one := range states {
		if len(one[false]) > 1 || len(one[false]) == 0 && len(one[true]) > 1 {
			_, address, _ := strings.Cut(key, " ")
			found[address] = true
		}
	}
	return found
}

// mixed are the names behind which addresses and other names stand: CoreDNS
// answers for CNAME with the first of them, which Go's map order decides.
func (record *Record) mixed() map[string]bool {
	kinds := map[string]map[string]bool{}
	for _, lookup := range record.DNS {
		for _, answer := range lookup.Answers {
			fields := strings.Fields(answer)
			if len(fields) > 2 && fields[0] == lookup.Name+"." && lookup.Type != "SRV" {
				if kinds[lookup.Name] == nil {
					kinds[lookup.Name] = map[string]bool{}
				}
				kinds[lookup.Name][fmt.Sprint(fields[1] == "CNAME")] = true
			}
		}
	}
	found := map[string]bool{}
	for name, kinds := range kinds {
		found[name] = len(kinds) > 1
	}
	return found
}

// hasMovedHints is true where the controller gave endpoints of one zone to
// another. Which ones it gives is decided by Go's map order.
func hasMovedHints(slices list) bool {
	for _, slice := range slices {
		endpoints, _ := slice.(object)["endpoints"].(list)
		for _, endpoint := range endpoints {
			fields, _ := endpoint.(object)
			hints, _ := fields["hints"].(object)
			zones, _ := hints["forZones"].(list)
			if managed(slice.(object)) && len(zones) == 1 && zones[0].(object)["name"] != fields["zone"] {
				return true
			}
		}
	}
	return false
}

// countHints puts in the place of every slice's hints how many there are for
// each zone; for more than two zones not even that is certain.
func countHints(slices list) {
	for _, slice := range slices {
		fields := slice.(object)
		counts := object{}
		endpoints, _ := fields["endpoints"].(list)
		for _, endpoint := range endpoints {
			hints, _ := endpoint.(object)["hints"].(object)
			zones, _ := hints["forZones"].(list)
			for _, zone := range zones {
				name := fmt.Sprint(zone.(object)["name"])
				count, _ := counts[name].(int)
				counts[name] = count + 1
			}
			delete(endpoint.(object), "hints")
		}
		sortByText(endpoints)
		if len(counts) <= 2 {
			fields["hints"] = counts
		}
	}
}

// byChance are the addresses and node ports of Services whose endpoints on a
// node chance decides, see [hasMovedHints]: only their number is certain.
func (record *Record) byChance() map[any]bool {
	found := map[any]bool{}
	for _, one := range record.Objects {
		if one["kind"] != "Service" || !hasMovedHints(record.slicesOf(one)) {
			continue
		}
		spec := one["spec"].(object)
		addresses, _ := spec["clusterIPs"].(list)
		for _, address := range addresses {
			found[address] = true
		}
		for _, address := range outsideAddresses(one) {
			found[address] = true
		}
		ports, _ := spec["ports"].(list)
		for _, port := range ports {
			if nodePort := port.(object)["nodePort"]; nodePort != nil {
				found[number(nodePort)] = true
			}
		}
	}
	return found
}

// counted leaves only the number of endpoints of expectations about backends.
func counted(expected []expectation, byChance map[any]bool) []expectation {
	for index := range expected {
		one := &expected[index]
		to, _ := one.question["to"].(object)
		if !byChance[to["ip"]] && !byChance[to["nodePort"]] {
			continue
		}
		count := func(answer any) any {
			result := difference.Plain(answer).(object)
			endpoints, _ := result["to"].(list)
			result["to"] = len(endpoints)
			return result
		}
		neutral := one.neutral
		one.want, one.neutral = count(one.want), func(answer object) any { return count(neutral(answer)) }
	}
	return expected
}

// joined makes one slice of several of the controller's that differ in their
// endpoints alone: which of more than a hundred goes where is chance, how many
// go where is not.
func joined(slices list) list {
	result := list{}
	alike := map[string]object{}
	for _, slice := range slices {
		fields := slice.(object)
		endpoints, _ := fields["endpoints"].(list)
		fields["endpoints"] = nil
		key := difference.Text(fields)
		fields["endpoints"], fields["sizes"] = endpoints, list{len(endpoints)}
		first, found := alike[key]
		if !found || !managed(fields) {
			alike[key] = fields
			result = append(result, fields)
			continue
		}
		first["endpoints"] = append(first["endpoints"].(list), endpoints...)
		first["sizes"] = append(first["sizes"].(list), len(endpoints))
		sortByText(first["endpoints"].(list))
		sortByText(first["sizes"].(list))
	}
	return result
}

// countAddresses are the addresses of subsets that were cut to a thousand in
// all: each in proportion, in the order of a hash with the pods' uids in it.
func countAddresses(subsets list) object {
	counts := object{}
	for _, subset := range subsets {
		for _, key := range []string{"addresses", "notReadyAddresses"} {
			addresses, _ := subset.(object)[key].(list)
			count, _ := counts[key].(int)
			counts[key] = count + len(addresses)
		}
	}
	return counts
}

// isUncertain is true for a health check node port whose Service has an
// ambiguous address.
func (record *Record) isUncertain(port int, ambiguous map[string]bool) bool {
	for _, one := range record.Objects {
		spec, _ := one["spec"].(object)
		if one["kind"] != "Service" || spec["healthCheckNodePort"] == nil || number(spec["healthCheckNodePort"]) != port {
			continue
		}
		for _, slice := range record.slicesOf(one) {
			for _, endpoint := range items(slice.(object), "endpoints") {
				addresses, _ := endpoint["addresses"].(list)
				if len(addresses) > 0 && ambiguous[fmt.Sprint(addresses[0])] {
					return true
				}
			}
		}
	}
	return false
}
