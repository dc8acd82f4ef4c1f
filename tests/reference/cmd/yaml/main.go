// Command yaml compares the project's `read` answers with those of Kubernetes'
// own YAML reader, over texts generated from a seed.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"

	"portolan/reference/internal/command"
	"portolan/reference/yaml"
)

func main() {
	options := command.Flags("cases", 10000)
	answer := flag.Bool("answer", false, `read questions {"text":…} as JSON lines from standard input and answer them with the real reader`)
	flag.Parse()
	if *answer {
		if err := answerLines(); err != nil {
			command.Fail(err)
		}
		return
	}
	generate := func() ([]yaml.Record, error) { return records(options), nil }
	if err := command.Run(options, "yaml", generate, yaml.Compare); err != nil {
		command.Fail(err)
	}
}

func records(options *command.Options) []yaml.Record {
	var records []yaml.Record
	for index := range options.Cases {
		if record := yaml.Read(yaml.Generate(options.Seed, index)); yaml.Settled(record) {
			records = append(records, record)
		}
	}
	return records
}

func answerLines() error {
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.More() {
		var question struct {
			Text string `json:"text"`
		}
		if err := in.Decode(&question); err != nil {
			return err
		}
		if err := out.Encode(yaml.Read(question.Text)); err != nil {
			return err
		}
	}
	return nil
}
