// Command networkpolicy compares the project's `verdict` answers with those of
// cyclonus's matcher, over clusters generated from a seed and cyclonus's own
// cases; or measures a whole map of both.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"portolan/reference/internal/command"
	"portolan/reference/networkpolicy"
)

func main() {
	options := command.Flags("count", 200)
	own := flag.Bool("cyclonus", false, "cyclonus's own generated cases instead of random clusters")
	sizes := flag.String("map", "", "instead, how long a whole map takes the project and cyclonus: clusters of as many pods, as in 100,1000")
	limit := flag.Duration("limit", 10*time.Minute, "how long a map may take")
	child := flag.String("child", "", "for the program itself: make a map in this way")
	flag.Parse()
	if *child != "" {
		if err := asChild(*child, flag.Arg(0)); err != nil {
			command.Fail(err)
		}
		return
	}
	if *sizes != "" {
		if err := maps(*sizes, options.Binary(), *limit); err != nil {
			command.Fail(err)
		}
		return
	}
	generate := func() ([]networkpolicy.Record, error) { return records(options, *own), nil }
	if err := command.Run(options, "networkpolicy", generate, command.Each(networkpolicy.Compare)); err != nil {
		command.Fail(err)
	}
}

func records(options *command.Options, own bool) []networkpolicy.Record {
	var records []networkpolicy.Record
	dropped := 0
	if own {
		records, dropped = networkpolicy.Cyclonus()
	} else {
		for index := range options.Cases {
			record, differ := networkpolicy.Generate(options.Seed, index)
			records, dropped = append(records, record), dropped+differ
		}
	}
	fmt.Fprintf(os.Stderr, "%d clusters; %d queries left out, on which cyclonus and the documentation differ\n", len(records), dropped)
	return records
}
