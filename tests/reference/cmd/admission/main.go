// Command admission compares the project's `admit` answers with those of a real
// kube-apiserver, over objects generated from a seed.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"portolan/reference/admission"
	"portolan/reference/controlplane"
	"portolan/reference/internal/command"
)

func main() {
	options := command.Flags("cases", 5000)
	kinds := flag.String("kinds", "", "only these kinds, comma-separated")
	var server controlplane.Options
	flag.StringVar(&server.ServiceClusterIPRange, "service-cluster-ip-range", "", "kube-apiserver's flag (else 10.0.0.0/16,fd00:10::/108)")
	flag.StringVar(&server.ServiceNodePortRange, "service-node-port-range", "", "kube-apiserver's flag (else 30000-32767)")
	flag.Parse()
	cluster, records, err := read(options, *kinds, server)
	if err != nil {
		command.Fail(err)
	}
	if options.Record != "" {
		lines := []any{cluster}
		for _, record := range records {
			lines = append(lines, record)
		}
		if err := command.WriteLines(options.Record, lines); err != nil {
			command.Fail(err)
		}
		return
	}
	cases, err := admission.Compare(options.Binary(), cluster, records)
	if err != nil {
		command.Fail(err)
	}
	command.Report("admission", cases)
}

func read(options *command.Options, kinds string, server controlplane.Options) (admission.Cluster, []admission.Record, error) {
	if options.From != "" {
		return recorded(options.From)
	}
	if options.Record == "" {
		options.Binary() // a missing binary should not cost a recording
	}
	var chosen []string
	if kinds != "" {
		chosen = strings.Split(kinds, ",")
	}
	plane, err := controlplane.Start(server)
	if err != nil {
		return admission.Cluster{}, nil, err
	}
	defer plane.Stop()
	recorder, err := admission.NewRecorder(plane, chosen)
	if err != nil {
		return admission.Cluster{}, nil, err
	}
	fmt.Fprintf(os.Stderr, "recording %d cases of seed %d\n", options.Cases, options.Seed)
	records, err := recorder.Record(options.Seed, options.Cases, chosen)
	if err != nil {
		return admission.Cluster{}, nil, err
	}
	cluster, err := recorder.Cluster()
	return cluster, records, err
}

// recorded reads a file of vectors: the cluster, then the records.
func recorded(name string) (admission.Cluster, []admission.Record, error) {
	var cluster admission.Cluster
	lines, err := command.ReadLines[json.RawMessage](name)
	if err != nil {
		return cluster, nil, err
	}
	if len(lines) == 0 {
		return cluster, nil, fmt.Errorf("%s is empty", name)
	}
	if err := json.Unmarshal(lines[0], &cluster); err != nil {
		return cluster, nil, err
	}
	records := make([]admission.Record, len(lines)-1)
	for index, line := range lines[1:] {
		if err := json.Unmarshal(line, &records[index]); err != nil {
			return cluster, nil, err
		}
	}
	return cluster, records, nil
}
