package cluster

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

// Namespace sees to it that the program runs in a network namespace of its own:
// it builds what needs the network, starts the program again in a new namespace
// and ends with its status. Within the namespace it gives it the first node's
// address and a default route.
func Namespace() error {
	if os.Getenv(inside) != "" {
		return arrange()
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: the right to make a network namespace (run as root)", command.ErrMissing)
	}
	for program, debianPackage := range map[string]string{"nft": "nftables", "ip": "iproute2", "conntrack": "conntrack", "etcd": "etcd-server"} {
		if _, err := components.Installed(program, debianPackage); err != nil {
			return err
		}
	}
	for _, component := range []components.Component{components.APIServer, components.ControllerManager, components.Proxy, components.CoreDNS} {
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
		{"addr", "add", nodeAddress + "/24", "dev", "node"},
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
