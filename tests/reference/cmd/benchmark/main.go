// Command benchmark measures how many objects a second Kubernetes' own
// functions decode, default and validate, on the creates of a file of admission
// vectors, and beside it how many `portolan ask` admits.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"sort"
	"time"

	"portolan/reference/benchmark"
	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
	"portolan/reference/internal/portolan"
)

func main() {
	file := flag.String("from", "", "a file of admission vectors (else the recorded ones beside the harness)")
	binary := flag.String("portolan", "", "also time this binary's `ask`")
	rounds := flag.Int("rounds", 3, "how often to go over all objects; the best round counts")
	flag.Parse()
	if err := run(*file, *binary, *rounds); err != nil {
		command.Fail(err)
	}
}

func run(file, binary string, rounds int) error {
	if file == "" {
		root, err := components.Root()
		if err != nil {
			return err
		}
		file = filepath.Join(filepath.Dir(root), "vectors", "kube-apiserver.jsonl.gz")
	}
	lines, err := command.ReadLines[json.RawMessage](file)
	if err != nil {
		return err
	}
	inputs, err := benchmark.Inputs(lines)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	byKind := map[string][]benchmark.Input{}
	for _, input := range inputs {
		byKind[input.Kind] = append(byKind[input.Kind], input)
	}
	kinds := make([]string, 0, len(byKind))
	for kind := range byKind {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		if err := measure(kind, byKind[kind], rounds); err != nil {
			return err
		}
	}
	if err := measure("all kinds", inputs, rounds); err != nil {
		return err
	}
	if binary == "" {
		return nil
	}
	return ask(binary, inputs, rounds)
}

// measure prints the best round of Kubernetes' functions on one processor.
func measure(name string, inputs []benchmark.Input, rounds int) error {
	best := time.Duration(0)
	for range rounds {
		start := time.Now()
		for _, input := range inputs {
			if _, err := benchmark.Check(input.Text); err != nil {
				return err
			}
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	report("Kubernetes, "+name, len(inputs), best)
	return nil
}

func report(name string, objects int, took time.Duration) {
	fmt.Printf("%-28s %6d objects %10.1f ms %9.0f objects/s\n", name, objects, float64(took.Microseconds())/1000, float64(objects)/took.Seconds())
}

// ask times the binary with all questions in one run: its start, reading the
// questions, allocation and writing the answers included.
func ask(binary string, inputs []benchmark.Input, rounds int) error {
	questions := make([]any, len(inputs))
	for index, input := range inputs {
		questions[index] = map[string]any{"ask": "admit", "operation": "CREATE", "object": json.RawMessage(input.Text)}
	}
	lines, err := portolan.Input(questions)
	if err != nil {
		return err
	}
	best := time.Duration(0)
	for range rounds {
		start := time.Now()
		if _, err := portolan.Run(binary, nil, lines); err != nil {
			return err
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	report("portolan ask, whole process", len(inputs), best)
	return nil
}
