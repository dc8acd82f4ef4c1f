package cluster

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"sort"
	"strings"
)

// A Row is what kube-proxy does with packets to one address and port, as the
// shared vectors write it. A row holds endpoints (To, for one kind of client),
// or a verdict, or the source ranges of a load balancer.
type Row struct {
	AffinitySeconds int       `json:"affinitySeconds,omitempty"`
	Client          string    `json:"client,omitempty"`
	IP              string    `json:"ip,omitempty"`
	NodePort        int       `json:"nodePort,omitempty"`
	Port            int       `json:"port,omitempty"`
	Protocol        string    `json:"protocol"`
	SourceRanges    []string  `json:"sourceRanges,omitempty"`
	To              *[]string `json:"to,omitempty"`
	Verdict         string    `json:"verdict,omitempty"`
}

// A table is kube-proxy's nftables table, read from `nft -j list table`.
type table struct {
	maps map[string]list
	// timeouts are the affinity sets with their seconds.
	timeouts map[string]int
	// clusterIPs are the elements of the set of that name.
	clusterIPs list
	// rules are the expressions of each chain's rules.
	rules map[string][]list
}

func readTable(text []byte) (*table, error) {
	var read struct {
		Nftables []struct {
			Map *struct {
				Name string `json:"name"`
				Elem list   `json:"elem"`
			} `json:"map"`
			Set *struct {
				Name    string `json:"name"`
				Timeout int    `json:"timeout"`
				Elem    list   `json:"elem"`
			} `json:"set"`
			Rule *struct {
				Chain string `json:"chain"`
				Expr  list   `json:"expr"`
			} `json:"rule"`
		} `json:"nftables"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	result := &table{maps: map[string]list{}, timeouts: map[string]int{}, rules: map[string][]list{}}
	for _, item := range read.Nftables {
		switch {
		case item.Map != nil:
			result.maps[item.Map.Name] = item.Map.Elem
		case item.Set != nil:
			result.timeouts[item.Set.Name] = item.Set.Timeout
			if item.Set.Name == "cluster-ips" {
				result.clusterIPs = item.Set.Elem
			}
		case item.Rule != nil:
			result.rules[item.Rule.Chain] = append(result.rules[item.Rule.Chain], item.Rule.Expr)
		}
	}
	return result, nil
}

// decodeTable makes rows of a table's text.
func decodeTable(text []byte) ([]Row, error) {
	table, err := readTable(text)
	if err != nil {
		return nil, err
	}
	return table.rows()
}

// own tells what the node itself gets where a chain has a rule for it, and the
// cluster IPs (rows without a port) whose other ports are rejected.
func (table *table) own() ([]Row, error) {
	rows := []Row{}
	for _, name := range []string{"service-ips", "service-nodeports"} {
		err := table.each(name, func(row *Row, verdict object) error {
			for _, rule := range table.rules[target(verdict)] {
				text := fmt.Sprint(rule)
				if !strings.Contains(text, "fib:") || !strings.Contains(text, "goto:") {
					continue
				}
				to := []string{}
				if err := table.follow(target(rule[len(rule)-1].(object)), row, &to); err != nil {
					return err
				}
				sort.Strings(to)
				row.Client, row.To = "node", &to
				rows = append(rows, *row)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, address := range table.clusterIPs {
		rows = append(rows, Row{IP: fmt.Sprint(address), Protocol: "TCP", Verdict: "reject"})
	}
	sortRows(rows)
	return rows, nil
}

// each gives the addresses of a map with where they lead.
func (table *table) each(name string, fill func(*Row, object) error) error {
	for _, element := range table.maps[name] {
		pair, isPair := element.(list)
		if !isPair || len(pair) != 2 {
			return fmt.Errorf("%s: %v", name, element)
		}
		var row Row
		if err := row.address(pair[0]); err != nil {
			return err
		}
		verdict, _ := pair[1].(object)
		if err := fill(&row, verdict); err != nil {
			return err
		}
	}
	return nil
}

// rows makes rows of the maps and the chains that they lead to.
func (table *table) rows() ([]Row, error) {
	rows := []Row{}
	var err error
	add := func(name string, fill func(*Row, object) error) {
		if err != nil {
			return
		}
		err = table.each(name, func(row *Row, verdict object) error {
			err := fill(row, verdict)
			rows = append(rows, *row)
			return err
		})
	}
	forward := func(row *Row, verdict object) error {
		chain := target(verdict)
		row.Client = "pod"
		if strings.HasPrefix(chain, "external-") {
			row.Client = "external"
		}
		to := []string{}
		if err := table.follow(chain, row, &to); err != nil {
			return err
		}
		sort.Strings(to)
		row.To = &to
		return nil
	}
	refuse := func(row *Row, verdict object) error {
		row.Verdict = "drop"
		if target(verdict) == "reject-chain" {
			row.Verdict = "reject"
		}
		return nil
	}
	add("service-ips", forward)
	add("service-nodeports", forward)
	add("no-endpoint-services", refuse)
	add("no-endpoint-nodeports", refuse)
	add("firewall-ips", func(row *Row, verdict object) error {
		ranges, err := table.sources(target(verdict))
		row.SourceRanges = ranges
		return err
	})
	sortRows(rows)
	return rows, err
}

// address reads a map's key: {concat: [ip, protocol, port]} or [protocol, port],
// within an "elem" where it has a comment.
func (row *Row) address(key any) error {
	fields, _ := key.(object)
	if element, wrapped := fields["elem"].(object); wrapped {
		fields, _ = element["val"].(object)
	}
	parts, _ := fields["concat"].(list)
	if len(parts) < 2 {
		return fmt.Errorf("a key of %v", key)
	}
	port, isNumber := parts[len(parts)-1].(float64)
	if !isNumber {
		return fmt.Errorf("a port of %v", key)
	}
	row.Protocol = strings.ToUpper(fmt.Sprint(parts[len(parts)-2]))
	if len(parts) == 2 {
		row.NodePort = int(port)
		return nil
	}
	row.IP, row.Port = fmt.Sprint(parts[0]), int(port)
	return nil
}

func target(verdict object) string {
	for _, kind := range []string{"goto", "jump"} {
		if to, found := verdict[kind].(object); found {
			return fmt.Sprint(to["target"])
		}
	}
	return ""
}

// follow collects the endpoints that a chain leads to, for a client that is
// neither on the node nor remembered by affinity.
func (t *table) follow(chain string, row *Row, to *[]string) error {
	for _, rule := range t.rules[chain] {
		if affinity, skipped := skips(rule); skipped {
			if seconds, known := t.timeouts[affinity]; known {
				row.AffinitySeconds = seconds
			}
			continue
		}
		for _, statement := range rule {
			fields, _ := statement.(object)
			if next := target(fields); next != "" {
				return t.follow(next, row, to)
			}
			if choice, found := fields["vmap"].(object); found {
				set, _ := choice["data"].(object)["set"].(list)
				for _, pair := range set {
					verdict, _ := pair.(list)[1].(object)
					if err := t.follow(target(verdict), row, to); err != nil {
						return err
					}
				}
				return nil
			}
			if translation, found := fields["dnat"].(object); found {
				return translated(translation, to)
			}
		}
	}
	return nil
}

// skips is true for a rule that holds for other clients only: those on the node
// itself and those that an affinity set (which it names) remembers.
func skips(rule list) (string, bool) {
	for _, statement := range rule {
		match, _ := statement.(object)["match"].(object)
		left, _ := match["left"].(object)
		if _, fib := left["fib"]; fib {
			return "", true
		}
		if right, isText := match["right"].(string); isText && strings.HasPrefix(right, "@affinity-") {
			return right[1:], true
		}
	}
	return "", false
}

// translated adds the endpoints of a dnat statement: one, or an even choice.
func translated(translation object, to *[]string) error {
	if address, isText := translation["addr"].(string); isText {
		*to = append(*to, fmt.Sprint(address, "/", translation["port"]))
		return nil
	}
	choice, _ := translation["addr"].(object)["map"].(object)
	data, _ := choice["data"].(object)
	set, _ := data["set"].(list)
	if len(set) == 0 {
		return fmt.Errorf("a dnat of %v", translation)
	}
	for _, pair := range set {
		parts, _ := pair.(list)[1].(object)["concat"].(list)
		if len(parts) != 2 {
			return fmt.Errorf("a dnat of %v", translation)
		}
		*to = append(*to, fmt.Sprint(parts[0], "/", parts[1]))
	}
	return nil
}

// sources reads the ranges that a firewall chain lets through.
func (t *table) sources(chain string) ([]string, error) {
	for _, rule := range t.rules[chain] {
		for _, statement := range rule {
			match, found := statement.(object)["match"].(object)
			if !found || match["op"] != "!=" {
				continue
			}
			items := list{match["right"]}
			right, _ := match["right"].(object)
			if set, isSet := right["set"].(list); isSet {
				items = set
			}
			var ranges []string
			for _, item := range items {
				text, err := sourceRange(item)
				if err != nil {
					return nil, err
				}
				ranges = append(ranges, text)
			}
			sort.Strings(ranges)
			return ranges, nil
		}
	}
	return nil, fmt.Errorf("no ranges in %s", chain)
}

func sourceRange(item any) (string, error) {
	switch item := item.(type) {
	case string:
		address, err := netip.ParseAddr(item)
		if err != nil {
			return "", err
		}
		return netip.PrefixFrom(address, address.BitLen()).String(), nil
	case object:
		if prefix, found := item["prefix"].(object); found {
			return fmt.Sprint(prefix["addr"], "/", prefix["len"]), nil
		}
		if ends, found := item["range"].(list); found && len(ends) == 2 {
			return fmt.Sprint(ends[0], "-", ends[1]), nil
		}
	}
	return "", fmt.Errorf("a range of %v", item)
}
