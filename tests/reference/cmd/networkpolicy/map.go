package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
	"portolan/reference/networkpolicy"
)

// asChild runs what is measured, in a process of its own.
func asChild(mode, folder string) error {
	files, err := networkpolicy.ReadFiles(folder)
	if err != nil {
		return err
	}
	switch mode {
	case "probe":
		return files.Probe(io.Discard)
	case "matcher":
		files.Match()
		return nil
	}
	return fmt.Errorf("no such mode %q", mode)
}

// maps prints the processor time and the peak memory of a whole map, reading
// the files included, by the project and by cyclonus, for made-up clusters of
// as many pods.
func maps(sizes, binary string, limit time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "portolan-reference-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	fmt.Printf("%8s  %-24s %14s %14s\n", "pods", "", "processor time", "peak memory")
	for _, size := range strings.Split(sizes, ",") {
		if _, err := strconv.Atoi(size); err != nil {
			return err
		}
		folder := filepath.Join(directory, size)
		if err := generate(size, folder); err != nil {
			return err
		}
		for _, one := range []struct {
			name      string
			arguments []string
		}{
			{"portolan map", []string{binary, "map", "-o", "json", folder}},
			{"cyclonus, its matcher", []string{self, "--child", "matcher", folder}},
			{"cyclonus, its probe", []string{self, "--child", "probe", folder}},
		} {
			fmt.Printf("%8s  %-24s %s\n", size, one.name, measure(limit, one.arguments))
		}
	}
	return nil
}

// generate writes a cluster of the project's own generator to a folder.
func generate(pods, folder string) error {
	root, err := components.Root()
	if err != nil {
		return err
	}
	run := exec.Command("cargo", "run", "--quiet", "--package", "portolan-tests", "--bin", "cluster", "--", pods, folder)
	run.Dir, run.Stderr = filepath.Dir(filepath.Dir(root)), os.Stderr
	if err := run.Run(); err != nil {
		return fmt.Errorf("%w: the generator: %w", command.ErrMissing, err)
	}
	return nil
}

func measure(limit time.Duration, arguments []string) string {
	within, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	run := exec.CommandContext(within, arguments[0], arguments[1:]...)
	err := run.Run()
	if err != nil && within.Err() == nil {
		return err.Error()
	}
	usage, known := run.ProcessState.SysUsage().(*syscall.Rusage)
	if !known {
		return "not measured"
	}
	took := run.ProcessState.UserTime() + run.ProcessState.SystemTime()
	if within.Err() != nil {
		return fmt.Sprintf("%12.3f s %11d MB, and not done after %s", took.Seconds(), usage.Maxrss/1024, limit)
	}
	return fmt.Sprintf("%12.3f s %11d MB", took.Seconds(), usage.Maxrss/1024)
}
