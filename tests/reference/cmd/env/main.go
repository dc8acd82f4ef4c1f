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
	generate := func() ([]env.Record, error) {
		var records []env.Record
		for index := range options.Cases {
			records = append(records, env.Generate(options.Seed, index))
		}
		return records, nil
	}
	if err := command.Run(options, "env", generate, env.Compare); err != nil {
		command.Fail(err)
	}
}
