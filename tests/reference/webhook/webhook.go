// Package webhook puts `portolan webhook` behind a real kube-apiserver, and
// checks what the server's clients get to see.
package webhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	sigs "sigs.k8s.io/yaml"

	"portolan/reference/controlplane"
	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/process"
)

// A session is a webhook behind a server, and what was checked so far.
type session struct {
	plane  *controlplane.ControlPlane
	client *http.Client
	url    string
	cases  []command.Case
}

// Run starts the webhook, tells the server of it, and gives what was checked.
func Run(plane *controlplane.ControlPlane, binary string) ([]command.Case, error) {
	run := &session{plane: plane}
	if err := run.deployment(); err != nil {
		return nil, err
	}
	authority, err := writeCertificate(plane.Directory)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := run.account()
	if err != nil {
		return nil, err
	}
	ports, err := controlplane.FreePorts(1)
	if err != nil {
		return nil, err
	}
	run.url = fmt.Sprintf("https://127.0.0.1:%d", ports[0])
	run.client = trusting(authority)
	webhook, err := process.Start(filepath.Join(plane.Directory, "webhook.log"), binary, "webhook",
		"--listen", fmt.Sprintf("127.0.0.1:%d", ports[0]), "--kubeconfig", kubeconfig,
		"--tls-cert-file", filepath.Join(plane.Directory, "tls.crt"), "--tls-private-key-file", filepath.Join(plane.Directory, "tls.key"),
		"--log-level", "debug", "--stale-after", "2s", "--fail", "closed")
	if err != nil {
		return nil, err
	}
	defer webhook.Stop()
	if err := webhook.Ready(30*time.Second, func() bool { return run.get("/readyz") == http.StatusOK }); err != nil {
		return nil, err
	}
	if err := run.configure(authority); err != nil {
		return nil, err
	}
	if err := run.objects(); err != nil {
		return nil, err
	}
	if err := run.kubectl(); err != nil {
		return nil, err
	}
	return run.cases, nil
}

// deployment sends every manifest of deploy/ to the server, which has to take
// it: as a dry run first, then for good where the rest of the run needs it.
func (run *session) deployment() error {
	root, err := components.Root()
	if err != nil {
		return err
	}
	folder := filepath.Join(root, "..", "..", "deploy")
	// The namespace has to be there before what is in it, also for a dry run.
	names := []string{"namespace.yaml", "rbac.yaml", "service.yaml", "network-policy.yaml", "deployment.yaml", "webhook.yaml"}
	found, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	if len(found) != len(names) {
		return fmt.Errorf("deploy/ has %d manifests, and %d are sent", len(found), len(names))
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		for index, document := range strings.Split(string(text), "\n---\n") {
			object, err := sigs.YAMLToJSON([]byte(document))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			path, err := collection(object)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for _, query := range []string{"?fieldValidation=Strict&dryRun=All", "?fieldValidation=Strict"} {
				if name == "webhook.yaml" && !strings.Contains(query, "dryRun") {
					continue
				}
				response, err := run.plane.Send(http.MethodPost, path+query, "application/json", object)
				if err != nil {
					return err
				}
				run.check(fmt.Sprintf("deploy/%s, document %d%s", name, index, query), query, map[string]string{
					"code":     equal(fmt.Sprint(http.StatusCreated), fmt.Sprint(response.Code), string(response.Body)),
					"warnings": equal("[]", fmt.Sprint(response.Warnings), ""),
				})
			}
		}
	}
	return nil
}

// account makes a kubeconfig for the account that deploy/ describes, so that
// the webhook can do no more than the ClusterRole says.
func (run *session) account() (string, error) {
	body := []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}`)
	code, answer, err := run.plane.Do(http.MethodPost, "/api/v1/namespaces/portolan/serviceaccounts/portolan/token", body)
	if err != nil || code != http.StatusCreated {
		return "", fmt.Errorf("no token for the account: %d %s %w", code, answer, err)
	}
	var request struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	if err := json.Unmarshal(answer, &request); err != nil {
		return "", err
	}
	path := filepath.Join(run.plane.Directory, "webhook.kubeconfig")
	certificate := filepath.Join(run.plane.Directory, "certificates", "apiserver.crt")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: u, user: {token: %s}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
`, run.plane.URL, certificate, request.Status.Token)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

// configure tells the server of the webhook: the configuration of deploy/, at
// the address on loopback, and waits until the server asks it.
func (run *session) configure(authority []byte) error {
	root, err := components.Root()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, "..", "..", "deploy", "webhook.yaml"))
	if err != nil {
		return err
	}
	var configuration map[string]any
	if err := sigs.Unmarshal(text, &configuration); err != nil {
		return err
	}
	hook := configuration["webhooks"].([]any)[0].(map[string]any)
	hook["clientConfig"] = map[string]any{"url": run.url + "/validate", "caBundle": base64.StdEncoding.EncodeToString(authority)}
	hook["failurePolicy"] = "Fail"
	body, err := json.Marshal(configuration)
	if err != nil {
		return err
	}
	code, answer, err := run.plane.Do(http.MethodPost, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", body)
	if err != nil || code != http.StatusCreated {
		return fmt.Errorf("the configuration was not taken: %d %s %w", code, answer, err)
	}
	// The server takes a moment to see it.
	for range 200 {
		response, err := run.send(http.MethodPost, "/apis/networking.k8s.io/v1/namespaces/default/ingresses?dryRun=All", ingress("probe", "nobody", 80))
		if err != nil {
			return err
		}
		if len(response.Warnings) > 0 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the server does not ask the webhook")
}

// check notes a case: what was seen in each of its parts, nothing where it was
// as it should be.
func (run *session) check(name, asked string, seen map[string]string) {
	one := command.Case{Name: name, Asked: asked}
	for part, differs := range seen {
		if differs != "" {
			want, got, _ := strings.Cut(differs, "\x00")
			one.Differences = append(one.Differences, difference.Difference{Path: part, Want: want, Got: got})
		}
	}
	run.cases = append(run.cases, one)
}

func equal(want, got, detail string) string {
	if want == got {
		return ""
	}
	return want + "\x00" + got + " " + detail
}

func contains(want, got string) string {
	if strings.Contains(got, want) {
		return ""
	}
	return want + "\x00" + got
}

func (run *session) send(method, path string, body string) (controlplane.Response, error) {
	return run.plane.Send(method, path, "application/json", []byte(body))
}

func (run *session) get(path string) int {
	answer, err := run.client.Get(run.url + path)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// collection is where objects of that kind are created.
func collection(object []byte) (string, error) {
	var read struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Namespace string `json:"namespace"`
		} `json:"metadata"`
	}
	if err := json.NewDecoder(bytes.NewReader(object)).Decode(&read); err != nil {
		return "", err
	}
	path := "/apis/" + read.APIVersion
	if !strings.Contains(read.APIVersion, "/") {
		path = "/api/" + read.APIVersion
	}
	if read.Metadata.Namespace != "" {
		path += "/namespaces/" + read.Metadata.Namespace
	}
	plural := strings.ToLower(read.Kind) + "s"
	if strings.HasSuffix(plural, "ys") {
		plural = strings.TrimSuffix(plural, "ys") + "ies"
	}
	return path + "/" + plural, nil
}
