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
	if err := run(options); err != nil {
		command.Fail(err)
	}
}

func run(options *command.Options) error {
	if options.Record == "" {
		options.Binary() // a missing binary should not cost a recording
	}
	records, err := records(options)
	if err != nil {
		return err
	}
	if options.Record != "" {
		return command.WriteLines(options.Record, records)
	}
	binary := options.Binary()
	var cases []command.Case
	for _, record := range records {
		compared, err := ingress.Compare(binary, record)
		if err != nil {
			return err
		}
		cases = append(cases, compared...)
	}
	command.Report("ingress", cases)
	return nil
}

func records(options *command.Options) ([]ingress.Record, error) {
	if options.From != "" {
		return command.ReadLines[ingress.Record](options.From)
	}
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
