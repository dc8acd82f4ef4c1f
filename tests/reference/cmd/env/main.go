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
	if err := run(options); err != nil {
		command.Fail(err)
	}
}

func run(options *command.Options) error {
	var records []env.Record
	if options.From != "" {
		var err error
		if records, err = command.ReadLines[env.Record](options.From); err != nil {
			return err
		}
	} else {
		for index := range options.Cases {
			records = append(records, env.Generate(options.Seed, index))
		}
	}
	if options.Record != "" {
		return command.WriteLines(options.Record, records)
	}
	cases, err := env.Compare(options.Binary(), records)
	if err != nil {
		return err
	}
	command.Report("env", cases)
	return nil
}
