// Package network gives a program a network namespace of its own.
package network

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"portolan/reference/internal/command"
	"portolan/reference/internal/components"
)

// inside tells the program that it is in its network namespace already.
const inside = "PORTOLAN_REFERENCE_NETWORK_NAMESPACE"

// Address is the namespace's own address, of the subnet 192.168.50.0/24.
const Address = "192.168.50.2"

// Namespace sees to it that the program runs in a network namespace of its own:
// it makes sure of what it needs while the network is there (the programs with
// the packages that bring them, the components built), starts the program again
// in a new namespace and ends with its status. Within the namespace it gives it
// an address and a default route.
func Namespace(programs map[string]string, needed ...components.Component) error {
	if os.Getenv(inside) != "" {
		return arrange()
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: the right to make a network namespace (run as root)", command.ErrMissing)
	}
	for program, pack := range programs {
		if _, err := components.Installed(program, pack); err != nil {
			return err
		}
	}
	for _, component := range needed {
		if _, err := components.Build(component); err != nil {
			return err
		}
	}
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Env = append(os.Environ(), inside+"=1")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	err := again.Run()
	if again.ProcessState == nil {
		return err
	}
	os.Exit(again.ProcessState.ExitCode())
	return nil
}

func arrange() error {
	for _, arguments := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "node", "type", "veth", "peer", "name", "outside"},
		{"addr", "add", Address + "/24", "dev", "node"},
		{"-6", "addr", "add", "fd00:50::2/64", "dev", "node", "nodad"},
		{"link", "set", "node", "up"},
		{"link", "set", "outside", "up"},
		{"route", "add", "default", "via", "192.168.50.1"},
		{"-6", "route", "add", "default", "via", "fd00:50::1"},
	} {
		if output, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", arguments, err, output)
		}
	}
	return nil
}
