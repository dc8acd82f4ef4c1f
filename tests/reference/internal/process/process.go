// Package process starts programs, waits until they are ready and ends exactly
// those it started.
package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A Process is a program that was started, with its log in a file.
type Process struct {
	name    string
	log     string
	command *exec.Cmd
	ended   chan struct{}
}

// Start runs the program with its output in the named log file.
func Start(log, path string, arguments ...string) (*Process, error) {
	return StartCommand(log, exec.Command(path, arguments...))
}

// StartCommand runs a prepared command with its output in the named log file.
// It dies with this program, should this program be killed.
func StartCommand(log string, command *exec.Cmd) (*Process, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	command.Stdout, command.Stderr = file, file
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, err
	}
	process := &Process{name: command.Path, log: log, command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(process.ended)
	}()
	return process, nil
}

// Ready asks `ready` again and again until it is true, the process ends or the
// time is over.
func (process *Process) Ready(within time.Duration, ready func() bool) error {
	deadline := time.Now().Add(within)
	for !ready() {
		select {
		case <-process.ended:
			return fmt.Errorf("%s ended: %s", process.name, process.tail())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s was not ready within %s: %s", process.name, within, process.tail())
		}
	}
	return nil
}

// Stop ends the process: politely first, then at once.
func (process *Process) Stop() {
	_ = process.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-process.ended:
	case <-time.After(5 * time.Second):
		_ = process.command.Process.Kill()
		<-process.ended
	}
}

// Kill ends the process at once.
func (process *Process) Kill() {
	_ = process.command.Process.Kill()
	<-process.ended
}

func (process *Process) tail() string {
	data, err := os.ReadFile(process.log)
	if err != nil {
		return err.Error()
	}
	const most = 2000
	if len(data) > most {
		data = data[len(data)-most:]
	}
	return string(data)
}
