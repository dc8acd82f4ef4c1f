package cluster

import (
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"

	"portolan/reference/internal/command"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// An expectation is a question with the answer that the real components gave,
// in neutral form, and how the project's answer is made neutral.
type expectation struct {
	name     string
	question object
	want     any
	neutral  func(answer object) any
}

// Compare asks the binary everything that the record tells and says where its
// answers are not the recorded ones: of the objects as they were stored, then of
// the same without what the server fills in.
func Compare(binary string, record Record) ([]command.Case, error) {
	expected := record.expectations()
	cases, err := record.compare(binary, record.input(), expected)
	if err != nil {
		return nil, err
	}
	again, err := record.compare(binary, record.bareInput(), barely(expected))
	return append(cases, again...), err
}

func (record *Record) compare(binary string, input []object, expected []expectation) ([]command.Case, error) {
	questions := make([]any, len(expected))
	for index, one := range expected {
		questions[index] = one.question
	}
	answers, err := portolan.AskOf(binary, input, []string{"--service-cluster-ip-range", "10.0.0.0/16,fd00:10::/108"}, questions)
	if err != nil {
		return nil, err
	}
	cases := make([]command.Case, len(expected))
	for index, one := range expected {
		cases[index] = command.Case{Name: record.Seed + " " + one.name, Asked: difference.Text(one.question), Differences: one.between(answers[index])}
	}
	return cases, nil
}

func (one *expectation) between(answer any) []difference.Difference {
	fields, isObject := answer.(object)
	if !isObject || fields["error"] != nil {
		return []difference.Difference{{Path: "answer", Want: difference.Text(one.want), Got: difference.Text(answer)}}
	}
	return difference.Between(difference.Plain(one.want), difference.Plain(one.neutral(fields)))
}

// managed are the labels by which the controllers mark what is theirs.
func managed(one object) bool {
	labels, _ := one["metadata"].(object)["labels"].(object)
	switch labels["endpointslice.kubernetes.io/managed-by"] {
	case "endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io":
		return true
	}
	return labels["endpoints.kubernetes.io/managed-by"] == "endpoint-controller"
}

// input is the cluster as a person would have written it: without what the
// controllers published.
func (record *Record) input() []object {
	input := append(append([]object{}, record.Objects...), record.Written...)
	if record.Written != nil {
		return input
	}
	for _, published := range [][]object{record.Endpoints, record.EndpointSlices} {
		for _, one := range published {
			if !managed(one) {
				input = append(input, one)
			}
		}
	}
	return input
}

func (record *Record) expectations() []expectation {
	var expected []expectation
	for _, one := range record.Objects {
		if one["kind"] == "Service" {
			expected = append(expected, record.published(one))
		}
	}
	ambiguous, byChance := record.ambiguous(), record.byChance()
	nodes := make([]string, 0, len(record.Proxy))
	for node := range record.Proxy {
		nodes = append(nodes, node)
	}
	sort.Strings(nodes)
	for _, node := range nodes {
		for _, family := range []string{"IPv4", "IPv6"} {
			rows := record.Proxy[node][family]
			expected = append(expected, counted(forwarded(node, family, rows, ambiguous), byChance)...)
			expected = append(expected, counted(own(node, family, record.addressOf(node, family), rows, record.ProxyOwn[node][family], ambiguous), byChance)...)
		}
		for _, health := range record.Health[node] {
			if record.isUncertain(health.Port, ambiguous) {
				continue
			}
			expected = append(expected, health.expectation(node))
		}
		expected = append(expected, record.unhandled(node)...)
	}
	mixed := record.mixed()
	for _, lookup := range record.DNS {
		if lookup.Type != "CNAME" || !mixed[lookup.Name] {
			expected = append(expected, lookup.expectation())
		}
	}
	return expected
}

// published expects the slices and the Endpoints of a Service.
func (record *Record) published(service object) expectation {
	metadata := service["metadata"].(object)
	slices, endpoints := record.slicesOf(service), any(nil)
	for _, one := range record.Endpoints {
		if key(one) == key(service) {
			endpoints = one
		}
	}
	question := object{"ask": "endpoints", "service": object{"namespace": metadata["namespace"], "name": metadata["name"]}}
	return expectation{"endpoints " + key(service), question, neutralPublished(slices, endpoints), func(answer object) any {
		slices, _ := answer["endpointSlices"].(list)
		return neutralPublished(slices, answer["endpoints"])
	}}
}

func (record *Record) slicesOf(service object) list {
	metadata, slices := service["metadata"].(object), list{}
	for _, slice := range record.EndpointSlices {
		labels, _ := slice["metadata"].(object)["labels"].(object)
		if labels["kubernetes.io/service-name"] == metadata["name"] && slice["metadata"].(object)["namespace"] == metadata["namespace"] {
			slices = append(slices, slice)
		}
	}
	return slices
}

// neutralPublished sorts what has no order (slices, the endpoints and ports in
// one; subsets, which Kubernetes orders by a hash that the pods' uids go into)
// and takes out generated names.
func neutralPublished(slices list, endpoints any) any {
	result := list{}
	for _, slice := range slices {
		fields := difference.Plain(slice).(object)
		settle(fields)
		if metadata, isObject := fields["metadata"].(object); isObject {
			if _, generated := metadata["generateName"]; generated {
				delete(metadata, "name")
			}
			if labels, _ := metadata["labels"].(object); labels["endpointslice.kubernetes.io/managed-by"] == "endpointslicemirroring-controller.k8s.io" {
				// The controller takes over what bears its label, with its name.
				delete(metadata, "name")
				delete(metadata, "generateName")
			}
			dropEmpty(metadata, "annotations")
		}
		for _, key := range []string{"endpoints", "ports"} {
			items, _ := fields[key].(list)
			if items == nil {
				items = list{}
			}
			sortByText(items)
			fields[key] = items
		}
		result = append(result, fields)
	}
	if hasMovedHints(slices) {
		countHints(result)
	}
	result = joined(result)
	sortByText(result)
	if endpoints != nil {
		fields := difference.Plain(endpoints).(object)
		settle(fields)
		if metadata, isObject := fields["metadata"].(object); isObject {
			dropEmpty(metadata, "annotations")
		}
		if subsets, isArray := fields["subsets"].(list); isArray {
			for _, subset := range subsets {
				sortEqualAddresses(subset)
			}
			sortByText(subsets)
			if difference.Text(fields["metadata"].(object)["annotations"]) == `{"endpoints.kubernetes.io/over-capacity":"truncated"}` && len(subsets) > 1 {
				fields["subsets"] = countAddresses(subsets)
			}
		}
		endpoints = fields
	}
	return object{"endpointSlices": result, "endpoints": endpoints}
}

// sortEqualAddresses sorts neighbours of one IP (pods in their node's network),
// which Kubernetes orders by the pods' uids.
func sortEqualAddresses(subset any) {
	fields, _ := subset.(object)
	for _, key := range []string{"addresses", "notReadyAddresses"} {
		addresses, _ := fields[key].(list)
		for start := 0; start < len(addresses); {
			ip, end := ipOf(addresses[start]), start+1
			for end < len(addresses) && ipOf(addresses[end]) == ip {
				end++
			}
			sortByText(addresses[start:end])
			start = end
		}
	}
}

func ipOf(address any) any {
	fields, _ := address.(object)
	return fields["ip"]
}

func dropEmpty(fields object, key string) {
	if inner, isObject := fields[key].(object); isObject && len(inner) == 0 {
		delete(fields, key)
	}
}

func sortByText(items list) {
	sort.SliceStable(items, func(i, j int) bool { return difference.Text(items[i]) < difference.Text(items[j]) })
}

// A destination is what rows are about.
type destination struct {
	ip             string
	port, nodePort int
	protocol       string
}

func (row *Row) destination() destination {
	return destination{row.IP, row.Port, row.NodePort, row.Protocol}
}

// forwarded expects the rows of one family on a node: for each destination what
// a pod or an outside client gets, and for a load balancer with source ranges
// what a client outside of them gets.
func forwarded(node, family string, rows []Row, ambiguous map[string]bool) []expectation {
	neutral := func(answer object) any { return neutralBackends(answer, ambiguous) }
	byDestination := map[destination][]Row{}
	var order []destination
	for _, row := range rows {
		if _, seen := byDestination[row.destination()]; !seen {
			order = append(order, row.destination())
		}
		byDestination[row.destination()] = append(byDestination[row.destination()], row)
	}
	var expected []expectation
	for _, to := range order {
		want := object{"verdict": "none"}
		var ranges []string
		for _, row := range byDestination[to] {
			switch {
			case row.SourceRanges != nil:
				ranges = row.SourceRanges
			case row.Verdict != "":
				want = object{"verdict": row.Verdict}
			case row.To != nil && len(*row.To) > 0:
				want = object{"verdict": "forward", "to": withoutAddresses(*row.To, ambiguous), "affinitySeconds": row.AffinitySeconds}
			}
		}
		target := object{"ip": to.ip, "port": to.port, "protocol": to.protocol}
		if to.nodePort != 0 {
			target = object{"nodePort": to.nodePort, "protocol": to.protocol, "ipFamily": family}
		}
		add := func(client string, want object) {
			question := object{"ask": "backends", "node": node, "to": target}
			if client != "" {
				question["from"] = object{"ip": client}
			}
			expected = append(expected, expectation{fmt.Sprintf("backends on %s %s", node, difference.Text(target)), question, want, neutral})
		}
		if ranges == nil {
			add("", want)
			continue
		}
		clients := []string{"203.0.113.9", "203.0.113.200", "198.18.7.7", "192.168.50.77", "10.244.1.2", "2001:db8:1::9", "2001:db8:2::9", "::2", to.ip}
		for _, client := range clients {
			if family == "IPv6" != strings.Contains(client, ":") {
				continue
			}
			if inRanges(ranges, client) {
				add(client, want)
			} else {
				add(client, object{"verdict": "drop"})
			}
		}
	}
	return expected
}

func inRanges(ranges []string, client string) bool {
	address := netip.MustParseAddr(client)
	for _, text := range ranges {
		if first, last, isRange := strings.Cut(text, "-"); isRange {
			if address.Compare(netip.MustParseAddr(first)) >= 0 && address.Compare(netip.MustParseAddr(last)) <= 0 {
				return true
			}
			continue
		}
		if netip.MustParsePrefix(text).Contains(address) {
			return true
		}
	}
	return false
}

// withoutAddresses leaves out the endpoints of the given addresses.
func withoutAddresses(endpoints []string, addresses map[string]bool) []string {
	kept := []string{}
	for _, endpoint := range endpoints {
		if address, _, _ := strings.Cut(endpoint, "/"); !addresses[address] {
			kept = append(kept, endpoint)
		}
	}
	return kept
}

// neutralBackends keeps the verdict, the endpoints in order (but for ambiguous
// ones) and the affinity.
func neutralBackends(answer object, ambiguous map[string]bool) any {
	result := object{"verdict": answer["verdict"]}
	if answer["verdict"] != "forward" {
		return result
	}
	endpoints, _ := answer["to"].(list)
	to := []string{}
	for _, endpoint := range endpoints {
		fields, _ := endpoint.(object)
		to = append(to, fmt.Sprint(fields["ip"], "/", fields["port"]))
	}
	sort.Strings(to)
	result["to"] = withoutAddresses(to, ambiguous)
	result["affinitySeconds"] = 0
	if answer["affinitySeconds"] != nil {
		result["affinitySeconds"] = answer["affinitySeconds"]
	}
	return result
}

// own expects what the node itself gets, from its own address, and that a
// cluster IP rejects what is sent to a port that its Service does not have.
func own(node, family, address string, rows, ownRows []Row, ambiguous map[string]bool) []expectation {
	ranges := map[destination][]string{}
	for _, row := range rows {
		if row.SourceRanges != nil {
			ranges[row.destination()] = row.SourceRanges
		}
	}
	neutral := func(answer object) any { return neutralBackends(answer, ambiguous) }
	var expected []expectation
	for _, row := range ownRows {
		question := object{"ask": "backends", "node": node, "to": object{"ip": row.IP, "port": row.Port, "protocol": row.Protocol}}
		if row.Verdict != "" {
			const nobodys = 65001
			question["to"].(object)["port"] = nobodys
			expected = append(expected, expectation{fmt.Sprintf("backends on %s %s (another port)", node, row.IP), question, object{"verdict": row.Verdict}, neutral})
			continue
		}
		if address == "" {
			continue
		}
		if row.NodePort != 0 {
			question["to"] = object{"nodePort": row.NodePort, "protocol": row.Protocol, "ipFamily": family}
		}
		question["from"] = object{"ip": address}
		want := object{"verdict": "forward", "to": withoutAddresses(*row.To, ambiguous), "affinitySeconds": row.AffinitySeconds}
		if known := ranges[row.destination()]; known != nil && !inRanges(known, address) {
			want = object{"verdict": "drop"}
		}
		expected = append(expected, expectation{fmt.Sprintf("backends on %s %s from itself", node, difference.Text(question["to"])), question, want, neutral})
	}
	return expected
}

// addressOf is the first internal address of a node of that family.
func (record *Record) addressOf(node, family string) string {
	for _, one := range record.Objects {
		if one["kind"] != "Node" || one["metadata"].(object)["name"] != node {
			continue
		}
		addresses, _ := one["status"].(object)["addresses"].(list)
		for _, address := range addresses {
			fields := address.(object)
			text := fmt.Sprint(fields["address"])
			if fields["type"] == "InternalIP" && strings.Contains(text, ":") == (family == "IPv6") {
				return text
			}
		}
	}
	return ""
}

func (health Health) expectation(node string) expectation {
	question := object{"ask": "backends", "node": node, "to": object{"nodePort": health.Port, "protocol": "TCP", "ipFamily": "IPv4"}}
	want := object{"code": health.Code, "localEndpoints": health.LocalEndpoints}
	return expectation{fmt.Sprintf("health of %d on %s", health.Port, node), question, want, func(answer object) any {
		fields, _ := answer["healthCheck"].(object)
		return object{"code": fields["code"], "localEndpoints": fields["localEndpoints"]}
	}}
}

// unhandled expects nothing for the addresses of load balancers and external
// IPs that kube-proxy has no rule for.
func (record *Record) unhandled(node string) []expectation {
	handled := map[destination]bool{}
	for _, rows := range record.Proxy[node] {
		for _, row := range rows {
			handled[row.destination()] = true
		}
	}
	var expected []expectation
	for _, one := range record.Objects {
		if one["kind"] != "Service" {
			continue
		}
		for _, address := range outsideAddresses(one) {
			ports, _ := one["spec"].(object)["ports"].(list)
			for _, port := range ports {
				to := destination{ip: address, port: number(port.(object)["port"]), protocol: port.(object)["protocol"].(string)}
				if handled[to] {
					continue
				}
				question := object{"ask": "backends", "node": node, "to": object{"ip": to.ip, "port": to.port, "protocol": to.protocol}}
				expected = append(expected, expectation{fmt.Sprintf("backends on %s %s (no rule)", node, address), question, object{"verdict": "none"}, func(answer object) any { return neutralBackends(answer, nil) }})
			}
		}
	}
	return expected
}

// number reads a JSON number, decoded as a float or kept as written.
func number(value any) int {
	result, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil {
		panic(fmt.Sprintf("%v is no whole number", value))
	}
	return result
}

func outsideAddresses(service object) []string {
	var found []string
	externals, _ := service["spec"].(object)["externalIPs"].(list)
	for _, address := range externals {
		found = append(found, fmt.Sprint(address))
	}
	status, _ := service["status"].(object)
	balancer, _ := status["loadBalancer"].(object)
	ingress, _ := balancer["ingress"].(list)
	for _, one := range ingress {
		if address, isText := one.(object)["ip"].(string); isText {
			found = append(found, address)
		}
	}
	return found
}

func (lookup *Lookup) expectation() expectation {
	name := strings.TrimPrefix(lookup.Name, "PTR ")
	question := object{"ask": "resolve", "name": name, "type": lookup.Type}
	want := object{"status": lookup.Status, "answers": lookup.Answers}
	return expectation{fmt.Sprintf("resolve %s %s", lookup.Type, name), question, want, func(answer object) any {
		answers, _ := answer["answers"].(list)
		if answers == nil {
			answers = list{}
		}
		sortByText(answers)
		return object{"status": answer["status"], "answers": answers}
	}}
}
