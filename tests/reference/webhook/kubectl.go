package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"portolan/reference/internal/components"
)

// kubectl applies objects as people do, and looks at what they read: a bad
// Ingress is refused in the webhook's words, a doubtful one passes with a
// warning, and a Service that was applied a moment before is seen.
func (run *session) kubectl() error {
	path, err := components.Build(components.Kubectl)
	if err != nil {
		return err
	}
	kubeconfig, err := run.plane.Kubeconfig()
	if err != nil {
		return err
	}
	apply := func(object string) (string, int, error) {
		command := exec.Command(path, "--kubeconfig", kubeconfig, "apply", "-f", "-")
		command.Stdin = strings.NewReader(object)
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		err := command.Run()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			return "", 0, err
		}
		return said.String(), command.ProcessState.ExitCode(), nil
	}
	const denied = `is invalid: spec.rules[0].http.paths[0].backend.service.port.number: ING002 Service default/late has no port 8080 (it has 80)`
	const doubtful = "Warning: ING001 spec.rules[0].http.paths[0].backend.service.name: there is no Service default/never"
	steps := []struct {
		name, object, words string
		status              int
	}{
		{"a Service", service("late", 80), "service/late created", 0},
		// Until the webhook has seen the Service, it misses it, and says so; each try is another Ingress.
		{"an Ingress that names a port the Service does not have", ingress("apply-%d", "late", 8080), denied, 1},
		{"an Ingress whose Service is not there", ingress("apply-early", "never", 80), doubtful, 0},
	}
	for _, step := range steps {
		var said string
		var status int
		for try := range 20 {
			said, status, err = apply(strings.ReplaceAll(step.object, "%d", fmt.Sprint(try)))
			if err != nil {
				return err
			}
			if status == step.status && strings.Contains(said, step.words) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		run.check("kubectl apply: "+step.name, step.object, map[string]string{
			"status": equal(fmt.Sprint(step.status), fmt.Sprint(status), said),
			"words":  contains(step.words, said),
		})
	}
	return nil
}
