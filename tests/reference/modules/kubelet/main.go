// Command kubelet-files answers what the kubelet puts into a container for the
// network's sake, by the kubelet's own functions: a question a line in, an
// answer a line out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"unsafe"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/network/dns"
	kubeletutil "k8s.io/kubernetes/pkg/kubelet/util"
	nodeutil "k8s.io/kubernetes/pkg/util/node"
	netutils "k8s.io/utils/net"
)

// The kubelet keeps these to itself; the linker finds them by their names.

//go:linkname makeEnvironmentVariables k8s.io/kubernetes/pkg/kubelet.(*Kubelet).makeEnvironmentVariables
func makeEnvironmentVariables(kl *kubelet.Kubelet, ctx context.Context, pod *v1.Pod, container *v1.Container, podIP string, podIPs []string, volumes kubecontainer.VolumeMap) ([]kubecontainer.EnvVar, error)

//go:linkname managedHostsFileContent k8s.io/kubernetes/pkg/kubelet.managedHostsFileContent
func managedHostsFileContent(hostIPs []string, hostName, hostDomainName string, hostAliases []v1.HostAlias) []byte

//go:linkname nodeHostsFileContent k8s.io/kubernetes/pkg/kubelet.nodeHostsFileContent
func nodeHostsFileContent(hostsFilePath string, hostAliases []v1.HostAlias) ([]byte, error)

// A question is a pod with all that the kubelet of its node knows.
type question struct {
	Pod           *v1.Pod       `json:"pod"`
	Services      []*v1.Service `json:"services"`
	Node          *v1.Node      `json:"node"`
	Hosts         string        `json:"hosts"`
	ResolvConf    string        `json:"resolvConf"`
	ClusterDNS    []string      `json:"clusterDNS"`
	ClusterDomain string        `json:"clusterDomain"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// An answer: the environment of the first container, sorted by name, the texts
// of the files (of /etc/resolv.conf its parts, the options sorted) and the host
// name, or why the kubelet starts no such pod.
type answer struct {
	Env         []variable `json:"env"`
	Hosts       string     `json:"hosts"`
	Nameservers []string   `json:"nameservers"`
	Searches    []string   `json:"searches"`
	Options     []string   `json:"options"`
	Hostname    string     `json:"hostname"`
	Warnings    []string   `json:"warnings"`
	Error       string     `json:"error,omitempty"`
}

func main() {
	folder, err := os.MkdirTemp("", "kubelet-files-")
	if err != nil {
		fail(err)
	}
	defer os.RemoveAll(folder)
	klog.SetOutput(discard{})
	klog.LogToStderr(false)
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.More() {
		var asked question
		if err := in.Decode(&asked); err != nil {
			fail(err)
		}
		answered, err := asked.answer(folder)
		if err != nil {
			answered.Error = err.Error()
		}
		if err := encoder.Encode(answered); err != nil {
			fail(err)
		}
	}
}

type discard struct{}

func (discard) Write(text []byte) (int, error) { return len(text), nil }

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// set gives an unexported field of the kubelet its value.
func set(kl *kubelet.Kubelet, name string, value any) {
	field := reflect.ValueOf(kl).Elem().FieldByName(name)
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
}

// client makes the kubelet look its node up; it is never asked.
type client struct{ kubernetes.Interface }

func (asked *question) answer(folder string) (answer, error) {
	given := answer{Env: []variable{}}
	ctx, logger := context.Background(), klog.Background()
	pod := asked.Pod
	hostIPs, err := nodeutil.GetNodeHostIPs(asked.Node)
	if err != nil {
		return given, err
	}
	hosts, resolvConf := filepath.Join(folder, "hosts"), ""
	if err := os.WriteFile(hosts, []byte(asked.Hosts), 0o600); err != nil {
		return given, err
	}
	if asked.ResolvConf != "" {
		resolvConf = filepath.Join(folder, "resolv.conf")
		if err := os.WriteFile(resolvConf, []byte(asked.ResolvConf), 0o600); err != nil {
			return given, err
		}
	}
	var servers []net.IP
	for _, text := range asked.ClusterDNS {
		servers = append(servers, netutils.ParseIPSloppy(text))
	}
	events := record.NewFakeRecorder(64)
	configurer := dns.NewConfigurer(events, &v1.ObjectReference{Kind: "Node", Name: asked.Node.Name}, hostIPs, servers, asked.ClusterDomain, resolvConf)
	kl := &kubelet.Kubelet{}
	services, nodes := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{}), cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, service := range asked.Services {
		if err := services.Add(service); err != nil {
			return given, err
		}
	}
	if err := nodes.Add(asked.Node); err != nil {
		return given, err
	}
	set(kl, "kubeClient", kubernetes.Interface(client{}))
	set(kl, "nodeName", types.NodeName(asked.Node.Name))
	set(kl, "nodeIPs", hostIPs)
	set(kl, "nodeLister", corelisters.NewNodeLister(nodes))
	set(kl, "serviceLister", corelisters.NewServiceLister(services))
	set(kl, "serviceHasSynced", cache.InformerSynced(func() bool { return true }))
	set(kl, "dnsConfigurer", configurer)

	var podIPs []string
	for _, address := range pod.Status.PodIPs {
		podIPs = append(podIPs, address.IP)
	}
	variables, err := makeEnvironmentVariables(kl, ctx, pod, &pod.Spec.Containers[0], pod.Status.PodIP, podIPs, nil)
	if err != nil {
		return given, err
	}
	for _, one := range variables {
		given.Env = append(given.Env, variable{one.Name, one.Value})
	}
	sort.Slice(given.Env, func(i, j int) bool { return given.Env[i].Name < given.Env[j].Name })

	resolver, err := kl.GetPodDNS(ctx, pod)
	if err != nil {
		return given, err
	}
	given.Nameservers, given.Searches, given.Options = resolver.Servers, resolver.Searches, resolver.Options
	sort.Strings(given.Options)

	hostname, domain, err := kl.GeneratePodHostNameAndDomain(logger, pod)
	if err != nil {
		return given, err
	}
	if pod.Spec.HostNetwork {
		content, err := nodeHostsFileContent(hosts, pod.Spec.HostAliases)
		if err != nil {
			return given, err
		}
		given.Hosts = string(content)
	} else {
		if len(podIPs) > 0 {
			given.Hosts = string(managedHostsFileContent(podIPs, hostname, domain, pod.Spec.HostAliases))
		}
		if given.Hostname, err = kubeletutil.GetNodenameForKernel(hostname, domain, pod.Spec.SetHostnameAsFQDN); err != nil {
			given.Hostname = err.Error()
		}
	}
	close(events.Events)
	for event := range events.Events {
		given.Warnings = append(given.Warnings, event)
	}
	return given, nil
}
