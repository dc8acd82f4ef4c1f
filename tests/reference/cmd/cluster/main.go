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
	if err := run(options, *first); err != nil {
		command.Fail(err)
	}
}

func run(options *command.Options, first int) error {
	if options.Record == "" {
		options.Binary() // a missing binary should not cost a recording
	}
	var records []cluster.Record
	if options.From != "" {
		var err error
		if records, err = command.ReadLines[cluster.Record](options.From); err != nil {
			return err
		}
	} else {
		if err := network.Namespace(cluster.Programs, cluster.Components...); err != nil {
			return err
		}
		for index := range options.Cases {
			record, err := cluster.Generate(options.Seed, first+index)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "recorded cluster %s: %d objects, %d slices, %d lookups\n", record.Seed, len(record.Objects), len(record.EndpointSlices), len(record.DNS))
			records = append(records, record)
		}
	}
	if options.Record != "" {
		return command.WriteLines(options.Record, records)
	}
	binary := options.Binary()
	var cases []command.Case
	for _, record := range records {
		compared, err := cluster.Compare(binary, record)
		if err != nil {
			return err
		}
		cases = append(cases, compared...)
	}
	command.Report("cluster", cases)
	return nil
}
