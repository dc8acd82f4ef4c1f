package webhook

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
	services  = "/api/v1/namespaces/default/services"
	pods      = "/api/v1/namespaces/default/pods"
)

func ingress(name, service string, port int) string {
	return fmt.Sprintf(`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":%q},"spec":{"rules":[{"host":"%s.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":%q,"port":{"number":%d}}}}]}}]}}`, name, name, service, port)
}

func service(name string, port int) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":%q},"spec":{"selector":{"app":%q},"ports":[{"port":%d}]}}`, name, name, port)
}

func pod(name string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"labels":{"app":%q}},"spec":{"automountServiceAccountToken":false,"containers":[{"name":"c","image":"registry.example.com/c:1"}]}}`, name, name)
}

// objects sends good, doubtful and bad objects, and looks at what their sender
// gets back.
func (run *session) objects() error {
	const denied = `admission webhook "portolan.portolan.svc" denied the request: `
	type sent struct {
		name, method, path, body string
		code                     int
		message                  string
		warnings                 []string
	}
	create := func(name, path, body string, code int, message string, warnings ...string) sent {
		return sent{name, http.MethodPost, path, body, code, message, warnings}
	}
	leading := ingress("front", "web", 80)
	steps := []sent{
		create("a Service", services, service("web", 80), http.StatusCreated, ""),
		create("its pod", pods, pod("web"), http.StatusCreated, ""),
		// The Service was created a moment before.
		create("an Ingress that names a port the Service does not have", ingresses, ingress("bad", "web", 8080), http.StatusUnprocessableEntity,
			denied+"ING002 spec.rules[0].http.paths[0].backend.service.port.number: Service default/web has no port 8080 (it has 80)"),
		create("the same as a dry run", ingresses+"?dryRun=All", ingress("bad", "web", 8080), http.StatusUnprocessableEntity, denied+"ING002"),
		create("an Ingress whose Service is not there", ingresses, ingress("early", "nobody", 80), http.StatusCreated, "",
			"ING001 spec.rules[0].http.paths[0].backend.service.name: there is no Service default/nobody"),
		create("an ExternalName that is an address", services, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"out"},"spec":{"type":"ExternalName","externalName":"10.0.0.1"}}`,
			http.StatusUnprocessableEntity, denied+"SVC004 spec.externalName: 10.0.0.1 is an address"),
		create("what the server refuses itself", services, service("wrong", 70000), http.StatusUnprocessableEntity, `Service "wrong" is invalid: [spec.ports[0].port: Invalid value: 70000`),
		create("a good Ingress", ingresses, leading, http.StatusCreated, "", "ING003 spec.rules[0].http.paths[0].backend.service.name: Service default/web has no ready endpoint for port 80"),
		{"an Ingress that becomes bad", http.MethodPut, ingresses + "/front", strings.Replace(leading, `"number":80`, `"number":81`, 1), http.StatusUnprocessableEntity, denied + "ING002", nil},
		{"a Service that takes its port from an Ingress", http.MethodPut, services + "/web", service("web", 81), http.StatusOK, "",
			[]string{"ING002 Ingress default/front: Service default/web has no port 80 (it has 81)"}},
		{"a Service that an Ingress sends to", http.MethodDelete, services + "/web", "", http.StatusOK, "", []string{"ING001 Ingress default/front: there is no Service default/web"}},
	}
	for _, step := range steps {
		// What was stored is seen a moment later.
		var differences map[string]string
		for range 40 {
			response, err := run.send(step.method, step.path, step.body)
			if err != nil {
				return err
			}
			differences = map[string]string{
				"code":    equal(fmt.Sprint(step.code), fmt.Sprint(response.Code), string(response.Body)),
				"message": contains(escaped(step.message), string(response.Body)),
			}
			for index, warning := range step.warnings {
				differences[fmt.Sprintf("warnings[%d]", index)] = contains(warning, strings.Join(response.Warnings, "\n"))
			}
			if len(step.warnings) == 0 && len(response.Warnings) > 0 {
				differences["warnings"] = equal("[]", fmt.Sprint(response.Warnings), "")
			}
			// A refusal that was expected and did not come has stored the object: it cannot be sent again.
			if step.method != http.MethodPost || response.Code == http.StatusCreated || differences["code"] == "" {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		run.check(step.name, step.body, differences)
		// The watch has seen what was stored long before a person writes the next thing; here it gets a moment.
		time.Sleep(300 * time.Millisecond)
	}
	return nil
}

// escaped is a text as it stands in a JSON string.
func escaped(text string) string {
	return strings.ReplaceAll(text, `"`, `\"`)
}
