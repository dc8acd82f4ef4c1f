// Command cluster compares the project's `endpoints`, `backends` and `resolve`
// answers with those of kube-controller-manager, kube-proxy and CoreDNS, over
// clusters generated from a seed.
package main

import (
	"flag"
	"fmt"
	"os"

	"portolan/reference/cluster"
	"portolan/reference/internal/command"
	"portolan/reference/internal/network"
)

func main() {
	options := command.Flags("count", 5)
	first := flag.Int("first", 0, "the number of the first cluster of the seed")
	flag.Parse()
	generate := func() ([]cluster.Record, error) { return records(options, *first) }
	if err := command.Run(options, "cluster", generate, command.Each(cluster.Compare)); err != nil {
		command.Fail(err)
	}
}

func records(options *command.Options, first int) ([]cluster.Record, error) {
	if err := network.Namespace(cluster.Programs, cluster.Components...); err != nil {
		return nil, err
	}
	var records []cluster.Record
	for index := range options.Cases {
		record, err := cluster.Generate(options.Seed, first+index)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "recorded cluster %s: %d objects, %d slices, %d lookups\n", record.Seed, len(record.Objects), len(record.EndpointSlices), len(record.DNS))
		records = append(records, record)
	}
	return records, nil
}
