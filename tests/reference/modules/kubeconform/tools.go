//go:build tools

// Package tools names kubeconform, which is built from this module of its own:
// its dependencies are not those of Kubernetes 1.36.
package tools

import _ "github.com/yannh/kubeconform/cmd/kubeconform"
