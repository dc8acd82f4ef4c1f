// Command ingress compares the project's `route` answers with those of Contour
// and Envoy, over Ingresses generated from a seed.
package main

import (
	"flag"
	"fmt"
	"os"

	"portolan/reference/ingress"
	"portolan/reference/internal/command"
	"portolan/reference/internal/network"
)

func main() {
	options := command.Flags("count", 5)
	flag.Parse()
	generate := func() ([]ingress.Record, error) { return records(options) }
	if err := command.Run(options, "ingress", generate, command.Each(ingress.Compare)); err != nil {
		command.Fail(err)
	}
}

func records(options *command.Options) ([]ingress.Record, error) {
	if err := network.Namespace(ingress.Programs, ingress.Components...); err != nil {
		return nil, err
	}
	recorder, err := ingress.Start()
	if err != nil {
		return nil, err
	}
	defer recorder.Stop()
	var records []ingress.Record
	for index := range options.Cases {
		record, err := recorder.Record(options.Seed, index)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "recorded %s: %d Ingresses, %d requests\n", record.Seed, len(record.Objects), len(record.Requests))
		records = append(records, record)
	}
	return records, nil
}
