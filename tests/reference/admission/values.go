package admission

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var (
	long63  = strings.Repeat("a", 63)
	long64  = strings.Repeat("a", 64)
	long253 = strings.Repeat("a.", 126) + "a"
	long254 = strings.Repeat("a", 254)

	names = []string{"web", "a", "1web", "Web", "web_", "-x", "x-", "web.x", "x--y", "dns-tcp", "", " a", "a b", "é", "a/b", "..", ".", "a%2fb", "9", "a.b.c", "A", "10.0.0.1", "web-", "web-1", "svc\n",
		long63, long64, long253, long254, "kubernetes", "x.y-", "a..b", "fd00:10::5", "192.0.2.7", "<a&b>", "\"q\"", "\u2028", "a\tb", "\r", "\b\f", "😀", "\x7f", "leaving-stored", "leaving"}
	portNames = []string{"http", "https", "dns", "dns-tcp", "web", "tcp", "a", "1", "8080", "80a", "Web", "a--b", "-a", "a-", "web_", "web.x", "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "", "é", "http--x", "x-y-z", long63, long64}
	ips       = []string{"10.0.3.7", "10.0.3.9", "10.0.3.10", "10.0.0.1", "10.0.0.0", "10.0.255.255", "10.0.0.10", "10.1.0.1", "010.0.3.9", "10.0.3.09", "192.0.2.1", "203.0.113.7", "1.2.3.4", "0.0.0.0", "127.0.0.1", "169.254.1.1", "169.254.169.254", "224.0.0.1", "224.0.1.1", "255.255.255.255", "239.1.1.1",
		"fd00:10::5", "fd00:10::", "fd00:10::1", "fd00:10::ff:ffff", "fd00:11::5", "FD00:10::5", "fd00:10:0:0:0:0:0:5", "2001:db8::1", "2001:DB8::1", "::1", "::", "fe80::1", "fe80::1%eth0", "ff02::1", "ff05::1", "::ffff:1.2.3.4", "::ffff:10.0.3.9", "::1.2.3.4", "1.2.3", "1.2.3.4.5", "256.0.0.1", "", " 10.0.3.9", "10.0.3.9 ", "None", "none", "10.0.3.9/32", "[2001:db8::1]", "0x0a.0.3.9", "1", "x", "2001:db8::g", "2001:db8:::1", "::ffff:0:0"}
	cidrs   = []string{"10.0.0.0/8", "10.0.0.0/16", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1/32", "2001:DB8::/32", "2001:db8::/129", "172.17.0.0/16", "172.17.1.0/24", "172.17.1.1/32", "192.168.0.0/16", "10.0.0.0", "1.2.3.4/24", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/+8", "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/8", " 10.0.0.0/8", "10.0.0.0/8 ", "", "/", "x", "10.0.0.0/8/8", "10.0.0.0/-1", "2001:db8:1::/48", "fd00:10::/108", "10.7.0.0/24", "10.9.0.0/16", "172.17.0.0/24", "1.2.3.4/32", "2001:db8::1/128", "fe80::/10", "2001:0db8::/32", "10.0.0.0/255.0.0.0", "fe80::%1/64"}
	hosts   = []string{"foo.bar.com", "first.bar.com", "*.bar.com", "*.com", "*", "*.*.com", "foo.*.com", "Foo.com", "foo.com.", "10.0.0.1", "2001:db8::1", "-a.com", "a_b.com", "foo.bar.com:80", "", " ", "é.com", "xn--fo-5ja.com", "*." + long253, "a..b", "localhost", "*bar.com", "*.", "sslexample.foo.com", long64 + ".com", long253, long254, "*.10.0.0.1", "1.2.3.4.5", "a.b", "db.example.com", "x"}
	paths   = []string{"/", "/foo", "/foo/", "/foo//bar", "//", "/a/../b", "/a/./b", "/..", "/.", "/a/..", "/a/.", "/a%2Fb", "/a%2fb", "/é", "/a b", "/x(.*)", "/foo/*", "/foo?x=1", "/foo#x", "foo", "", " /", "^/x$", "$", "/\\", "/[", "/x{1}", "/(?i)x", "/x|y", "*", "/\n", "/a//", "/%", "/+", "/" + long254}
	classes = []string{"nginx", "example.com/lb", "example.com/x", "k8s.io/x", "lb", "example.com/", "/x", "example.com/a/b", "Example.com/lb", "x/y/z", "", "example.com/" + long63, "example.com/" + long64, "kubernetes.io/ws", "kubernetes.io/h2c", "a_b/c", "service.kubernetes.io/x", "http", "HTTP", "grpc", "k8s.example.com", "a.b", "a/-b", "é/x", "example.com/x_y.z-1", "example.com/x y", "example.com/%", long253 + "/x", long254 + "/x"}
	keys    = []string{"app", "role", "a", "example.com/role", "kubernetes.io/service-name", "A", "a_b", "a.b", "-a", "a-", "", "a/b/c", "/a", "a/", "Example.com/x", "a b", "é", long63, long64, "example.com/" + long64, long254 + "/a", "topology.kubernetes.io/zone", "service.kubernetes.io/headless", "endpointslice.kubernetes.io/managed-by", "app.kubernetes.io/name", "1", "a..b/c", "_a", "a/_b"}
	values  = []string{"a", "b", "web", "x", "", "A", "a_b", "a.b", "-a", "a-", "a b", "a/b", "é", long63, long64, "true", "1", "db", " ", "--", "a,b", "<x>", "0.0.0.0/0"}
	// annotationKeys are those that admission or a controller reads.
	annotationKeys = []string{"example.com/x", sourceRangesKey, "kubernetes.io/ingress.class", "ingressclass.kubernetes.io/is-default-class", "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints", "service.alpha.kubernetes.io/tolerate-unready-endpoints",
		"nginx.ingress.kubernetes.io/rewrite-target", "endpoints.kubernetes.io/last-change-trigger-time", "endpoints.kubernetes.io/over-capacity", "kubectl.kubernetes.io/last-applied-configuration", "service.beta.kubernetes.io/aws-load-balancer-type", "service.kubernetes.io/local-svc-only-node-with-endpoints", "Example.com/X", "a/b/c", "-a"}
	times    = []string{"2020-01-02T03:04:05Z", "2020-01-02T03:04:05+02:00", "2020-01-02T03:04:05.123456Z", "2020-01-02", "yesterday", "", "2020-13-02T03:04:05Z", "2020-01-02 03:04:05", "2020-01-02T03:04:05", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2020-01-02t03:04:05z", "2020-02-30T00:00:00Z", "2020-01-02T24:00:00Z", "2020-01-02T03:04:60Z", " 2020-01-02T03:04:05Z", "10000-01-01T00:00:00Z", "2020-1-2T03:04:05Z", "2020-01-02T3:04:05Z", "2020-01-02T03:04:05+0200", "2020-01-02T03:04:05,5Z"}
	numbers  = []string{"0", "1", "80", "443", "8080", "65535", "65536", "-1", "30000", "30080", "30099", "31000", "31099", "32767", "32768", "29999", "86400", "86401", "10800", "7000", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1.5", "80.0", "8e1", "-0", "1e400", "53", "600", "1e2", "0.0", "30086", "30085", "80.5e1", "8E+1", "800e-1", "8e-1", "-1e0", "80.50", "1e19"}
	versions = []string{"", "0", "00", "5", "+0", "-1", "x", " 1", "1_0", "18446744073709551615", "18446744073709551616", "99999999999999999999x"}
	// annotationValues and labelValues are those that admission reads under a key.
	annotationValues = map[string][]string{
		sourceRangesKey: cidrs, "service.kubernetes.io/topology-mode": topologyModes, "service.kubernetes.io/topology-aware-hints": topologyModes,
		"ingressclass.kubernetes.io/is-default-class": {"true", "false", "True", ""}, "kubernetes.io/ingress.class": classes,
	}
	topologyModes = []string{"Auto", "auto", "Disabled", ""}
	labelValues   = map[string][]string{
		"endpointslice.kubernetes.io/managed-by": {"endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io", "x"},
		"endpoints.kubernetes.io/managed-by":     {"endpoint-controller", "x"}, "kubernetes.io/metadata.name": names,
		"pod-security.kubernetes.io/enforce": levels, "pod-security.kubernetes.io/warn": levels, "pod-security.kubernetes.io/enforce-version": podSecurityVersions, "pod-security.kubernetes.io/audit-version": podSecurityVersions,
	}
	levels              = []string{"privileged", "baseline", "restricted", "Baseline", "x", ""}
	podSecurityVersions = []string{"latest", "v1.20", "v1.0", "v1.00", "v1.x", "v1.", "v1.99999999999999999999", "1.20", "v2.1", ""}
	// huge is, as an annotation, the most that there may be of them.
	huge = strings.Repeat("x", 256*1024-len("example.com/huge"))
)

const sourceRangesKey = "service.beta.kubernetes.io/load-balancer-source-ranges"

// enumerations are the values that a field knows, and some that it does not.
var enumerations = map[string][]string{
	"type":                  {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "clusterip", "Other", "", "ClusterIP "},
	"protocol":              {"TCP", "UDP", "SCTP", "tcp", "ICMP", "", "HTTP"},
	"sessionAffinity":       {"None", "ClientIP", "Cookie", "", "none"},
	"externalTrafficPolicy": {"Cluster", "Local", "local", "Other", ""},
	"internalTrafficPolicy": {"Cluster", "Local", "Other", ""},
	"ipFamilyPolicy":        {"SingleStack", "PreferDualStack", "RequireDualStack", "Dual", ""},
	"ipFamilies":            {"IPv4", "IPv6", "IPv5", "ipv4", ""},
	"trafficDistribution":   {"PreferClose", "PreferSameZone", "PreferSameNode", "Other", "", "example.com/x"},
	"pathType":              {"Exact", "Prefix", "ImplementationSpecific", "Regex", "exact", ""},
	"operator":              {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "in", ""},
	"policyTypes":           {"Ingress", "Egress", "Other", "ingress", ""},
	"addressType":           {"IPv4", "IPv6", "FQDN", "IP", "ipv4", ""},
	"scope":                 {"Cluster", "Namespace", "Namespaced", "", "cluster"},
	"ipMode":                {"VIP", "Proxy", "vip", ""},
	"phase":                 {"Active", "Terminating", "Other", ""},
	"clusterIP":             {"None", "", "none"},
	"resource":              {"services", "pods", "", "a/b", "Services"},
	"reason":                {"Ready", "", "a b", "X"},
	"status":                {"True", "False", "Unknown", "true", ""},
	"operation":             {"Apply", "Update", "Other", ""},
	"fieldsType":            {"FieldsV1", "", "Other"},
	"apiVersion":            {"v1", "networking.k8s.io/v1", "", "a/b/c", "0"},
	"manager":               {"kubectl", "", long254, "a\nb"},
	"subresource":           {"status", ""},
	"finalizers":            {"example.com/x", "kubernetes", "foregroundDeletion", "orphan", "x", "", "a/b/c", "Example.com/X"},
	"kind":                  {"Pod", "Service", "IngressParameters", "StorageBucket", "", "a/b", "Event", ".", "x y", "A%2fB"},
	"name":                  nil, // names, unless the type says otherwise
}

// pools by the name of a string field, where it is no enumeration.
var pools = map[string][]string{
	"ip": ips, "clusterIPs": ips, "externalIPs": ips, "loadBalancerIP": ips, "addresses": ips,
	"cidr": cidrs, "except": cidrs, "cidrs": cidrs, "loadBalancerSourceRanges": cidrs,
	"host": hosts, "hosts": hosts, "externalName": hosts, "hostname": hosts,
	"path": paths, "fieldPath": paths,
	"appProtocol": classes, "loadBalancerClass": classes, "controller": classes, "ingressClassName": classes, "apiGroup": classes, "group": classes,
	"resourceVersion": versions, "key": keys, "values": values, "zone": values, "uid": values, "message": values, "error": classes,
}

// A chooser draws the random decisions of one case.
type chooser struct {
	*rand.Rand
}

// chance is true once in n.
func (c chooser) chance(n int) bool { return c.IntN(n) == 0 }

func pick[T any](c chooser, choices []T) T { return choices[c.IntN(len(choices))] }

// labelKeys are those that admission or a controller reads.
var labelKeys = slices.Sorted(maps.Keys(labelValues))

var everything = func() []string {
	var all []string
	for _, pool := range [][]string{names, portNames, ips, cidrs, hosts, paths, classes, keys, values, times} {
		all = append(all, pool...)
	}
	return all
}()

// text gives a string for the field of that name within the object of that type.
func (c chooser) text(owner reflect.Type, name string) string {
	if c.chance(15) {
		return pick(c, everything)
	}
	if name == "name" {
		switch owner.Name() {
		case "ServicePort", "EndpointPort", "ServiceBackendPort", "PortStatus":
			return pick(c, portNames)
		}
		return pick(c, names)
	}
	if name == "clusterIP" && !c.chance(4) {
		return pick(c, ips)
	}
	if known := enumerations[name]; known != nil {
		return pick(c, known)
	}
	if name == "hostname" && !c.chance(3) {
		return pick(c, names)
	}
	if name == "addresses" && c.chance(5) {
		return pick(c, hosts)
	}
	if pool := pools[name]; pool != nil {
		return pick(c, pool)
	}
	return pick(c, names)
}

func (c chooser) number() json.Number { return json.Number(pick(c, numbers)) }

var (
	timeType        = reflect.TypeOf(metav1.Time{})
	microTimeType   = reflect.TypeOf(metav1.MicroTime{})
	intOrStringType = reflect.TypeOf(intstr.IntOrString{})
	fieldsType      = reflect.TypeOf(metav1.FieldsV1{})
)

// value gives a value of the Go type, as the field `name` of `owner`.
func (c chooser) value(typed reflect.Type, owner reflect.Type, name string, depth int) any {
	switch typed {
	case timeType, microTimeType:
		return pick(c, times)
	case fieldsType:
		return parse(pick(c, []string{`{}`, `{"f:metadata":{"f:labels":{}}}`, `{"a":1}`, `{"f:spec":{"k:{\"port\":80}":{}}}`}))
	case intOrStringType:
		if c.chance(2) {
			return c.number()
		}
		return pick(c, append([]string{"80", "0", "http", "70000"}, portNames...))
	}
	switch typed.Kind() {
	case reflect.Pointer:
		return c.value(typed.Elem(), owner, name, depth)
	case reflect.String:
		return c.text(owner, name)
	case reflect.Bool:
		return c.chance(2)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return c.number()
	case reflect.Slice:
		items := []any{}
		for range pick(c, []int{0, 1, 1, 1, 2, 2, 3}) {
			items = append(items, c.value(typed.Elem(), owner, name, depth))
		}
		return items
	case reflect.Map:
		result := &object{}
		for range pick(c, []int{0, 1, 1, 2, 3}) {
			if name == "annotations" {
				key := pick(c, append(annotationKeys, keys...))
				result.set(key, c.under(key, annotationValues))
			} else {
				key := pick(c, append(labelKeys, keys...))
				result.set(key, c.under(key, labelValues))
			}
		}
		if name == "annotations" && c.chance(60) {
			result.set("example.com/huge", huge)
		}
		return result
	case reflect.Struct:
		result := &object{}
		for _, field := range fieldsOf(typed) {
			if depth > 0 && c.chance(2) {
				result.set(field.name, c.value(field.typed, typed, field.name, depth-1))
			}
		}
		return result
	}
	return nil
}

// under gives a value for a key of annotations or labels.
func (c chooser) under(key string, known map[string][]string) string {
	pool := known[key]
	if pool == nil || c.chance(8) {
		return pick(c, values)
	}
	value := pick(c, pool)
	if key == sourceRangesKey && c.chance(2) {
		value += pick(c, []string{",", ", ", " ,\u00a0"}) + pick(c, pool)
	}
	return value
}

// junk is a value of any JSON type, which the field most likely is not.
func (c chooser) junk() any {
	return parse(pick(c, []string{`"str"`, `7`, `1.5`, `true`, `false`, `null`, `{}`, `[]`, `[{}]`, `[1]`, `["a"]`, `{"a":1}`, `""`, `[null]`, `{"a":null}`, `[[]]`, `"80"`, `-1`, `1e3`, `{"a":"b"}`, `[{"name":"x"}]`}))
}
