package env

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sort"
	"strings"

	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

type object = map[string]any

type list = []any

// A Node is a node with its pods, the Services of the cluster, and what the
// kubelet of the node made for each of the pods.
type Node struct {
	Node          object   `json:"node"`
	Services      []object `json:"services"`
	Pods          []object `json:"pods"`
	Hosts         string   `json:"hosts"`
	ResolvConf    string   `json:"resolvConf"`
	ClusterDNS    []string `json:"clusterDNS"`
	ClusterDomain string   `json:"clusterDomain"`
	Answers       []Files  `json:"answers"`
}

// Files are the environment of a pod's first container, sorted by name, its
// /etc/hosts, the parts of its /etc/resolv.conf (options sorted), its host name
// and what the kubelet warns of.
type Files struct {
	Env         []Variable `json:"env"`
	Hosts       string     `json:"hosts"`
	Nameservers []string   `json:"nameservers"`
	Searches    []string   `json:"searches"`
	Options     []string   `json:"options"`
	Hostname    string     `json:"hostname"`
	Warnings    []string   `json:"warnings"`
	Error       string     `json:"error,omitempty"`
}

const podsOfNode = 40

// GenerateNodes makes the nodes of a seed and asks the kubelet's own functions,
// in a program of its own, about each of their pods.
func GenerateNodes(seed uint64, count int) ([]Node, error) {
	program, err := components.Build(components.KubeletFiles)
	if err != nil {
		return nil, err
	}
	var nodes []Node
	for index := range count {
		nodes = append(nodes, generateNode(rand.New(rand.NewPCG(seed, uint64(index)|1<<32))))
	}
	var questions bytes.Buffer
	for _, node := range nodes {
		for _, pod := range node.Pods {
			asked := object{"pod": pod, "services": node.Services, "node": node.Node, "hosts": node.Hosts, "resolvConf": node.ResolvConf, "clusterDNS": node.ClusterDNS, "clusterDomain": node.ClusterDomain}
			questions.WriteString(difference.Text(asked) + "\n")
		}
	}
	asking := exec.Command(program)
	asking.Stdin = &questions
	output, err := asking.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	answers := json.NewDecoder(bytes.NewReader(output))
	for index := range nodes {
		for range nodes[index].Pods {
			var answer Files
			if err := answers.Decode(&answer); err != nil {
				return nil, err
			}
			nodes[index].Answers = append(nodes[index].Answers, answer)
		}
	}
	return nodes, nil
}

func some[T any](random *rand.Rand, most int, choices ...T) []T {
	var chosen []T
	for range random.IntN(most + 1) {
		chosen = append(chosen, pick(random, choices...))
	}
	return chosen
}

func generateNode(random *rand.Rand) Node {
	chance := func(n int) bool { return random.IntN(n) == 0 }
	addresses := pick(random,
		list{"InternalIP", "192.168.50.10"}, list{"InternalIP", "192.168.50.10"}, list{"InternalIP", "192.168.50.10", "InternalIP", "fd00:50::10"}, list{"InternalIP", "fd00:50::10", "InternalIP", "192.168.50.10"},
		list{"Hostname", "n1", "InternalIP", "fd00:50::10"}, list{"ExternalIP", "203.0.113.10"}, list{"ExternalIP", "203.0.113.10", "InternalIP", "192.168.50.10", "InternalIP", "192.168.50.11", "ExternalIP", "2001:db8::10"})
	listed := list{}
	for place := 0; place < len(addresses); place += 2 {
		listed = append(listed, object{"type": addresses[place], "address": addresses[place+1]})
	}
	node := Node{
		Node:          object{"apiVersion": "v1", "kind": "Node", "metadata": object{"name": "n1", "labels": object{"kubernetes.io/hostname": pick(random, "n1", "node-one")}}, "status": object{"addresses": listed}},
		Hosts:         pick(random, "127.0.0.1\tlocalhost\n", "", "127.0.0.1 localhost\n192.168.50.10 n1\n"),
		ResolvConf:    resolvConf(random),
		ClusterDomain: pick(random, "cluster.local", "cluster.local", "k8s.example.org"),
		ClusterDNS:    []string{"10.0.0.10"},
	}
	if chance(2) {
		node.ClusterDNS = pick(random, []string{"10.0.0.53"}, []string{"10.0.0.53", "fd00:10::53"})
		node.Services = append(node.Services, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": "kube-dns", "namespace": "kube-system"},
			"spec": object{"clusterIP": node.ClusterDNS[0], "clusterIPs": node.ClusterDNS, "ports": list{object{"name": "dns", "port": 53, "protocol": "UDP"}}}})
	}
	seen := map[string]bool{}
	for number := range 3 + random.IntN(8) {
		spec := object{"clusterIP": pick(random, fmt.Sprintf("10.0.7.%d", number), fmt.Sprintf("10.0.7.%d", number), fmt.Sprintf("fd00:10::%x", number+256), "None", ""), "type": "ClusterIP"}
		ports := list{object{"port": pick(random, 80, 443, 8080), "protocol": pick(random, "TCP", "TCP", "UDP", "SCTP")}}
		if chance(2) {
			ports = list{object{"name": "http", "port": 80, "protocol": "TCP"}, object{"name": "web-ui", "port": 9100, "protocol": "UDP"}}
		}
		spec["ports"] = ports
		name, namespace := pick(random, "kubernetes", "kubernetes", "web", "my-db", "x--y", "redis"), pick(random, "default", "team-a")
		if spec["clusterIP"] == "" {
			spec["type"], spec["externalName"] = "ExternalName", "db.example.com"
		}
		if !seen[namespace+"/"+name] {
			seen[namespace+"/"+name] = true
			node.Services = append(node.Services, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": namespace}, "spec": spec})
		}
	}
	for number := range podsOfNode {
		node.Pods = append(node.Pods, generatePod(random, number))
	}
	return node
}

// resolvConf is a node's file, with what a person may write into it.
func resolvConf(random *rand.Rand) string {
	if random.IntN(6) == 0 {
		return ""
	}
	lines := some(random, 8,
		"nameserver 8.8.8.8", "nameserver 8.8.4.4", "nameserver fd00::53", "  nameserver\t1.1.1.1  # a comment", "# nameserver 9.9.9.9", "; nameserver 9.9.9.9", "search example.com corp.example.com", "search .", "search a.b. c.d .",
		"search cluster.local example.com", "domain example.net", "options ndots:3 timeout:1", "options rotate", "options ndots:7 rotate edns0", "options attempts:", "sortlist 10.0.0.0", "", "searching x", "search "+strings.Repeat("long-domain.", pick(random, 20, 22))+"example")
	if random.IntN(6) == 0 {
		var many []string
		for number := range 20 + random.IntN(20) {
			many = append(many, fmt.Sprintf("s%d.%s", number, strings.Repeat("x", random.IntN(120))))
		}
		lines = append(lines, "search "+strings.Join(many, " "))
	}
	return strings.Join(lines, pick(random, "\n", "\n", "\r\n")) + pick(random, "", "\n")
}

var values = []string{
	"plain", "$(A)", "$(B)-$(A)", "$$(A)", "$$$(A)", "$(C", "$()", "$", "x$", "$x", "$ä$(A)", "a$(KUBERNETES_SERVICE_HOST)b", "$(WEB_PORT)", "$(MY_DB_SERVICE_PORT_HTTP)", "$(NOT_THERE)", "$(SELF)", "$(A)$(A)$(E)", "$((A))", "$(A)$", "", "$(B)", "tab\there",
}

func generatePod(random *rand.Rand, number int) object {
	chance := func(n int) bool { return random.IntN(n) == 0 }
	environment := list{}
	for _, name := range some(random, 8, "A", "B", "C", "D", "E", "SELF", "WEB_PORT", "KUBERNETES_SERVICE_HOST", "REDIS_SERVICE_HOST", "with.dots-and_all") {
		one := object{"name": name, "value": pick(random, values...)}
		if chance(3) {
			path := pick(random, "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels['app']", "metadata.labels['example.com/a.b']", "metadata.annotations['note']", "metadata.annotations['Not/There']", "spec.nodeName", "spec.host", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")
			one = object{"name": name, "valueFrom": object{"fieldRef": object{"apiVersion": "v1", "fieldPath": path}}}
		}
		environment = append(environment, one)
	}
	spec := object{
		"nodeName": "n1", "enableServiceLinks": chance(2), "serviceAccountName": pick(random, "default", "robot"), "dnsPolicy": pick(random, "ClusterFirst", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
		"containers": list{object{"name": "c", "image": "x", "env": environment}},
	}
	name := fmt.Sprintf("p%d", number)
	if chance(4) {
		name += "-" + strings.Repeat("n", 55+random.IntN(10)) + pick(random, "", ".-.", "--", ".x") + strings.Repeat("m", random.IntN(20)) + "z"
	}
	if chance(3) {
		spec["hostname"] = pick(random, "h1", strings.Repeat("h", 40), strings.Repeat("g", 63))
	}
	if chance(3) {
		spec["subdomain"] = pick(random, "web", "hl", strings.Repeat("d", 30))
	}
	if chance(3) {
		spec["setHostnameAsFQDN"] = chance(2)
	}
	hostNetwork := chance(5)
	if hostNetwork {
		spec["hostNetwork"] = true
	} else if chance(8) {
		delete(spec, "setHostnameAsFQDN")
		spec["hostnameOverride"] = pick(random, "over", "over.example.com", strings.Repeat("o", 61)+".a."+strings.Repeat("p", 10))
	}
	if chance(3) {
		aliases := list{}
		for range 1 + random.IntN(3) {
			aliases = append(aliases, object{"ip": pick(random, "10.1.2.3", "fd00::1"), "hostnames": some(random, 3, "foo", "bar.example.com", "baz")})
		}
		spec["hostAliases"] = aliases
	}
	if spec["dnsPolicy"] == "None" || chance(3) {
		spec["dnsConfig"] = dnsConfig(random)
	}
	addresses := pick(random, []string{"10.244.0.7"}, []string{"10.244.0.7"}, []string{"10.244.0.7", "fd00:244::7"}, []string{"fd00:244::7", "10.244.0.7"}, []string{"fd00:244::7"}, []string{})
	if hostNetwork {
		addresses = []string{"192.168.50.10"}
	}
	status := object{"phase": "Running"}
	if len(addresses) > 0 {
		ips := list{}
		for _, address := range addresses {
			ips = append(ips, object{"ip": address})
		}
		status["podIP"], status["podIPs"] = addresses[0], ips
	}
	metadata := object{"name": name, "namespace": pick(random, "default", "team-a", "team-b"), "uid": fmt.Sprintf("uid-%d", number), "labels": object{"app": "web", "example.com/a.b": "c"}, "annotations": object{"note": "n \"q\""}}
	return object{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}
}

func dnsConfig(random *rand.Rand) object {
	config := object{"nameservers": append(some(random, 3, "1.1.1.1", "8.8.8.8", "9.9.9.9", "fd00::53", "10.0.0.10"), "1.0.0.1")}
	searches := some(random, 4, "a.example.com", "example.com", "cluster.local", "b.example.com", ".", strings.Repeat("w", 60)+"."+strings.Repeat("v", 60)+"."+strings.Repeat("u", 60))
	if random.IntN(4) == 0 {
		for number := range 10 + random.IntN(25) {
			searches = append(searches, fmt.Sprintf("c%d.%sexample.com", number, strings.Repeat("y.", random.IntN(60))))
		}
	}
	config["searches"] = searches
	options := list{}
	for _, name := range some(random, 5, "ndots", "timeout", "rotate", "edns0", "attempts", "use-vc") {
		option := object{"name": name}
		if random.IntN(3) > 0 {
			option["value"] = pick(random, "1", "2", "5", "")
		}
		options = append(options, option)
	}
	config["options"] = options
	return config
}

// CompareNodes asks the binary about every pod of the nodes: as they are
// stored, then without what the server fills in.
func CompareNodes(binary string, nodes []Node) ([]command.Case, error) {
	var cases []command.Case
	for index, node := range nodes {
		for _, form := range []func(object) object{func(one object) object { return one }, bare} {
			compared, err := node.compare(binary, index, form)
			if err != nil {
				return nil, err
			}
			cases = append(cases, compared...)
		}
	}
	return cases, nil
}

func (node Node) compare(binary string, index int, form func(object) object) ([]command.Case, error) {
	objects := []object{node.Node}
	for _, one := range append(append([]object{}, node.Services...), node.Pods...) {
		objects = append(objects, form(one))
	}
	var questions []any
	for _, pod := range node.Pods {
		metadata := pod["metadata"].(object)
		named := object{"namespace": metadata["namespace"], "name": metadata["name"]}
		questions = append(questions, object{"ask": "env", "pod": named}, object{"ask": "hosts", "pod": named, "node": object{"hosts": node.Hosts, "resolvConf": node.ResolvConf}})
	}
	answers, err := portolan.AskOf(binary, objects, []string{"--cluster-domain", node.ClusterDomain}, questions)
	if err != nil {
		return nil, err
	}
	var cases []command.Case
	for number, pod := range node.Pods {
		environment, files := answers[2*number], answers[2*number+1]
		cases = append(cases, command.Case{
			Name: fmt.Sprintf("pod %d of node %d", number, index), Asked: difference.Text(form(pod)),
			Differences: node.Answers[number].between(pod, environment, files),
		})
	}
	return cases, nil
}

// bare is an object as a person writes it, without what the server fills in.
func bare(one object) object {
	result := difference.Plain(one).(object)
	spec := result["spec"].(object)
	for key, value := range map[string]any{"dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "serviceAccountName": "default", "type": "ClusterIP"} {
		if spec[key] == value {
			delete(spec, key)
		}
	}
	ports, _ := spec["ports"].(list)
	for _, port := range ports {
		if fields := port.(object); fields["protocol"] == "TCP" {
			delete(fields, "protocol")
		}
	}
	if status, _ := result["status"].(object); status != nil {
		if addresses, _ := status["podIPs"].(list); len(addresses) == 1 {
			delete(status, "podIPs")
		}
	}
	return result
}

// between holds the answers against the kubelet's. The host name of a pod on the
// node's network is not the kubelet's affair.
func (files Files) between(pod object, environment, given any) []difference.Difference {
	neutral := object{"env": given, "files": environment}
	env, _ := environment.(object)
	answer, _ := given.(object)
	if env["error"] == nil && answer["error"] == nil && env != nil && answer != nil {
		neutral = neutralFiles(env, answer)
	}
	want := object{"env": files.Env, "hosts": files.Hosts, "nameservers": files.Nameservers, "searches": files.Searches, "options": files.Options, "hostname": files.Hostname, "warnings": list{}}
	if strings.HasPrefix(files.Hostname, "failed to construct FQDN") {
		want["hostname"], want["warnings"] = "", list{files.Hostname}
	}
	for _, warning := range files.Warnings {
		want["warnings"] = append(want["warnings"].(list), strings.Replace(strings.TrimPrefix(warning, "Warning "), " ", ": ", 1))
	}
	if spec := pod["spec"].(object); spec["hostNetwork"] == true {
		want["hostname"], neutral["hostname"] = "", ""
	}
	sortTexts(want["warnings"].(list))
	for _, key := range []string{"nameservers", "searches", "options"} {
		if texts, _ := want[key].([]string); texts == nil {
			want[key] = list{}
		}
	}
	return difference.Between(difference.Plain(want), difference.Plain(neutral))
}

func sortTexts(texts list) {
	sort.Slice(texts, func(i, j int) bool { return fmt.Sprint(texts[i]) < fmt.Sprint(texts[j]) })
}

// neutralFiles sorts the variables by name and takes resolv.conf apart.
func neutralFiles(environment, files object) object {
	variables, _ := environment["env"].(list)
	sort.Slice(variables, func(i, j int) bool { return difference.Text(variables[i]) < difference.Text(variables[j]) })
	warnings, _ := files["warnings"].(list)
	sortTexts(warnings)
	neutral := object{"env": variables, "hosts": files["hosts"], "hostname": files["hostname"], "warnings": warnings, "nameservers": list{}, "searches": list{}, "options": list{}}
	if neutral["hostname"] == nil {
		neutral["hostname"] = ""
	}
	text, _ := files["resolvConf"].(string)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Fields(line)
		for _, field := range fields[min(1, len(fields)):] {
			key := map[string]string{"nameserver": "nameservers", "search": "searches", "options": "options"}[fields[0]]
			neutral[key] = append(neutral[key].(list), field)
		}
	}
	sortTexts(neutral["options"].(list))
	return neutral
}
