// Command env compares the project's `env` answers with the kubelet's, over
// Services generated from a seed.
package main

import (
	"flag"

	"portolan/reference/env"
	"portolan/reference/internal/command"
)

func main() {
	options := command.Flags("cases", 5000)
	flag.Parse()
	if options.Record != "" || options.From != "" {
		if err := command.Run(options, "env", services(options), env.Compare); err != nil {
			command.Fail(err)
		}
		return
	}
	binary := options.Binary()
	records, err := services(options)()
	if err != nil {
		command.Fail(err)
	}
	cases, err := env.Compare(binary, records)
	if err != nil {
		command.Fail(err)
	}
	nodes, err := env.GenerateNodes(options.Seed, max(1, options.Cases/podCases))
	if err != nil {
		command.Fail(err)
	}
	ofPods, err := env.CompareNodes(binary, nodes)
	if err != nil {
		command.Fail(err)
	}
	command.Report("env", append(cases, ofPods...))
}

// podCases is how many lists of Services there are to a node with pods.
const podCases = 100

func services(options *command.Options) func() ([]env.Record, error) {
	return func() ([]env.Record, error) {
		var records []env.Record
		for index := range options.Cases {
			records = append(records, env.Generate(options.Seed, index))
		}
		return records, nil
	}
}
