package admission

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"portolan/reference/controlplane"
)

// etcdKeys are the prefixes under which the server keeps the kinds, without the
// namespace.
var etcdKeys = map[string]string{
	"Service": "services/specs/", "Endpoints": "services/endpoints/", "EndpointSlice": "endpointslices/", "Ingress": "ingress/", "IngressClass": "ingressclasses/",
	"NetworkPolicy": "networkpolicies/", "Namespace": "namespaces/", "IPAddress": "ipaddresses/", "ServiceCIDR": "servicecidrs/",
}

// A Request is one ad-hoc question to the real server.
type Request struct {
	Op        string          `json:"op"`
	Object    json.RawMessage `json:"object"`
	OldObject json.RawMessage `json:"oldObject,omitempty"`
}

// An Answer is what the server said, in the shape of a record.
type Answer struct {
	Code     int             `json:"code"`
	Status   json.RawMessage `json:"status,omitempty"`
	Object   json.RawMessage `json:"object,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
	// OldObject is the old object of an update as the server had stored it, with
	// what it allocated.
	OldObject json.RawMessage `json:"oldObject,omitempty"`
}

// NewPlainRecorder asks a server in which only the given objects are stored.
// An object that the server refuses, or that is being deleted, is written to
// etcd as it stands.
func NewPlainRecorder(plane *controlplane.ControlPlane, cluster []json.RawMessage) (*Recorder, error) {
	recorder := &Recorder{plane: plane, stored: map[string][]*object{}, past: map[string]string{}}
	for _, one := range cluster {
		if _, err := recorder.keep(one); err != nil {
			return nil, err
		}
		if kind, _ := kindOf(one); kind == "Service" || kind == "IPAddress" {
			// Their addresses are not to be given back after a refusal.
			recorder.stored[kind] = append(recorder.stored[kind], parse(string(one)).(*object))
		}
	}
	return recorder, recorder.remember("Service", "kubernetes")
}

// keep stores an object as it stands, unless one of its name is there.
func (recorder *Recorder) keep(text json.RawMessage) (bool, error) {
	kind, err := kindOf(text)
	if err != nil {
		return false, err
	}
	namespace := namespaceOf(text)
	kept := parse(string(text)).(*object)
	if metadata, _ := kept.get("metadata"); !resources[kind].clusterScope {
		metadata.(*object).set("namespace", namespace)
	}
	path := collection(kind, namespace)
	if code, _, err := recorder.plane.Do(http.MethodGet, path+"/"+nameOf(kept), nil); err != nil || code == http.StatusOK {
		return false, err
	}
	if !isLeaving(text) {
		code, _, err := recorder.plane.Do(http.MethodPost, path, text)
		if err != nil || code == http.StatusCreated {
			return true, err
		}
	}
	return true, recorder.storePast(kind, kept, keyOf(kind, namespace, nameOf(kept)))
}

// keyOf is the key of an object in etcd.
func keyOf(kind, namespace, name string) string {
	if resources[kind].clusterScope {
		return etcdKeys[kind] + name
	}
	return etcdKeys[kind] + namespace + "/" + name
}

// isLeaving is true for an object that is being deleted: a create would store
// it as one that is not.
func isLeaving(text json.RawMessage) bool {
	var read struct {
		Metadata struct {
			DeletionTimestamp any `json:"deletionTimestamp"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(text, &read)
	return read.Metadata.DeletionTimestamp != nil
}

func kindOf(text json.RawMessage) (string, error) {
	var read struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name any `json:"name"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return "", err
	}
	if _, known := resources[read.Kind]; !known {
		return "", fmt.Errorf("the kind %q is none that can be asked about", read.Kind)
	}
	return read.Kind, nil
}

// AnswerRequest stores the old object of an update where it is not stored, asks,
// and puts everything back as it was.
func (recorder *Recorder) AnswerRequest(request Request) (Answer, error) {
	record := Record{Op: request.Op, Input: request.Object, Old: request.OldObject}
	// Input of any shape may be asked about; only its kind must be readable.
	var read struct {
		Kind string `json:"kind"`
	}
	_ = json.Unmarshal(request.Object, &read)
	if _, known := resources[read.Kind]; !known {
		return Answer{}, fmt.Errorf("the kind %q is none that can be asked about", read.Kind)
	}
	record.Kind = read.Kind
	added := false
	var served json.RawMessage
	if len(request.OldObject) > 0 {
		var err error
		if added, err = recorder.keep(request.OldObject); err != nil {
			return Answer{}, err
		}
		path := collection(record.Kind, namespaceOf(record.Old)) + "/" + url.PathEscape(nameOf(parse(string(record.Old)).(*object)))
		_, body, err := recorder.plane.Do(http.MethodGet, path, nil)
		if err != nil {
			return Answer{}, err
		}
		served = settled(body)
	}
	err := recorder.send(&record)
	if err == nil {
		err = recorder.putBack(&record, added)
	}
	return Answer{record.Code, record.Status, record.Object, record.Warnings, served}, err
}

// putBack undoes what a request did; `added` tells that its old object was
// stored for it.
func (recorder *Recorder) putBack(record *Record, added bool) error {
	accepted := record.Code < http.StatusBadRequest
	hasOld := len(record.Old) > 0
	switch {
	case hasOld && isLeaving(record.Old):
		name := nameOf(parse(string(record.Old)).(*object))
		if err := recorder.plane.Erase(keyOf(record.Kind, namespaceOf(record.Old), name)); err != nil {
			return err
		}
		if err := recorder.remove(record.Kind, namespaceOf(record.Old), name); err != nil {
			return err
		}
	case accepted:
		name := nameOf(parse(string(record.Object)).(*object))
		if err := recorder.remove(record.Kind, namespaceOf(record.Object), name); err != nil {
			return err
		}
	case hasOld && added:
		name := nameOf(parse(string(record.Old)).(*object))
		if err := recorder.remove(record.Kind, namespaceOf(record.Old), name); err != nil {
			return err
		}
	}
	if hasOld && !added && (accepted || isLeaving(record.Old)) {
		_, err := recorder.keep(record.Old)
		return err
	}
	if !accepted && (added || !hasOld) {
		return recorder.release(record)
	}
	return nil
}
