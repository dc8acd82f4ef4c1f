package cluster

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"portolan/reference/controlplane"
	"portolan/reference/internal/components"
	"portolan/reference/internal/process"
)

// A Lookup is a question to CoreDNS and its answer. For PTR the name is "PTR "
// and an address.
type Lookup struct {
	Answers []string `json:"answers"`
	Name    string   `json:"name"`
	Status  string   `json:"status"`
	Type    string   `json:"type"`
}

const domain = "cluster.local"

// cut is the status of a lookup whose answer fits into no message.
const cut = "cut"

// resolve runs CoreDNS (kubernetes plugin, pods verified) and asks about every
// Service, endpoint and pod of the record, and about names that are none.
func (recorder *recorder) resolve(record Record) ([]Lookup, error) {
	program, err := components.Build(components.CoreDNS)
	if err != nil {
		return nil, err
	}
	ports, err := controlplane.FreePorts(2)
	if err != nil {
		return nil, err
	}
	corefile := filepath.Join(recorder.plane.Directory, "Corefile")
	content := fmt.Sprintf(".:%d {\n bind 127.0.0.1\n ready 127.0.0.1:%d\n kubernetes %s in-addr.arpa ip6.arpa {\n  kubeconfig %s reference\n  pods verified\n }\n}\n", ports[0], ports[1], domain, recorder.kubeconfig)
	if err := os.WriteFile(corefile, []byte(content), 0o600); err != nil {
		return nil, err
	}
	server, err := process.Start(filepath.Join(recorder.plane.Directory, "coredns.log"), program, "-conf", corefile)
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	if err := server.Ready(time.Minute, func() bool { return healthy(fmt.Sprintf("http://127.0.0.1:%d/ready", ports[1])) }); err != nil {
		return nil, err
	}
	connection, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", ports[0]))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	lookups := questions(record)
	for index := range lookups {
		if err := lookups[index].ask(connection, uint16(index)); err != nil {
			return nil, fmt.Errorf("%s %s: %w", lookups[index].Type, lookups[index].Name, err)
		}
	}
	return slices.DeleteFunc(lookups, func(lookup Lookup) bool { return lookup.Status == cut }), nil
}

// questions lists the names to ask about.
func questions(record Record) []Lookup {
	asked := map[string]bool{}
	var lookups []Lookup
	ask := func(kind string, name string) {
		if !asked[kind+name] {
			asked[kind+name] = true
			lookups = append(lookups, Lookup{Name: name, Type: kind})
		}
	}
	for _, name := range []string{"dns-version." + domain, "DNS-Version." + domain, "nope." + domain, domain, "svc." + domain, "default.svc." + domain, "team-a.svc." + domain, "nope.svc." + domain, "pod." + domain, "default.pod." + domain, "nope.pod." + domain, "*.default.svc." + domain, "*.*.svc." + domain, "any.default.svc." + domain} {
		for _, kind := range []string{"A", "AAAA", "SRV", "TXT", "CNAME"} {
			ask(kind, name)
		}
	}
	for _, name := range []string{"ns.dns." + domain, "NS.dns." + domain, "x.ns.dns." + domain, "dns." + domain, "ns.dns.in-addr.arpa", "in-addr.arpa", "ip6.arpa", "svc.in-addr.arpa", "default.svc.ip6.arpa", "x.default.svc.in-addr.arpa", "10.in-addr.arpa", "300.0.0.10.in-addr.arpa", "1.0.0.10.IN-ADDR.ARPA", "za.pin._zone.hl.default.svc." + domain, "_http._tcp.x.y.default.svc." + domain} {
		for _, kind := range []string{"SRV", "TXT", "CNAME", "PTR"} {
			ask(kind, name)
		}
		if !strings.HasPrefix(strings.ToLower(name), "ns.dns.") {
			ask("A", name)
		}
	}
	pods := 0
	for _, one := range record.Objects {
		switch one["kind"] {
		case "Service":
			askService(one, ask)
		case "Pod":
			const most = 150 // the crowd says no more
			if pods++; pods <= most {
				askPod(one, ask)
			}
		}
	}
	for _, slice := range record.EndpointSlices {
		askSlice(slice, ask)
	}
	for _, name := range []string{"10-9-9-9.default.pod." + domain, "10-9-9-9.nope.pod." + domain, "1-2-3.default.pod." + domain, "x.default.pod." + domain, "a.10-9-9-9.default.pod." + domain, "fd00-244--2.default.pod." + domain} {
		ask("A", name)
		ask("AAAA", name)
	}
	for _, address := range []string{"10.9.9.9", "fd00:10::dead", "203.0.113.1"} {
		ask("PTR", "PTR "+address)
	}
	return lookups
}

func askService(one object, ask func(kind, name string)) {
	metadata, spec := one["metadata"].(object), one["spec"].(object)
	zone := fmt.Sprintf("%s.%s.svc.%s", metadata["name"], metadata["namespace"], domain)
	for _, kind := range []string{"A", "AAAA", "SRV", "CNAME", "TXT"} {
		ask(kind, zone)
	}
	ask("A", strings.ToUpper(zone))
	ask("SRV", strings.ToUpper(zone))
	ask("PTR", zone)
	for _, name := range []string{"*." + zone, "nope." + zone, "_tcp." + zone, "_http._tcp.nope." + zone, "a._http._tcp." + zone} {
		ask("A", name)
		ask("SRV", name)
	}
	ask("A", fmt.Sprintf("%s.%s.%s", metadata["name"], metadata["namespace"], domain))
	ask("A", fmt.Sprintf("%s.nope.svc.%s", metadata["name"], domain))
	ask("A", fmt.Sprintf("%s.*.svc.%s", metadata["name"], domain))
	ports, _ := spec["ports"].(list)
	for _, port := range ports {
		fields := port.(object)
		name, _ := fields["name"].(string)
		for _, protocol := range []string{"tcp", "udp", "sctp"} {
			ask("SRV", fmt.Sprintf("_%s._%s.%s", name, protocol, zone))
		}
		ask("A", fmt.Sprintf("_%s._tcp.%s", name, zone))
		if name != "" {
			ask("SRV", fmt.Sprintf("%s.tcp.%s", name, zone))
		}
		ask("SRV", fmt.Sprintf("_%s._TCP.%s", strings.ToUpper(name), zone))
	}
	for _, name := range []string{"_._tcp." + zone, "_x._udp." + zone, "_*._tcp." + zone, "_http._*." + zone, "*.*." + zone} {
		ask("SRV", name)
	}
	addresses, _ := spec["clusterIPs"].(list)
	for _, address := range addresses {
		if address != "None" {
			ask("PTR", fmt.Sprint("PTR ", address))
		}
	}
	externals, _ := spec["externalIPs"].(list)
	for _, address := range externals {
		ask("PTR", fmt.Sprint("PTR ", address))
	}
}

// dashed is an address as a label of a name.
func dashed(address string) string { return strings.NewReplacer(".", "-", ":", "-").Replace(address) }

func askSlice(slice object, ask func(kind, name string)) {
	metadata := slice["metadata"].(object)
	labels, _ := metadata["labels"].(object)
	zone := fmt.Sprintf("%v.%s.svc.%s", labels["kubernetes.io/service-name"], metadata["namespace"], domain)
	endpoints, _ := slice["endpoints"].(list)
	const most = 12 // a large slice says no more than a small one
	for _, endpoint := range endpoints[:min(len(endpoints), most)] {
		fields := endpoint.(object)
		addresses, _ := fields["addresses"].(list)
		for _, address := range addresses {
			text := fmt.Sprint(address)
			names := []string{dashed(text)}
			if hostname, found := fields["hostname"].(string); found {
				names = append(names, hostname)
			}
			for _, name := range names {
				ask("A", name+"."+zone)
				ask("AAAA", name+"."+zone)
				ask("SRV", name+"."+zone)
				ask("CNAME", name+"."+zone)
				ask("A", strings.ToUpper(name)+"."+zone)
			}
			ask("A", "_http._tcp."+names[0]+"."+zone)
			if _, err := netip.ParseAddr(text); err == nil {
				ask("PTR", "PTR "+text)
			}
		}
	}
}

func askPod(one object, ask func(kind, name string)) {
	status, _ := one["status"].(object)
	namespace := one["metadata"].(object)["namespace"]
	addresses, _ := status["podIPs"].(list)
	for _, address := range addresses {
		label := dashed(fmt.Sprint(address.(object)["ip"]))
		ask("A", fmt.Sprintf("%s.%s.pod.%s", label, namespace, domain))
		ask("AAAA", fmt.Sprintf("%s.%s.pod.%s", label, namespace, domain))
		ask("A", fmt.Sprintf("%s.kube-system.pod.%s", label, domain))
		for _, kind := range []string{"SRV", "TXT", "CNAME", "PTR"} {
			ask(kind, fmt.Sprintf("%s.%s.pod.%s", label, namespace, domain))
		}
		ask("SRV", fmt.Sprintf("_http._tcp.%s.%s.pod.%s", label, namespace, domain))
		ask("A", strings.ToUpper(fmt.Sprintf("x.%s.%s.pod.%s", label, namespace, domain)))
	}
}

var (
	types    = map[string]dnsmessage.Type{"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "SRV": dnsmessage.TypeSRV, "CNAME": dnsmessage.TypeCNAME, "PTR": dnsmessage.TypePTR, "TXT": dnsmessage.TypeTXT}
	statuses = map[dnsmessage.RCode]string{dnsmessage.RCodeSuccess: "NOERROR", dnsmessage.RCodeNameError: "NXDOMAIN", dnsmessage.RCodeServerFailure: "SERVFAIL", dnsmessage.RCodeRefused: "REFUSED", dnsmessage.RCodeNotImplemented: "NOTIMP"}
)

// ask fills in the server's answer.
func (lookup *Lookup) ask(connection net.Conn, id uint16) error {
	name := lookup.Name + "."
	if address, reverse := strings.CutPrefix(lookup.Name, "PTR "); reverse {
		name = reverseName(netip.MustParseAddr(address))
	}
	encoded, err := dnsmessage.NewName(name)
	if err != nil {
		return err
	}
	query := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: encoded, Type: types[lookup.Type], Class: dnsmessage.ClassINET}},
	}
	// A payload of 4096 octets, so that large answers are not cut.
	var resource dnsmessage.ResourceHeader
	if err := resource.SetEDNS0(4096, dnsmessage.RCodeSuccess, false); err != nil {
		return err
	}
	query.Additionals = []dnsmessage.Resource{{Header: resource, Body: &dnsmessage.OPTResource{}}}
	packed, err := query.Pack()
	if err != nil {
		return err
	}
	answer, err := exchange(connection, packed, id)
	if err != nil {
		return err
	}
	if answer.Truncated {
		if answer, err = exchangeStream(connection.RemoteAddr().String(), packed); err != nil {
			return err
		}
	}
	if answer.Truncated {
		lookup.Status = cut
		return nil
	}
	lookup.Status = statuses[answer.RCode]
	lookup.Answers = []string{}
	for _, one := range answer.Answers {
		lookup.Answers = append(lookup.Answers, fmt.Sprintf("%s %s", one.Header.Name.String(), dataOf(one.Body)))
	}
	sort.Strings(lookup.Answers)
	return nil
}

func exchange(connection net.Conn, packed []byte, id uint16) (dnsmessage.Message, error) {
	var answer dnsmessage.Message
	buffer := make([]byte, 8192)
	var err error
	for attempt := range 20 {
		// The server reports ready a moment before it listens.
		time.Sleep(time.Duration(attempt) * 20 * time.Millisecond)
		if _, err = connection.Write(packed); err != nil {
			continue
		}
		if err = connection.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			return answer, err
		}
		for {
			var length int
			if length, err = connection.Read(buffer); err != nil {
				break
			}
			if err = answer.Unpack(buffer[:length]); err == nil && answer.ID == id {
				return answer, nil
			}
		}
	}
	return answer, err
}

// exchangeStream asks over TCP, for an answer that does not fit into a packet.
func exchangeStream(address string, packed []byte) (dnsmessage.Message, error) {
	var answer dnsmessage.Message
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return answer, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return answer, err
	}
	if _, err := connection.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
		return answer, err
	}
	var length [2]byte
	if _, err := io.ReadFull(connection, length[:]); err != nil {
		return answer, err
	}
	content := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(connection, content); err != nil {
		return answer, err
	}
	return answer, answer.Unpack(content)
}

func dataOf(body dnsmessage.ResourceBody) string {
	switch body := body.(type) {
	case *dnsmessage.AResource:
		return "A " + netip.AddrFrom4(body.A).String()
	case *dnsmessage.AAAAResource:
		return "AAAA " + netip.AddrFrom16(body.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return "CNAME " + body.CNAME.String()
	case *dnsmessage.PTRResource:
		return "PTR " + body.PTR.String()
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("SRV %d %d %d %s", body.Priority, body.Weight, body.Port, body.Target.String())
	case *dnsmessage.TXTResource:
		var texts []string
		for _, text := range body.TXT {
			texts = append(texts, `"`+text+`"`)
		}
		return "TXT " + strings.Join(texts, " ")
	}
	return fmt.Sprintf("%T", body)
}

// reverseName is the name under in-addr.arpa or ip6.arpa.
func reverseName(address netip.Addr) string {
	var labels []string
	if address.Is4() {
		for _, octet := range address.As4() {
			labels = append(labels, fmt.Sprint(octet))
		}
		slices.Reverse(labels)
		return strings.Join(labels, ".") + ".in-addr.arpa."
	}
	for _, octet := range address.As16() {
		labels = append(labels, fmt.Sprintf("%x", octet>>4), fmt.Sprintf("%x", octet&15))
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".") + ".ip6.arpa."
}
