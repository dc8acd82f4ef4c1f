// Package components builds the real components with `go build`, each from the
// Go module that pins it, into the folder bin/ of the harness.
package components

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"portolan/reference/internal/command"
)

// A Component is a program of the real system and where it is built from.
type Component struct {
	// Name is the name of the binary.
	Name string
	// Package is the Go package of its main function.
	Package string
	// Module is the folder, relative to the harness, of the Go module whose
	// go.mod pins it; "." is the harness itself.
	Module string
}

// The components that the rooms ask.
var (
	APIServer         = Component{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "."}
	ControllerManager = Component{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", "."}
	Proxy             = Component{"kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy", "."}
	Kubectl           = Component{"kubectl", "k8s.io/kubernetes/cmd/kubectl", "modules/kubectl"}
	CoreDNS           = Component{"coredns", "github.com/coredns/coredns", "modules/coredns"}
	Contour           = Component{"contour", "github.com/projectcontour/contour/cmd/contour", "modules/contour"}
	KubeletFiles      = Component{"kubelet-files", ".", "modules/kubelet"}
	Kubeconform       = Component{"kubeconform-v0.8.0", "github.com/yannh/kubeconform/cmd/kubeconform", "modules/kubeconform"}
)

// Build builds the component where it is not built yet, and gives its path.
// Beside each binary stands a digest of the go.mod that it was built from; with
// another go.mod it is built anew.
func Build(component Component) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("%w: Go is not installed (1.26 or later builds the reference components)", command.ErrMissing)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, component.Module)
	path := filepath.Join(root, "bin", component.Name)
	wanted, err := pins(module)
	if err != nil {
		return "", err
	}
	stamp := path + ".go-mod"
	if built, err := os.ReadFile(stamp); err == nil && string(built) == wanted {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	fmt.Fprintf(os.Stderr, "building %s (the first time takes minutes)\n", component.Name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, component.Package)
	build.Dir = module
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("%w: %s could not be built: %w", command.ErrMissing, component.Name, err)
	}
	return path, os.WriteFile(stamp, []byte(wanted), 0o644)
}

// pins is a digest of the module's go.mod, which a binary is built from.
func pins(module string) (string, error) {
	content, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(content)), nil
}

// Root is the folder of the harness: $PORTOLAN_REFERENCE, which the entry point
// sets, else where this source was compiled.
func Root() (string, error) {
	if root := os.Getenv("PORTOLAN_REFERENCE"); root != "" {
		return root, nil
	}
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", fmt.Errorf("%w: start the room by tests/reference/run", command.ErrMissing)
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file))), nil
}

// Installed gives the path of a program that a package brings, which the error
// names: "Debian etcd-server".
func Installed(program, pack string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%w: %s is not installed (package: %s)", command.ErrMissing, program, pack)
	}
	return path, nil
}

// SourceOf gives the folder with the source of a module that a component's
// module requires.
func SourceOf(component Component, module string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	list.Dir = filepath.Join(root, component.Module)
	output, err := list.Output()
	return strings.TrimSpace(string(output)), err
}
