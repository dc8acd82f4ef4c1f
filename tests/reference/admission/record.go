// Package admission records what kube-apiserver does with generated objects,
// and holds the project's `admit` answers against it.
package admission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"portolan/reference/controlplane"
)

// Cluster is the first line of a file of vectors: what is stored before.
type Cluster struct {
	Cluster               []json.RawMessage `json:"cluster"`
	Kubernetes            string            `json:"kubernetes"`
	Query                 string            `json:"query"`
	ServiceClusterIPRange string            `json:"serviceClusterIPRange"`
	ServiceNodePortRange  string            `json:"serviceNodePortRange"`
}

// Record is a request and the server's answer.
type Record struct {
	Code     int             `json:"code"`
	How      []string        `json:"how"`
	ID       string          `json:"id"`
	Input    json.RawMessage `json:"input"`
	Kind     string          `json:"kind"`
	Object   json.RawMessage `json:"object,omitempty"`
	Old      json.RawMessage `json:"old,omitempty"`
	Op       string          `json:"op"`
	Status   json.RawMessage `json:"status,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
}

// query is what every request carries.
const query = "?fieldValidation=Strict"

// A Recorder asks one server.
type Recorder struct {
	plane  *controlplane.ControlPlane
	stored map[string][]*object
	// past holds the stored objects that only an older server would accept, by
	// kind and name, with their keys in etcd.
	past map[string]string
}

// NewRecorder stores the objects that updates are of. ServiceCIDRs are stored
// only where they are among the kinds asked for: every Service would take its
// addresses from them too.
func NewRecorder(plane *controlplane.ControlPlane, kinds []string) (*Recorder, error) {
	recorder := &Recorder{plane: plane, stored: map[string][]*object{}, past: map[string]string{}}
	for _, one := range bases {
		if one.kind == "ServiceCIDR" && !slices.Contains(kinds, one.kind) {
			continue
		}
		object := storedBase(one)
		if err := recorder.create(one.kind, object); errors.Is(err, errRefused) {
			continue // not every base suits every range
		} else if err != nil {
			return nil, err
		}
		if err := recorder.remember(one.kind, nameOf(object)); err != nil {
			return nil, err
		}
	}
	for _, one := range pastObjects {
		object := parse(one.text).(*object)
		recorder.past[one.kind+"/"+nameOf(object)] = one.key
		if err := recorder.storePast(one.kind, object, one.key); err != nil {
			return nil, err
		}
		if err := recorder.remember(one.kind, nameOf(object)); err != nil {
			return nil, err
		}
	}
	return recorder, recorder.rememberNamespaces()
}

// storedBase is a base with another name, and with other addresses and ports
// than the base, which is to be created beside it.
func storedBase(one base) *object {
	renamed := strings.NewReplacer(`"nodePort":30080`, `"nodePort":30099`, `"nodePort":30053`, `"nodePort":30054`, `"nodePort":31080`, `"nodePort":31081`, "31000", "31099",
		`"10.0.3.7"`, `"10.0.3.99"`, `"10.0.3.78"`, `"10.0.3.178"`, "fd00:10::77", "fd00:10::177", "fd00:10::78", "fd00:10::178",
		"192.0.2.7\"", "192.0.2.70\"", "2001:db8::7\"", "2001:db8::70\"", "10.7.0.0", "10.17.0.0", "10.8.0.0", "10.18.0.0", "fd00:8::", "fd00:18::").Replace(one.text)
	result := parse(renamed).(*object)
	if one.kind != "IPAddress" {
		metadata, _ := result.get("metadata")
		metadata.(*object).set("name", nameOf(result)+"-stored")
	}
	return result
}

func (recorder *Recorder) create(kind string, input any) error {
	body, err := encode(input)
	if err != nil {
		return err
	}
	code, answer, err := recorder.plane.Do(http.MethodPost, collection(kind, "default"), body)
	if err != nil {
		return err
	}
	if code != http.StatusCreated {
		return fmt.Errorf("%w: %s could not be stored: %s", errRefused, body, answer)
	}
	return nil
}

var errRefused = errors.New("refused")

func (recorder *Recorder) storePast(kind string, past *object, key string) error {
	stamped := clone(past).(*object)
	metadata, _ := stamped.get("metadata")
	metadata.(*object).set("uid", fmt.Sprintf("00000000-0000-4000-8000-%012x", len(key)))
	metadata.(*object).set("creationTimestamp", "2020-01-02T03:04:05Z")
	body, err := encode(stamped)
	if err != nil {
		return err
	}
	if err := recorder.plane.Store(key, body); err != nil {
		return err
	}
	path := collection(kind, namespaceOf(body)) + "/" + nameOf(past)
	for range 100 {
		// The server's cache has to have seen it: it may still hold the one before.
		code, written, err := recorder.plane.Do(http.MethodGet, path, nil)
		if err == nil && code == http.StatusOK {
			if code, cached, err := recorder.plane.Do(http.MethodGet, path+"?resourceVersion=0", nil); err == nil && code == http.StatusOK && bytes.Equal(written, cached) {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("%s was written to etcd and is not served", path)
}

// remember reads a stored object back.
func (recorder *Recorder) remember(kind, name string) error {
	code, body, err := recorder.plane.Do(http.MethodGet, collection(kind, "default")+"/"+name, nil)
	if err != nil {
		return err
	}
	if code != http.StatusOK {
		return fmt.Errorf("%s %s: %s", kind, name, body)
	}
	recorder.stored[kind] = append(recorder.stored[kind], parse(string(settled(body))).(*object))
	return nil
}

// rememberNamespaces keeps the server's own namespaces, its Service and its
// ServiceCIDR, which are part of the cluster.
func (recorder *Recorder) rememberNamespaces() error {
	for _, name := range ownNamespaces {
		if err := recorder.remember("Namespace", name); err != nil {
			return err
		}
	}
	if err := recorder.remember("ServiceCIDR", "kubernetes"); err != nil {
		return err
	}
	return recorder.remember("Service", "kubernetes")
}

var ownNamespaces = []string{"default", "kube-system", "kube-public", "kube-node-lease"}

// updatable are the stored objects that updates may be of: not the server's own,
// and not the namespace that others are to find being deleted.
func (recorder *Recorder) updatable() map[string][]*object {
	result := map[string][]*object{}
	for kind, objects := range recorder.stored {
		for _, one := range objects {
			name := nameOf(one)
			if name != "kubernetes" && (kind != "Namespace" || !slices.Contains(ownNamespaces, name) && name != leavingNamespace) {
				result[kind] = append(result[kind], one)
			}
		}
	}
	return result
}

// Cluster is the first line of the vectors.
func (recorder *Recorder) Cluster() (Cluster, error) {
	cluster := Cluster{Kubernetes: "1.36", Query: "fieldValidation=Strict", ServiceClusterIPRange: recorder.plane.ServiceClusterIPRange, ServiceNodePortRange: recorder.plane.ServiceNodePortRange}
	for _, one := range kindWeights {
		for _, stored := range recorder.stored[one.kind] {
			text, err := encode(stored)
			if err != nil {
				return cluster, err
			}
			cluster.Cluster = append(cluster.Cluster, text)
		}
	}
	return cluster, nil
}

// lanes are the kinds that are asked one after the other, because what one
// stores another sees: Services share addresses with IPAddresses and
// ServiceCIDRs, an Ingress takes the default IngressClass. The lanes run
// beside each other.
var lanes = [][]string{{"Service", "IPAddress", "ServiceCIDR"}, {"Ingress", "IngressClass"}, {"NetworkPolicy"}, {"EndpointSlice", "Endpoints"}, {"Namespace"}}

// Record generates the questions from `first` on and asks the server. The
// records come in the order of their questions.
func (recorder *Recorder) Record(seed uint64, count int, kinds []string) ([]Record, error) {
	updatable := recorder.updatable()
	byKind := map[string][]int{}
	questions := make([]Question, count)
	for index := range questions {
		questions[index] = generate(seed, index, kinds, updatable)
		byKind[questions[index].Kind] = append(byKind[questions[index].Kind], index)
	}
	records := make([]Record, count)
	failures := make([]error, len(lanes))
	var running sync.WaitGroup
	for lane, members := range lanes {
		running.Add(1)
		go func() {
			defer running.Done()
			for _, kind := range members {
				for _, index := range byKind[kind] {
					record, err := recorder.ask(questions[index])
					if err != nil {
						failures[lane] = fmt.Errorf("case %d (%s): %w", index, kind, err)
						return
					}
					records[index] = record
				}
			}
		}()
	}
	running.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return records, nil
}

// ask sends one question, keeps the answer and undoes what it did.
func (recorder *Recorder) ask(question Question) (Record, error) {
	input, err := encode(question.Input)
	if err != nil {
		return Record{}, err
	}
	record := Record{How: question.How, ID: question.ID, Input: input, Kind: question.Kind, Op: question.Operation}
	if question.Stored != "" {
		for _, old := range recorder.stored[question.Kind] {
			if nameOf(old) == question.Stored {
				if record.Old, err = encode(old); err != nil {
					return record, err
				}
			}
		}
	}
	return record, recorder.answer(&record)
}

// answer sends the record's request, fills in the answer and undoes what the
// request did.
func (recorder *Recorder) answer(record *Record) error {
	if err := recorder.send(record); err != nil {
		return err
	}
	if record.Code >= http.StatusBadRequest {
		return recorder.release(record)
	}
	accepted, isObject := parse(string(record.Object)).(*object)
	if !isObject {
		return fmt.Errorf("accepted: %s", record.Object)
	}
	if err := recorder.remove(record.Kind, namespaceOf(record.Object), nameOf(accepted)); err != nil {
		return err
	}
	if len(record.Old) > 0 {
		return recorder.restore(record.Kind, nameOf(parse(string(record.Old)).(*object)))
	}
	return nil
}

// release gives back the addresses that a refused Service named: the server
// keeps one of them now and then, and the next Service would find it taken.
func (recorder *Recorder) release(record *Record) error {
	var input struct {
		Spec struct {
			ClusterIP  any `json:"clusterIP"`
			ClusterIPs any `json:"clusterIPs"`
		} `json:"spec"`
	}
	if record.Kind != "Service" || json.Unmarshal(record.Input, &input) != nil {
		return nil
	}
	named, _ := input.Spec.ClusterIPs.([]any)
	for _, one := range append(named, input.Spec.ClusterIP) {
		text, _ := one.(string)
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" || recorder.holds(address.String()) {
			continue
		}
		if err := recorder.remove("IPAddress", "", address.String()); err != nil {
			return err
		}
	}
	return nil
}

// holds is true for the address of a stored Service or IPAddress.
func (recorder *Recorder) holds(address string) bool {
	for _, kind := range []string{"Service", "IPAddress"} {
		for _, one := range recorder.stored[kind] {
			text, err := encode(one)
			if err != nil || bytes.Contains(text, []byte(`"`+address+`"`)) {
				return true
			}
		}
	}
	return false
}

// panicked is what the server writes, and does not get to send, after a panic
// (withPanicRecovery of k8s.io/apiserver/pkg/server/filters), as a Status.
var panicked = controlplane.Response{
	Code: http.StatusInternalServerError,
	Body: []byte(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"This request caused apiserver to panic. Look in the logs for details.","code":500}`),
}

// send sends the record's request and fills in the answer.
func (recorder *Recorder) send(record *Record) error {
	method, path := http.MethodPost, collection(record.Kind, namespaceOf(record.Input))
	if record.Op == "update" {
		// Without an old object, the request names an object that is not there.
		named := record.Old
		if len(named) == 0 {
			named = record.Input
		}
		old, isObject := parse(string(named)).(*object)
		if !isObject {
			return fmt.Errorf("an update needs the stored object")
		}
		method, path = http.MethodPut, collection(record.Kind, namespaceOf(named))+"/"+url.PathEscape(nameOf(old))
	}
	response, err := recorder.plane.Send(method, path+query, "application/json", record.Input)
	if errors.Is(err, io.EOF) {
		// The server has panicked: what it says to that is lost with the connection.
		response, err = panicked, nil
	}
	if err != nil {
		return err
	}
	record.Code, record.Warnings = response.Code, response.Warnings
	if response.Code >= http.StatusBadRequest {
		record.Status = bytes.TrimSpace(response.Body)
	} else {
		record.Object = settled(response.Body)
	}
	return nil
}

// restore stores an object again that an update has changed.
func (recorder *Recorder) restore(kind, name string) error {
	for _, old := range recorder.stored[kind] {
		if nameOf(old) != name {
			continue
		}
		if key, isPast := recorder.past[kind+"/"+name]; isPast {
			return recorder.storePast(kind, old, key)
		}
		return recorder.create(kind, old)
	}
	return fmt.Errorf("%s %s is not stored", kind, name)
}

// remove deletes an object for good, whatever finalizers it has.
func (recorder *Recorder) remove(kind, namespace, name string) error {
	path := collection(kind, namespace) + "/" + url.PathEscape(name)
	options := []byte(`{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Background"}`)
	code, body, err := recorder.plane.Do(http.MethodDelete, path, options)
	if err != nil {
		return err
	}
	if code != http.StatusOK && code != http.StatusAccepted && code != http.StatusNotFound && code != http.StatusConflict {
		return fmt.Errorf("%s could not be removed: %s", path, body)
	}
	if kind == "Namespace" {
		finalized := fmt.Sprintf(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":%q},"spec":{"finalizers":[]}}`, name)
		if _, _, err := recorder.plane.Do(http.MethodPut, path+"/finalize", []byte(finalized)); err != nil {
			return err
		}
	}
	for range 200 {
		code, body, err := recorder.plane.Do(http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		if code == http.StatusNotFound {
			return nil
		}
		if bytes.Contains(body, []byte(`"finalizers"`)) {
			if err := recorder.unfinalize(path); err != nil {
				return err
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("%s does not go away", path)
}

func (recorder *Recorder) unfinalize(path string) error {
	response, err := recorder.plane.Send(http.MethodPatch, path, "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
	if err == nil && response.Code >= http.StatusBadRequest && response.Code != http.StatusNotFound {
		err = fmt.Errorf("%s: %s", path, response.Body)
	}
	return err
}

// leavingNamespace is one that is being deleted, where it is stored.
const leavingNamespace = "leaving"

// namespaceOf is the namespace that an input names, or "default".
func namespaceOf(input json.RawMessage) string {
	var read struct {
		Metadata struct {
			Namespace any `json:"namespace"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(input, &read)
	if namespace, isText := read.Metadata.Namespace.(string); isText && (namespace == "kube-system" || namespace == leavingNamespace) {
		return namespace
	}
	return "default"
}

// settled is a stored object without what the moment of storing gave it.
func settled(body []byte) json.RawMessage {
	stored, isObject := parse(string(body)).(*object)
	if !isObject {
		return body
	}
	if metadata, found := stored.get("metadata"); found {
		for _, key := range []string{"uid", "creationTimestamp", "resourceVersion", "generation", "managedFields", "selfLink"} {
			metadata.(*object).remove(key)
		}
	}
	text, err := encode(stored)
	if err != nil {
		return body
	}
	return text
}
