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
	records, err := records(options)
	if err != nil {
		command.Fail(err)
	}
	if options.Record != "" {
		if err := command.WriteLines(options.Record, records); err != nil {
			command.Fail(err)
		}
		return
	}
	cases, err := yaml.Compare(options.Binary(), records)
	if err != nil {
		command.Fail(err)
	}
	command.Report("yaml", cases)
}

func records(options *command.Options) ([]yaml.Record, error) {
	if options.From != "" {
		return command.ReadLines[yaml.Record](options.From)
	}
	var records []yaml.Record
	for index := range options.Cases {
		if record := yaml.Read(yaml.Generate(options.Seed, index)); yaml.Settled(record) {
			records = append(records, record)
		}
	}
	return records, nil
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
