// Command ask-apiserver answers ad-hoc admission questions by a real
// kube-apiserver: JSON lines {"op":"create"|"update","object":…,"oldObject":…}
// in, {"code":…,"status":…|"object":…,"warnings":…} out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"

	sigs "sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/util/yaml"

	"portolan/reference/admission"
	"portolan/reference/controlplane"
	"portolan/reference/internal/command"
)

func main() {
	file := flag.String("f", "", "the cluster: objects as YAML or JSON documents, a List, or a file of vectors (its first line)")
	addresses := flag.String("service-cluster-ip-range", "", "kube-apiserver's flag")
	ports := flag.String("service-node-port-range", "", "kube-apiserver's flag")
	flag.Parse()
	if err := answer(*file, controlplane.Options{ServiceClusterIPRange: *addresses, ServiceNodePortRange: *ports}); err != nil {
		command.Fail(err)
	}
}

func answer(file string, options controlplane.Options) error {
	objects, err := cluster(file)
	if err != nil {
		return err
	}
	plane, err := controlplane.Start(options)
	if err != nil {
		return err
	}
	defer plane.Stop()
	recorder, err := admission.NewPlainRecorder(plane, objects)
	if err != nil {
		return err
	}
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		var request admission.Request
		if err := in.Decode(&request); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := recorder.AnswerRequest(request)
		if err != nil {
			_ = out.Encode(map[string]string{"error": err.Error()})
			continue
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}

func cluster(name string) ([]json.RawMessage, error) {
	if name == "" {
		return nil, nil
	}
	if lines, err := command.ReadLines[json.RawMessage](name); err == nil && len(lines) > 0 {
		var first admission.Cluster
		if json.Unmarshal(lines[0], &first) == nil && first.Cluster != nil {
			return first.Cluster, nil
		}
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, errors.Join(command.ErrMissing, err)
	}
	defer file.Close()
	var objects []json.RawMessage
	documents := yaml.NewYAMLReader(bufio.NewReader(file))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := sigs.YAMLToJSON(document)
		if err != nil {
			return nil, err
		}
		var list struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		switch {
		case list.Items != nil:
			objects = append(objects, list.Items...)
		case string(text) != "null":
			objects = append(objects, text)
		}
	}
}
