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
	specificPaths = []string{"/x", "/x/y", "/x/", "/foo", "/re/[0-9]+", "/any/.*", "/foo(bar)?", ""}
	// asked are the hosts and paths of the requests, odd the paths that a proxy
	// may bring into another form first.
	askedHosts = []string{"foo.bar.com", "FOO.bar.com", "foo.bar.com:8080", "baz.bar.com", "x.bar.com", "X.bar.com", "a.b.bar.com", "x.foo.bar.com", "bar.com", "shop.example.com", "other.example.com", "nowhere.org", "192.0.2.1"}
	askedPaths = []string{"/", "/foo", "/foo/", "/foobar", "/foo/bar", "/foo/bar/", "/foo/bar/baz", "/foo/barbaz", "/bar", "/bar/x", "/foo.html", "/foo.html/x", "/Foo", "/FOO", "/a", "/a/", "/a/b", "/a/b/c", "/a/b/cd", "/ab", "/foo?x=1", "/a/b?y", "/nope", "/x", "/x/y/z", "/xy", "/re/12", "/re/x", "/any/thing"}
	odd        = []string{"/foo//bar", "//foo", "/a/../foo", "/%66oo", "/foo%2Fbar", "/foo%2fbar", "/foo;x=1", "/foo/./bar", "/foo/%2e%2e/a", "/foo/..", "/foo/../..", "/a//b", "/foo/%2E/bar", "/foo/bar%20", "/foo/bar%3Fx", "/%2Ffoo"}
)

const services = 8

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
		if len(spec) == 0 {
			continue
		}
		ingresses = append(ingresses, object{
			"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
			"metadata": object{"name": fmt.Sprintf("ing%d", number), "namespace": "default"}, "spec": spec,
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

func backend(random *rand.Rand) object {
	port := object{"number": 80}
	if random.IntN(2) == 0 {
		port = object{"name": "http"}
	}
	return object{"service": object{"name": fmt.Sprintf("s%d", 1+random.IntN(services)), "port": port}}
}
