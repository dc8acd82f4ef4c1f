// Package components builds the real components with `go build`, each from the
// Go module that pins it, into the folder bin/ of the harness.
package components

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

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
	CoreDNS           = Component{"coredns", "github.com/coredns/coredns", "modules/coredns"}
)

// Build builds the component where it is not built yet, and gives its path.
// A binary older than the go.mod that pins it is built anew.
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
	if upToDate(path, filepath.Join(module, "go.mod")) {
		return path, nil
	}
	fmt.Fprintf(os.Stderr, "building %s (the first time takes minutes)\n", component.Name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, component.Package)
	build.Dir = module
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("%w: %s could not be built: %w", command.ErrMissing, component.Name, err)
	}
	return path, nil
}

// upToDate is true where the binary is younger than the file that pins it.
func upToDate(binary, pins string) bool {
	built, err := os.Stat(binary)
	if err != nil {
		return false
	}
	pinned, err := os.Stat(pins)
	return err == nil && built.ModTime().After(pinned.ModTime())
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

// Installed gives the path of a program that the system's package brings.
func Installed(program, debianPackage string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%w: %s is not installed (Debian package %s)", command.ErrMissing, program, debianPackage)
	}
	return path, nil
}
