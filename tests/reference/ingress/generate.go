package ingress

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// An object is a Kubernetes object as plain JSON values, a list a JSON array.
type (
	object = map[string]any
	list   = []any
)

var (
	hosts         = []string{"foo.bar.com", "baz.bar.com", "shop.example.com", "*.bar.com", "*.foo.bar.com", "*.example.com", ""}
	paths         = []string{"/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/bar", "/a", "/a/b", "/a/b/c", "/ab", "/foo.html", "/Foo", "/foo/bar/baz", "/a/"}
	specificPaths = []string{"/x", "/x/y", "/x/", "/foo", "/re/[0-9]+", "/any/.*", "/foo(bar)?", "/re[", "/a/b+(", ""}
	// asked are the hosts and paths of the requests, odd the paths that a proxy
	// may bring into another form first.
	askedHosts = []string{"foo.bar.com", "FOO.bar.com", "foo.bar.com:8080", "baz.bar.com", "x.bar.com", "X.bar.com", "a.b.bar.com", "x.foo.bar.com", "bar.com", "shop.example.com", "other.example.com", "nowhere.org", "192.0.2.1"}
	askedPaths = []string{"/", "/foo", "/foo/", "/foobar", "/foo/bar", "/foo/bar/", "/foo/bar/baz", "/foo/barbaz", "/bar", "/bar/x", "/foo.html", "/foo.html/x", "/Foo", "/FOO", "/a", "/a/", "/a/b", "/a/b/c", "/a/b/cd", "/ab", "/foo?x=1", "/a/b?y", "/nope", "/x", "/x/y/z", "/xy", "/re/12", "/re/x", "/any/thing"}
	odd        = []string{"/foo//bar", "//foo", "/a/../foo", "/%66oo", "/foo%2Fbar", "/foo%2fbar", "/foo;x=1", "/foo/./bar", "/foo/%2e%2e/a", "/foo/..", "/foo/../..", "/a//b", "/foo/%2E/bar", "/foo/bar%20", "/foo/bar%3Fx", "/%2Ffoo"}
)

const services = 8

// secureHosts and securePaths are what is asked over TLS.
var (
	secureHosts = []string{"foo.bar.com", "baz.bar.com", "x.bar.com", "a.b.bar.com", "x.foo.bar.com", "shop.example.com", "other.example.com"}
	securePaths = []string{"/", "/foo", "/foo/bar", "/bar", "/a/b/c", "/x/y/z", "/re/12"}
)

// generate makes the Ingresses of an index of a seed; the later, the younger.
// No two rules have the same host and path: Contour lets Go's map order decide
// between them.
func generate(seed uint64, index int) []object {
	random := rand.New(rand.NewPCG(seed, uint64(index)))
	var ingresses []object
	taken := map[string]bool{}
	for number := range 3 + random.IntN(4) {
		spec := object{}
		if random.IntN(3) == 0 && !taken[" Prefix "] {
			taken[" Prefix "] = true
			spec["defaultBackend"] = backend(random)
		}
		rules := list{}
		for range 1 + random.IntN(3) {
			rule := object{}
			host := hosts[random.IntN(len(hosts))]
			if host != "" {
				rule["host"] = host
			}
			entries := list{}
			for range 1 + random.IntN(4) {
				one := entry(random)
				kind, path := one["pathType"], one["path"].(string)
				if kind != "Exact" && strings.Trim(path, "/") == "" {
					// Every path, as a default backend takes it too.
					kind, path = "Prefix", ""
				}
				if kind == "Prefix" {
					path = strings.TrimSuffix(path, "/")
				}
				if key := fmt.Sprint(host, " ", kind, " ", path); !taken[key] {
					taken[key] = true
					entries = append(entries, one)
				}
			}
			if len(entries) > 0 {
				rule["http"] = object{"paths": entries}
				rules = append(rules, rule)
			}
		}
		if len(rules) > 0 {
			spec["rules"] = rules
		}
		if random.IntN(2) == 0 {
			spec["tls"] = certificates(random)
		}
		metadata := object{"name": fmt.Sprintf("ing%d", number), "namespace": "default"}
		if random.IntN(2) == 0 {
			manner(random, metadata, spec)
		}
		if spec["rules"] == nil && spec["defaultBackend"] == nil {
			continue
		}
		ingresses = append(ingresses, object{
			"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
			"metadata": metadata, "spec": spec,
		})
	}
	return ingresses
}

func entry(random *rand.Rand) object {
	if random.IntN(12) == 0 {
		return object{"path": specificPaths[random.IntN(len(specificPaths))], "pathType": "ImplementationSpecific", "backend": backend(random)}
	}
	kind := "Prefix"
	if random.IntN(5) < 2 {
		kind = "Exact"
	}
	return object{"path": paths[random.IntN(len(paths))], "pathType": kind, "backend": backend(random)}
}

// certificates names a few hosts and Secrets, usable and not.
func certificates(random *rand.Rand) list {
	var entries list
	for range 1 + random.IntN(2) {
		entry := object{"hosts": list{}}
		for range random.IntN(3) {
			if host := hosts[random.IntN(len(hosts))]; host != "" {
				entry["hosts"] = append(entry["hosts"].(list), host)
			}
		}
		if secret := []string{"good", "good", "good", "opaque", "half", "typed", "gone", ""}[random.IntN(8)]; secret != "" {
			entry["secretName"] = secret
		}
		entries = append(entries, entry)
	}
	return entries
}

// manner gives an Ingress a class or annotations that Contour acts by.
func manner(random *rand.Rand, metadata, spec object) {
	classes := []string{"contour", "contour", "", "", "other"}
	annotations := object{}
	if random.IntN(3) == 0 {
		annotations["kubernetes.io/ingress.class"] = classes[random.IntN(len(classes))]
	}
	if random.IntN(3) == 0 {
		annotations["projectcontour.io/ingress.class"] = classes[random.IntN(len(classes))]
	}
	if class := classes[random.IntN(len(classes))]; class != "" && random.IntN(3) == 0 && annotations["kubernetes.io/ingress.class"] == nil {
		spec["ingressClassName"] = class
	}
	if random.IntN(3) == 0 {
		annotations["ingress.kubernetes.io/force-ssl-redirect"] = []string{"true", "true", "false", "True"}[random.IntN(4)]
	}
	if random.IntN(3) == 0 {
		annotations["kubernetes.io/ingress.allow-http"] = []string{"false", "false", "true", "no"}[random.IntN(4)]
	}
	metadata["annotations"] = annotations
}

// others are the objects that Contour serves nothing from, and the Secrets; the
// text of these is left out.
func others() []object {
	service := func(name string, spec object) object {
		return object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": "default"}, "spec": spec}
	}
	secret := func(name, kind string, keys ...string) object {
		data := object{}
		for _, key := range keys {
			data[key] = "eA=="
		}
		return object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": name, "namespace": "default"}, "type": kind, "data": data}
	}
	udp, tcp := object{"name": "udp", "port": 53, "protocol": "UDP"}, object{"name": "tcp", "port": 53, "protocol": "TCP"}
	return []object{
		service("external", object{"type": "ExternalName", "externalName": "example.com", "ports": list{object{"name": "http", "port": 80}}}),
		service("both", object{"ports": list{udp, tcp}}),
		secret("good", "kubernetes.io/tls", "tls.crt", "tls.key"), secret("opaque", "Opaque", "tls.crt", "tls.key"),
		secret("half", "Opaque", "tls.crt"), secret("typed", "example.com/certificate", "tls.crt", "tls.key"),
	}
}

func backend(random *rand.Rand) object {
	if random.IntN(12) == 0 {
		odd := []object{
			{"name": "external", "port": object{"number": 80}}, {"name": "gone", "port": object{"number": 80}}, {"name": "s1", "port": object{"number": 81}},
			{"name": "s1", "port": object{"name": "gone"}}, {"name": "both", "port": object{"number": 53}}, {"name": "both", "port": object{"name": "tcp"}},
		}
		return object{"service": odd[random.IntN(len(odd))]}
	}
	port := object{"number": 80}
	if random.IntN(2) == 0 {
		port = object{"name": "http"}
	}
	return object{"service": object{"name": fmt.Sprintf("s%d", 1+random.IntN(services)), "port": port}}
}
