package admission

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"portolan/reference/internal/difference"
)

// A neutral takes out of an answer what is no fact: what the server picked at
// random, and the order of errors that Go's maps gave.
type neutral struct {
	// said is everything that the request itself said.
	said string
	// generateName is the prefix of a name that the server completed.
	generateName string
	// ranges are what the server picks addresses from, firstPort and lastPort
	// what it picks node ports from.
	ranges              []netip.Prefix
	firstPort, lastPort int
}

func newNeutral(cluster Cluster, record Record) *neutral {
	result := &neutral{said: string(record.Input) + string(record.Old), ranges: storedRanges}
	for _, text := range strings.Split(cluster.ServiceClusterIPRange, ",") {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			result.ranges = append(result.ranges[:len(result.ranges):len(result.ranges)], prefix)
		}
	}
	_, _ = fmt.Sscanf(cluster.ServiceNodePortRange, "%d-%d", &result.firstPort, &result.lastPort)
	var input struct {
		Metadata struct {
			Name         any `json:"name"`
			GenerateName any `json:"generateName"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(record.Input, &input)
	prefix, isText := input.Metadata.GenerateName.(string)
	if (input.Metadata.Name == nil || input.Metadata.Name == "") && isText && record.Op == "create" {
		// the server cuts the prefix to 58 characters and adds five
		result.generateName = prefix[:min(len(prefix), 58)]
	}
	return result
}

// answer gives the neutral form of an answer.
func (n *neutral) answer(answer map[string]any) map[string]any {
	result := difference.Plain(answer).(map[string]any)
	if stored, isObject := result["object"].(map[string]any); isObject {
		n.object(stored)
	}
	if status, isObject := result["status"].(map[string]any); isObject {
		n.status(status)
	}
	return result
}

func (n *neutral) object(stored map[string]any) {
	if metadata, isObject := stored["metadata"].(map[string]any); isObject {
		for _, key := range []string{"uid", "creationTimestamp", "resourceVersion", "generation", "managedFields", "selfLink"} {
			delete(metadata, key)
		}
		if name, isText := metadata["name"].(string); isText {
			metadata["name"] = n.name(name)
		}
	}
	if stored["kind"] == "Service" {
		if spec, isObject := stored["spec"].(map[string]any); isObject {
			n.service(spec)
		}
	}
	if labels, isObject := path(stored, "metadata", "labels").(map[string]any); isObject && n.generateName != "" {
		if name, isText := labels["kubernetes.io/metadata.name"].(string); isText {
			labels["kubernetes.io/metadata.name"] = n.name(name)
		}
	}
}

func path(value any, keys ...string) any {
	for _, key := range keys {
		fields, _ := value.(map[string]any)
		value = fields[key]
	}
	return value
}

const generatedLength = 5

// name replaces the random end of a generated name.
func (n *neutral) name(name string) string {
	if n.generateName != "" && len(name) == len(n.generateName)+generatedLength && strings.HasPrefix(name, n.generateName) {
		return n.generateName + "(generated)"
	}
	return name
}

// service replaces the addresses and ports that the request left open. Equal
// ones stay equal: the first is #1, the second #2.
func (n *neutral) service(spec map[string]any) {
	seen := []string{}
	number := func(value string) string {
		if !slices.Contains(seen, value) {
			seen = append(seen, value)
		}
		return fmt.Sprintf("#%d", slices.Index(seen, value)+1)
	}
	replaceIP := func(value any) any {
		if text, isText := value.(string); isText && n.open(text) {
			if family := n.allocatable(text); family != "" {
				return "(allocated " + family + ")"
			}
		}
		return value
	}
	if value, found := spec["clusterIP"]; found {
		spec["clusterIP"] = replaceIP(value)
	}
	if list, isArray := spec["clusterIPs"].([]any); isArray {
		for index := range list {
			list[index] = replaceIP(list[index])
		}
	}
	replacePort := func(fields map[string]any, key string) {
		value, isNumber := fields[key].(json.Number)
		if port, err := strconv.Atoi(value.String()); isNumber && err == nil && n.open(value.String()) && n.allocatablePort(port) {
			fields[key] = "(allocated " + number(value.String()) + ")"
		}
	}
	if ports, isArray := spec["ports"].([]any); isArray {
		for _, port := range ports {
			if fields, isObject := port.(map[string]any); isObject {
				replacePort(fields, "nodePort")
			}
		}
	}
	replacePort(spec, "healthCheckNodePort")
}

func (n *neutral) allocatablePort(port int) bool { return port >= n.firstPort && port <= n.lastPort }

// open is true for a value that the request did not say.
func (n *neutral) open(value string) bool { return !strings.Contains(n.said, value) }

var (
	anyPort    = regexp.MustCompile(`\b\d{4,5}\b`)
	anyAddress = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}:[0-9a-f:]+\b`)
	// twoAddresses, refusedAddress and refusedObject find an allocation that was
	// refused, where a Service names an address of each family.
	twoAddresses   = regexp.MustCompile(`Invalid value: \[[^\]]*,[^\]]*\]: failed to allocate IP`)
	refusedAddress = regexp.MustCompile(`failed to allocate IP( [0-9a-f.:]*[0-9a-f])?: `)
	refusedObject  = regexp.MustCompile(`IPAddress\.networking\.k8s\.io "[^"]*"`)
	// storedRanges are those of the stored ServiceCIDRs.
	storedRanges = []netip.Prefix{netip.MustParsePrefix("10.17.0.0/24"), netip.MustParsePrefix("10.18.0.0/16"), netip.MustParsePrefix("fd00:18::/112")}
)

// allocatable names the family of an address that the server may pick.
func (n *neutral) allocatable(text string) string {
	address, err := netip.ParseAddr(text)
	if err != nil || !slices.ContainsFunc(n.ranges, func(prefix netip.Prefix) bool { return prefix.Contains(address) }) {
		return ""
	}
	if address.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// text replaces random values within a message.
func (n *neutral) text(text string) string {
	text = anyAddress.ReplaceAllStringFunc(text, func(found string) string {
		if n.open(found) && n.allocatable(found) != "" {
			return "(allocated)"
		}
		return found
	})
	text = anyPort.ReplaceAllStringFunc(text, func(found string) string {
		if port, err := strconv.Atoi(found); n.open(found) && err == nil && n.allocatablePort(port) {
			return "(allocated port)"
		}
		return found
	})
	if n.generateName != "" {
		quoted := strconv.Quote(n.generateName)
		end := regexp.MustCompile(regexp.QuoteMeta(quoted[:len(quoted)-1]) + `[bcdfghjklmnpqrstvwxz2456789]{5}"`)
		text = end.ReplaceAllString(text, `"(generated)"`)
	}
	if twoAddresses.MatchString(text) {
		// Of two addresses the server allocates either first, in map order.
		text = refusedAddress.ReplaceAllString(text, `failed to allocate IP (either): `)
		text = refusedObject.ReplaceAllString(text, `IPAddress.networking.k8s.io "(either)"`)
	}
	return text
}

func (n *neutral) status(status map[string]any) {
	details, _ := status["details"].(map[string]any)
	causes, _ := details["causes"].([]any)
	message, _ := status["message"].(string)
	if len(causes) > 0 {
		if head, tail, found := strings.Cut(message, " is invalid: "); found && tail == aggregate(causes) {
			message = head + " is invalid: (the causes)"
		}
	}
	if status["message"] != nil {
		status["message"] = n.text(message)
	}
	if name, isText := details["name"].(string); isText {
		details["name"] = n.name(name)
	}
	for _, cause := range causes {
		fields, _ := cause.(map[string]any)
		if text, isText := fields["message"].(string); isText {
			fields["message"] = n.text(text)
		}
	}
	sortMapOrdered(causes)
}

// aggregate is the text that the server makes of causes: each once, in brackets
// where there are several.
func aggregate(causes []any) string {
	var texts []string
	for _, cause := range causes {
		fields, _ := cause.(map[string]any)
		text := fmt.Sprint(fields["message"])
		if field, isText := fields["field"].(string); isText && field != "" {
			text = field + ": " + text
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// mapOrdered are the fields whose errors come in the order of a Go map.
var mapOrdered = regexp.MustCompile(`(^|\.)(labels|annotations|selector|matchLabels|deprecatedTopology)(\[|$)`)

// sortMapOrdered sorts each run of causes of one such field.
func sortMapOrdered(causes []any) {
	field := func(index int) string {
		text, _ := path(causes[index], "field").(string)
		return text
	}
	for start := 0; start < len(causes); {
		end := start + 1
		if found := mapOrdered.FindStringIndex(field(start)); found != nil {
			head := field(start)[:found[1]]
			for end < len(causes) && strings.HasPrefix(field(end), head) {
				end++
			}
			run := causes[start:end]
			sort.SliceStable(run, func(i, j int) bool { return difference.Text(run[i]) < difference.Text(run[j]) })
		}
		start = end
	}
}
