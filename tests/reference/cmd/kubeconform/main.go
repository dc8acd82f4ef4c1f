// Command kubeconform measures the processor time that `portolan check` takes
// with all its rules on generated clusters, and beside it that of kubeconform
// v0.8.0, which validates schemas only. The two take turns in one run.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
	"portolan/reference/internal/portolan"
	"portolan/reference/kubeconform"
)

func main() {
	pods := flag.String("pods", "1000,10000", "how many pods the clusters have, separated by commas; 1000 come with 520 other objects")
	rounds := flag.Int("rounds", 5, "how often each is run; the median counts")
	binary := flag.String("portolan", "", "the binary to run (else $PORTOLAN, else the tree's own build)")
	flag.Parse()
	if err := run(strings.Split(*pods, ","), *rounds, *binary); err != nil {
		command.Fail(err)
	}
}

func run(pods []string, rounds int, named string) error {
	own, err := portolan.Find(named)
	if err != nil {
		return fmt.Errorf("%w: %w", command.ErrMissing, err)
	}
	other, err := components.Build(components.Kubeconform)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "portolan-kubeconform-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	schemas := filepath.Join(scratch, "schemas")
	if err := os.Mkdir(schemas, 0o755); err != nil {
		return err
	}
	source, err := components.SourceOf(components.APIServer, "k8s.io/kubernetes")
	if err != nil {
		return err
	}
	if _, err := kubeconform.Schemas(filepath.Join(source, "api", "openapi-spec", "v3"), schemas); err != nil {
		return err
	}
	fmt.Printf("%d rounds in turn, processor time (user and system), median; %s\n", rounds, own)
	for _, count := range pods {
		folder := filepath.Join(scratch, count)
		if err := generate(count, folder); err != nil {
			return err
		}
		if err := measure(own, other, folder, kubeconform.Location(schemas), rounds); err != nil {
			return err
		}
	}
	return nil
}

// generate writes a cluster by the project's own generator.
func generate(pods, folder string) error {
	root, err := components.Root()
	if err != nil {
		return err
	}
	cargo := exec.Command("cargo", "run", "--quiet", "--package", "portolan-tests", "--bin", "cluster", "--", pods, folder)
	cargo.Dir = filepath.Dir(filepath.Dir(root))
	cargo.Stderr = os.Stderr
	return cargo.Run()
}

// measure runs both in turn on a folder, and prints their medians.
func measure(own, other, folder, location string, rounds int) error {
	var ours, theirs []time.Duration
	var found struct {
		Findings []json.RawMessage `json:"findings"`
		Objects  int               `json:"objects"`
	}
	var validated struct {
		Summary struct{ Valid, Invalid, Errors, Skipped int }
	}
	for range rounds {
		took, output, err := timed(own, "check", "--config", "none", "-o", "json", folder)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(output, &found); err != nil {
			return err
		}
		ours = append(ours, took)
		took, output, err = timed(other, "-strict", "-summary", "-output", "json", "-schema-location", location, folder)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(output, &validated); err != nil {
			return err
		}
		theirs = append(theirs, took)
	}
	summary := validated.Summary
	if summary.Valid != found.Objects || summary.Invalid+summary.Errors+summary.Skipped > 0 {
		return fmt.Errorf("kubeconform validated %+v of %d objects: not the same work", summary, found.Objects)
	}
	fmt.Printf("%s objects: portolan check, all rules, %s ms (%d findings); kubeconform, schemas only, %s ms\n",
		strconv.Itoa(found.Objects), median(ours), len(found.Findings), median(theirs))
	return nil
}

// timed gives a program's processor time and output. That it finds something
// (status 1) is no error.
func timed(program string, arguments ...string) (time.Duration, []byte, error) {
	process := exec.Command(program, arguments...)
	process.Stderr = os.Stderr
	output, err := process.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", program, err)
	}
	return process.ProcessState.UserTime() + process.ProcessState.SystemTime(), output, nil
}

// median in milliseconds, with the least and the most.
func median(times []time.Duration) string {
	sort.Slice(times, func(one, other int) bool { return times[one] < times[other] })
	milliseconds := func(took time.Duration) int64 { return took.Milliseconds() }
	return fmt.Sprintf("%d (%d to %d)", milliseconds(times[len(times)/2]), milliseconds(times[0]), milliseconds(times[len(times)-1]))
}
