//go:build tools

// Package tools names kubectl, which is built from this module of its own: what
// it needs beside the servers is nobody else's.
package tools

import _ "k8s.io/kubernetes/cmd/kubectl"
