// Command webhook lets a real kube-apiserver ask `portolan webhook` about what
// it is sent, and checks what its clients see of the answers.
package main

import (
	"flag"

	"portolan/reference/controlplane"
	"portolan/reference/internal/command"
	"portolan/reference/webhook"
)

func main() {
	options := command.Flags("cases", 0)
	flag.Parse()
	cases, err := run(options.Binary())
	if err != nil {
		command.Fail(err)
	}
	command.Report("webhook", cases)
}

func run(binary string) ([]command.Case, error) {
	plane, err := controlplane.Start(controlplane.Options{})
	if err != nil {
		return nil, err
	}
	defer plane.Stop()
	return webhook.Run(plane, binary)
}
