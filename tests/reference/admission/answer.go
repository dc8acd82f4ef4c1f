package admission

import (
	"encoding/json"
	"fmt"
	"net/http"

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
}

// NewPlainRecorder asks a server in which only the given objects are stored.
// An object that the server refuses is written to etcd as it stands.
func NewPlainRecorder(plane *controlplane.ControlPlane, cluster []json.RawMessage) (*Recorder, error) {
	recorder := &Recorder{plane: plane, stored: map[string][]*object{}, past: map[string]string{}}
	for _, one := range cluster {
		if _, err := recorder.keep(one); err != nil {
			return nil, err
		}
	}
	return recorder, nil
}

// keep stores an object as it stands, unless one of its name is there.
func (recorder *Recorder) keep(text json.RawMessage) (bool, error) {
	kind, err := kindOf(text)
	if err != nil {
		return false, err
	}
	namespace := namespaceOf(text)
	kept := parse(string(text)).(*object)
	path := collection(kind, namespace)
	if code, _, err := recorder.plane.Do(http.MethodGet, path+"/"+nameOf(kept), nil); err != nil || code == http.StatusOK {
		return false, err
	}
	code, _, err := recorder.plane.Do(http.MethodPost, path, text)
	if err != nil || code == http.StatusCreated {
		return true, err
	}
	key := etcdKeys[kind]
	if !resources[kind].clusterScope {
		key += namespace + "/"
	}
	return true, recorder.storePast(kind, kept, key+nameOf(kept))
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
	record := Record{Op: "create", Input: request.Object, Old: request.OldObject}
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
	if len(request.OldObject) > 0 {
		record.Op = "update"
		var err error
		if added, err = recorder.keep(request.OldObject); err != nil {
			return Answer{}, err
		}
	}
	err := recorder.send(&record)
	if err == nil && record.Code < http.StatusBadRequest {
		accepted := parse(string(record.Object)).(*object)
		err = recorder.remove(record.Kind, namespaceOf(record.Object), nameOf(accepted))
		if err == nil && record.Op == "update" && !added {
			_, err = recorder.keep(record.Old)
		}
	} else if err == nil && added {
		err = recorder.remove(record.Kind, namespaceOf(record.Old), nameOf(parse(string(record.Old)).(*object)))
	}
	return Answer{record.Code, record.Status, record.Object, record.Warnings}, err
}
