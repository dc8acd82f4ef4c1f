//go:build tools

// Package tools names the CoreDNS program, which is built from this module of
// its own: its dependencies are not those of Kubernetes 1.36.
package tools

import _ "github.com/coredns/coredns"
