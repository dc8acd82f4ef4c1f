// Package cluster records what kube-controller-manager, kube-proxy and CoreDNS
// make of a generated cluster, and holds the project's `endpoints`, `backends`
// and `resolve` answers against it.
package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"portolan/reference/controlplane"
	"portolan/reference/internal/components"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/network"
	"portolan/reference/internal/process"
)

// Record is a cluster and what the real components answered; the fields of the
// shared vectors.
type Record struct {
	Seed           string                      `json:"seed"`
	Objects        []object                    `json:"objects"`
	Endpoints      []object                    `json:"endpoints"`
	EndpointSlices []object                    `json:"endpointSlices"`
	Proxy          map[string]map[string][]Row `json:"proxy"`
	// ProxyOwn tells, by node and family, what the node itself gets where that is
	// not what others get, and the cluster IPs whose other ports are rejected.
	ProxyOwn map[string]map[string][]Row `json:"proxyOwn,omitempty"`
	// Health is what kube-proxy answers at health check node ports, by node.
	Health map[string][]Health `json:"health,omitempty"`
	// Written are the Endpoints and slices that were there before the controllers.
	Written []object `json:"written,omitempty"`
	DNS     []Lookup `json:"dns"`
}

// Health is an answer at a health check node port.
type Health struct {
	Port           int `json:"port"`
	Code           int `json:"code"`
	LocalEndpoints int `json:"localEndpoints"`
}

// A recorder holds the running components of one cluster.
type recorder struct {
	plan       *plan
	plane      *controlplane.ControlPlane
	kubeconfig string
}

// Programs are what the room needs, with the packages that bring them.
var Programs = map[string]string{"nft": "Debian nftables", "ip": "Debian iproute2", "conntrack": "Debian conntrack", "etcd": "Debian etcd-server"}

// Components are what the room builds.
var Components = []components.Component{components.APIServer, components.ControllerManager, components.Proxy, components.CoreDNS}

// Generate stores the cluster of an index of a seed, asks every component and
// stops them. It runs in a network namespace of its own, see [network.Namespace];
// the namespace's address is the first node's.
func Generate(seed uint64, index int) (Record, error) {
	record := Record{Seed: fmt.Sprintf("%d-%d", seed, index)}
	plane, err := controlplane.Start(controlplane.Options{Arguments: []string{"--advertise-address=" + network.Address, "--endpoint-reconciler-type=lease"}})
	if err != nil {
		return record, err
	}
	defer plane.Stop()
	recorder := &recorder{plan: generate(seed, index), plane: plane}
	if recorder.kubeconfig, err = plane.Kubeconfig(); err != nil {
		return record, err
	}
	if err := recorder.store(); err != nil {
		return record, err
	}
	if err := recorder.list(&record.Written, &record.Written, settleMetadata); err != nil {
		return record, err
	}
	if err := recorder.publish(&record); err != nil {
		return record, err
	}
	record.Proxy, record.ProxyOwn, record.Health = map[string]map[string][]Row{}, map[string]map[string][]Row{}, map[string][]Health{}
	for _, node := range recorder.plan.nodes {
		if err = recorder.proxy(node, &record); err != nil {
			return record, fmt.Errorf("kube-proxy on %s: %w", node, err)
		}
	}
	record.DNS, err = recorder.resolve(record)
	return record, err
}

// store creates the planned objects and brings the pods to their states. What
// the server refuses is left out.
func (recorder *recorder) store() error {
	for _, one := range recorder.plan.objects {
		if err := recorder.create(one); err != nil {
			return err
		}
	}
	for _, pod := range recorder.plan.pods {
		if err := recorder.createPod(pod); err != nil {
			return err
		}
	}
	for name, ingress := range recorder.plan.loadBalancers {
		namespace, service, _ := strings.Cut(name, "/")
		path := "/api/v1/namespaces/" + namespace + "/services/" + service + "/status"
		patch := object{"status": object{"loadBalancer": object{"ingress": ingress}}}
		if err := recorder.patch(path, patch); err != nil && !strings.Contains(err.Error(), `"code":404`) {
			return err
		}
	}
	return nil
}

var collections = map[string]string{"Namespace": "/api/v1/namespaces", "Node": "/api/v1/nodes", "Pod": "pods", "Service": "services", "Endpoints": "endpoints", "EndpointSlice": "endpointslices"}

func collection(one object) string {
	kind := one["kind"].(string)
	path := collections[kind]
	if strings.HasPrefix(path, "/") {
		return path
	}
	group := "/api/v1"
	if kind == "EndpointSlice" {
		group = "/apis/discovery.k8s.io/v1"
	}
	return group + "/namespaces/" + one["metadata"].(object)["namespace"].(string) + "/" + path
}

func (recorder *recorder) create(one object) error {
	_, err := recorder.request(http.MethodPost, collection(one), one)
	if err != nil && strings.Contains(err.Error(), `"code":422`) {
		fmt.Fprintf(os.Stderr, "left out: %v\n", err)
		return nil
	}
	if err == nil && one["kind"] == "Node" {
		return recorder.patch(collection(one)+"/"+one["metadata"].(object)["name"].(string)+"/status", object{"status": one["status"]})
	}
	return err
}

func (recorder *recorder) createPod(pod podPlan) error {
	path := collection(pod.object) + "/" + pod.object["metadata"].(object)["name"].(string)
	if _, err := recorder.request(http.MethodPost, collection(pod.object), pod.object); err != nil {
		return err
	}
	status := func() error { return recorder.patch(path+"/status", object{"status": pod.status}) }
	terminate := func() error {
		_, err := recorder.request(http.MethodDelete, path, object{"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 90000})
		return err
	}
	switch pod.terminating {
	case "before":
		if err := terminate(); err != nil {
			return err
		}
		return status()
	case "after":
		if err := status(); err != nil {
			return err
		}
		return terminate()
	}
	return status()
}

func (recorder *recorder) request(method, path string, body any) ([]byte, error) {
	return recorder.send(method, path, "application/json", body)
}

func (recorder *recorder) patch(path string, body any) error {
	_, err := recorder.send(http.MethodPatch, path, "application/merge-patch+json", body)
	return err
}

func (recorder *recorder) send(method, path, contentType string, body any) ([]byte, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	response, err := recorder.plane.Send(method, path, contentType, text)
	if err != nil {
		return nil, err
	}
	if response.Code >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s", method, path, bytes.TrimSpace(response.Body))
	}
	return response.Body, nil
}

// objects lists all objects of a kind, without what the moment of storing gave.
func (recorder *recorder) objects(path, kind, version string) ([]object, error) {
	return recorder.objectsSettled(path, kind, version, settle)
}

func (recorder *recorder) objectsSettled(path, kind, version string, settle func(object)) ([]object, error) {
	body, err := recorder.request(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	var read struct {
		Items []object `json:"items"`
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return nil, err
	}
	for _, one := range read.Items {
		one["kind"], one["apiVersion"] = kind, version
		settle(one)
	}
	return read.Items, nil
}

// settle takes out of a stored object what is no fact.
func settle(one object) {
	settleMetadata(one)
	dropReferences(one)
}

// settleMetadata leaves the uids that somebody wrote into a targetRef: they tell
// two owners of an address apart.
func settleMetadata(one object) {
	metadata, isObject := one["metadata"].(object)
	if !isObject {
		return
	}
	for _, key := range []string{"uid", "creationTimestamp", "resourceVersion", "generation", "managedFields", "ownerReferences"} {
		delete(metadata, key)
	}
	if annotations, found := metadata["annotations"].(object); found {
		delete(annotations, "endpoints.kubernetes.io/last-change-trigger-time")
	}
}

// dropReferences takes the uid and version out of every targetRef.
func dropReferences(value any) {
	switch value := value.(type) {
	case object:
		if reference, found := value["targetRef"].(object); found {
			delete(reference, "uid")
			delete(reference, "resourceVersion")
		}
		for _, inner := range value {
			dropReferences(inner)
		}
	case list:
		for _, inner := range value {
			dropReferences(inner)
		}
	}
}

// publish runs the endpoint controllers until they are done, and reads all
// objects back.
func (recorder *recorder) publish(record *Record) error {
	binary, err := components.Build(components.ControllerManager)
	if err != nil {
		return err
	}
	directory := filepath.Join(recorder.plane.Directory, "controller-manager")
	controllers, err := process.Start(directory+".log", binary,
		"--kubeconfig="+recorder.kubeconfig, "--controllers=endpointslice-controller,endpoints-controller,endpointslice-mirroring-controller",
		"--leader-elect=false", "--secure-port=0", "--cert-dir="+directory)
	if err != nil {
		return err
	}
	defer controllers.Stop()
	previous, since := "", time.Now()
	settled := func() bool {
		record.Endpoints, record.EndpointSlices = nil, nil
		if err = recorder.list(&record.Endpoints, &record.EndpointSlices, settle); err != nil {
			return false
		}
		now := difference.Text([]any{record.Endpoints, record.EndpointSlices})
		if now != previous || !recorder.published(record) {
			previous, since = now, time.Now()
		}
		return time.Since(since) > 2500*time.Millisecond
	}
	if readyErr := controllers.Ready(90*time.Second, settled); readyErr != nil {
		return readyErr
	}
	for _, kind := range []struct{ path, kind, version string }{
		{"/api/v1/namespaces", "Namespace", "v1"}, {"/api/v1/nodes", "Node", "v1"}, {"/api/v1/pods", "Pod", "v1"}, {"/api/v1/services", "Service", "v1"},
	} {
		objects, err := recorder.objects(kind.path, kind.kind, kind.version)
		if err != nil {
			return err
		}
		record.Objects = append(record.Objects, objects...)
	}
	return nil
}

// list appends all Endpoints and all EndpointSlices.
func (recorder *recorder) list(endpoints, slices *[]object, settle func(object)) error {
	for _, kind := range []struct {
		path, kind, version string
		into                *[]object
	}{
		{"/api/v1/endpoints", "Endpoints", "v1", endpoints}, {"/apis/discovery.k8s.io/v1/endpointslices", "EndpointSlice", "discovery.k8s.io/v1", slices},
	} {
		objects, err := recorder.objectsSettled(kind.path, kind.kind, kind.version, settle)
		if err != nil {
			return err
		}
		*kind.into = append(*kind.into, objects...)
	}
	return nil
}

// published is true where every Service with a selector has its Endpoints and a
// slice of the controller's.
func (recorder *recorder) published(record *Record) bool {
	services, err := recorder.objects("/api/v1/services", "Service", "v1")
	if err != nil {
		return false
	}
	have := map[string]bool{}
	for _, one := range record.Endpoints {
		have["Endpoints "+key(one)] = true
	}
	for _, one := range record.EndpointSlices {
		labels, _ := one["metadata"].(object)["labels"].(object)
		have[fmt.Sprint(labels["endpointslice.kubernetes.io/managed-by"], " ", one["metadata"].(object)["namespace"], "/", labels["kubernetes.io/service-name"])] = true
	}
	for _, service := range services {
		spec := service["spec"].(object)
		if spec["selector"] == nil || spec["type"] == "ExternalName" {
			continue
		}
		if !have["Endpoints "+key(service)] || !have["endpointslice-controller.k8s.io "+key(service)] {
			return false
		}
	}
	return true
}

// key is namespace/name.
func key(one object) string {
	metadata := one["metadata"].(object)
	return fmt.Sprint(metadata["namespace"], "/", metadata["name"])
}

// proxy runs kube-proxy as on a node, reads the tables it makes and asks it at
// the health check node ports.
func (recorder *recorder) proxy(node string, record *Record) error {
	binary, err := components.Build(components.Proxy)
	if err != nil {
		return err
	}
	ports, err := controlplane.FreePorts(2)
	if err != nil {
		return err
	}
	health := fmt.Sprintf("127.0.0.1:%d", ports[0])
	running, err := process.Start(filepath.Join(recorder.plane.Directory, "kube-proxy-"+node+".log"), binary,
		"--kubeconfig="+recorder.kubeconfig, "--hostname-override="+node, "--proxy-mode=nftables", "--nodeport-addresses=192.168.50.0/24",
		"--bind-address=0.0.0.0", "--healthz-bind-address="+health, fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", ports[1]),
		"--conntrack-max-per-core=0", "--conntrack-min=0", "--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s")
	if err != nil {
		return err
	}
	defer clearTables()
	defer running.Stop()
	if err := running.Ready(time.Minute, func() bool { return healthy("http://" + health + "/healthz") }); err != nil {
		return err
	}
	rows, own := map[string][]Row{}, map[string][]Row{}
	previous, since := "", time.Now()
	var listErr error
	err = running.Ready(30*time.Second, func() bool {
		for family, name := range map[string]string{"IPv4": "ip", "IPv6": "ip6"} {
			var text []byte
			if text, listErr = exec.Command("nft", "-j", "list", "table", name, "kube-proxy").Output(); listErr != nil {
				return false
			}
			var read *table
			if read, listErr = readTable(text); listErr != nil {
				return true
			}
			if rows[family], listErr = read.rows(); listErr != nil {
				return true
			}
			if own[family], listErr = read.own(); listErr != nil {
				return true
			}
		}
		now := difference.Text(rows)
		if now != previous {
			previous, since = now, time.Now()
		}
		return time.Since(since) > 400*time.Millisecond
	})
	if listErr != nil {
		return listErr
	}
	record.Proxy[node], record.ProxyOwn[node], record.Health[node] = rows, own, record.checkHealth()
	return err
}

// checkHealth asks at every health check node port. A port at which nobody
// answers (its Service is of IPv6 alone) is left out.
func (record *Record) checkHealth() []Health {
	var answers []Health
	for _, one := range record.Objects {
		spec, _ := one["spec"].(object)
		if one["kind"] != "Service" || spec["healthCheckNodePort"] == nil {
			continue
		}
		found := Health{Port: number(spec["healthCheckNodePort"])}
		answer, err := http.Get(fmt.Sprintf("http://%s:%d/healthz", network.Address, found.Port))
		if err != nil {
			continue
		}
		found.Code = answer.StatusCode
		err = json.NewDecoder(answer.Body).Decode(&found)
		_ = answer.Body.Close()
		if err == nil {
			answers = append(answers, found)
		}
	}
	return answers
}

func healthy(url string) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// clearTables removes kube-proxy's tables, for the next node's.
func clearTables() {
	for _, family := range []string{"ip", "ip6"} {
		_ = exec.Command("nft", "delete", "table", family, "kube-proxy").Run()
	}
}

// sortRows sorts by the rows' JSON, as the shared vectors are.
func sortRows(rows []Row) {
	sort.Slice(rows, func(i, j int) bool { return difference.Text(rows[i]) < difference.Text(rows[j]) })
}
