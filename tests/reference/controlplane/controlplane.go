// Package controlplane starts etcd and kube-apiserver on loopback, in a
// temporary folder and on free ports, and ends them again.
package controlplane

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"portolan/reference/internal/components"
	"portolan/reference/internal/process"
)

// token belongs to a member of system:masters.
const token = "reference"

// Options say what the server is started with. The zero value is what the
// recorded vectors were made with.
type Options struct {
	// ServiceClusterIPRange is the flag of that name; "10.0.0.0/16,fd00:10::/108" unless given.
	ServiceClusterIPRange string
	// ServiceNodePortRange is the flag of that name; "30000-32767" unless given.
	ServiceNodePortRange string
	// Arguments are further flags.
	Arguments []string
}

// A ControlPlane is a running etcd and kube-apiserver.
type ControlPlane struct {
	Options
	// URL is where the server listens.
	URL string
	// Directory is the temporary folder of both.
	Directory string
	client    *http.Client
	etcdURL   string
	processes []*process.Process
}

// Start builds what is not built, starts both and waits until the server is
// ready (two minutes at most).
func Start(options Options) (*ControlPlane, error) {
	if options.ServiceClusterIPRange == "" {
		options.ServiceClusterIPRange = "10.0.0.0/16,fd00:10::/108"
	}
	if options.ServiceNodePortRange == "" {
		options.ServiceNodePortRange = "30000-32767"
	}
	etcd, err := components.Installed("etcd", "Debian etcd-server")
	if err != nil {
		return nil, err
	}
	server, err := components.Build(components.APIServer)
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "portolan-reference-")
	if err != nil {
		return nil, err
	}
	plane := &ControlPlane{Options: options, Directory: directory}
	if err := plane.start(etcd, server); err != nil {
		plane.Stop()
		return nil, err
	}
	return plane, nil
}

func (plane *ControlPlane) start(etcd, server string) error {
	ports, err := FreePorts(3)
	if err != nil {
		return err
	}
	plane.etcdURL = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	peer := fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	store, err := process.Start(filepath.Join(plane.Directory, "etcd.log"), etcd,
		"--data-dir", filepath.Join(plane.Directory, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", plane.etcdURL, "--advertise-client-urls", plane.etcdURL,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
	if err != nil {
		return err
	}
	plane.processes = append(plane.processes, store)
	if err := store.Ready(30*time.Second, func() bool { return reachable(http.DefaultClient, plane.etcdURL+"/health", "") }); err != nil {
		return err
	}
	key, tokens := filepath.Join(plane.Directory, "service-account.key"), filepath.Join(plane.Directory, "tokens.csv")
	if err := writeKey(key); err != nil {
		return err
	}
	if err := os.WriteFile(tokens, []byte(token+",admin,admin,system:masters\n"), 0o600); err != nil {
		return err
	}
	plane.URL = fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	certificates := filepath.Join(plane.Directory, "certificates")
	arguments := []string{
		"--etcd-servers=" + plane.etcdURL,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", ports[2]), "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--cert-dir=" + certificates,
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-signing-key-file=" + key, "--service-account-key-file=" + key,
		"--token-auth-file=" + tokens, "--authorization-mode=RBAC",
		"--service-cluster-ip-range=" + plane.ServiceClusterIPRange, "--service-node-port-range=" + plane.ServiceNodePortRange,
		"--enable-priority-and-fairness=false", "--max-requests-inflight=0", "--max-mutating-requests-inflight=0",
		"--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
	}
	apiserver, err := process.Start(filepath.Join(plane.Directory, "kube-apiserver.log"), server, append(arguments, plane.Arguments...)...)
	if err != nil {
		return err
	}
	plane.processes = append(plane.processes, apiserver)
	ready := func() bool {
		if plane.client == nil {
			plane.client = trusting(filepath.Join(certificates, "apiserver.crt"))
		}
		return plane.client != nil && reachable(plane.client, plane.URL+"/readyz", token)
	}
	if err := apiserver.Ready(2*time.Minute, ready); err != nil {
		return err
	}
	// The ranges are stored as ServiceCIDR objects; a Service before that is refused.
	return apiserver.Ready(time.Minute, func() bool {
		code, body, err := plane.Do(http.MethodGet, "/apis/networking.k8s.io/v1/servicecidrs/kubernetes", nil)
		if err != nil || code != http.StatusOK || !bytes.Contains(body, []byte(`"Ready"`)) {
			return false
		}
		code, _, err = plane.Do(http.MethodGet, "/api/v1/namespaces/default/services/kubernetes", nil)
		return err == nil && code == http.StatusOK
	})
}

// Stop ends both and removes their folder.
func (plane *ControlPlane) Stop() {
	for index := len(plane.processes) - 1; index >= 0; index-- {
		plane.processes[index].Kill()
	}
	_ = os.RemoveAll(plane.Directory)
}

// A Response is what the server answered.
type Response struct {
	Code     int
	Body     []byte
	Warnings []string
}

// Do sends a JSON request and gives the code and the body.
func (plane *ControlPlane) Do(method, path string, body []byte) (int, []byte, error) {
	response, err := plane.Send(method, path, "application/json", body)
	return response.Code, response.Body, err
}

// Send sends a request with a body of the given type.
func (plane *ControlPlane) Send(method, path, contentType string, body []byte) (Response, error) {
	request, err := http.NewRequest(method, plane.URL+path, bytes.NewReader(body))
	if err != nil {
		return Response{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := plane.client.Do(request)
	if err != nil {
		return Response{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return Response{answer.StatusCode, content, answer.Header.Values("Warning")}, err
}

// Store writes an object straight into etcd, past admission: what an older
// server once accepted. `key` is the key below /registry/.
func (plane *ControlPlane) Store(key string, object []byte) error {
	body, err := json.Marshal(map[string]string{
		"key":   base64.StdEncoding.EncodeToString([]byte("/registry/" + key)),
		"value": base64.StdEncoding.EncodeToString(object),
	})
	if err != nil {
		return err
	}
	return plane.etcd("put", body)
}

// Erase removes an object from etcd, whatever finalizers it has. `key` is the
// key below /registry/.
func (plane *ControlPlane) Erase(key string) error {
	body, err := json.Marshal(map[string]string{"key": base64.StdEncoding.EncodeToString([]byte("/registry/" + key))})
	if err != nil {
		return err
	}
	return plane.etcd("deleterange", body)
}

func (plane *ControlPlane) etcd(operation string, body []byte) error {
	answer, err := http.Post(plane.etcdURL+"/v3/kv/"+operation, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		content, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("etcd: %s: %s", answer.Status, content)
	}
	return nil
}

// Kubeconfig writes a kubeconfig file (context "reference") and gives its path.
func (plane *ControlPlane) Kubeconfig() (string, error) {
	path := filepath.Join(plane.Directory, "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: reference, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: reference, user: {token: %s}}]
contexts: [{name: reference, context: {cluster: reference, user: reference}}]
current-context: reference
`, plane.URL, filepath.Join(plane.Directory, "certificates", "apiserver.crt"), token)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

// FreePorts gives ports of the loopback interface that nobody listens on.
func FreePorts(count int) ([]int, error) {
	ports := make([]int, count)
	for index := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports[index] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func reachable(client *http.Client, url, token string) bool {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode == http.StatusOK
}

// trusting gives a client that trusts the certificate that the server wrote for
// itself, or nil while it has not.
func trusting(certificate string) *http.Client {
	data, err := os.ReadFile(certificate)
	if err != nil {
		return nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: false}
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func writeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), 0o600)
}
