// Package benchmark measures Kubernetes' own decoding, defaulting and
// validation of the kinds that admission answers for.
package benchmark

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/discovery"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	discoveryvalidation "k8s.io/kubernetes/pkg/apis/discovery/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
)

// strict is the server's JSON decoder with fieldValidation=Strict; it defaults
// and converts to the internal version, which validation reads.
var strict = legacyscheme.Codecs.DecoderToVersion(
	serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme, serializer.SerializerOptions{Strict: true}),
	runtime.InternalGroupVersioner)

// Check decodes, defaults and validates one object as the server does before it
// allocates and stores. It gives the number of errors found.
func Check(text []byte) (int, error) {
	decoded, _, err := strict.Decode(text, nil, nil)
	if err != nil {
		return 1, nil //nolint:nilerr // a refusal is an answer
	}
	found, err := validate(decoded)
	return len(found), err
}

func validate(decoded runtime.Object) (field.ErrorList, error) {
	switch object := decoded.(type) {
	case *core.Service:
		object.Namespace = namespace(object.Namespace)
		// What the strategy has allocated by then.
		if object.Spec.ClusterIP == "" && object.Spec.Type != core.ServiceTypeExternalName {
			object.Spec.ClusterIP = "10.0.0.9"
			object.Spec.ClusterIPs = []string{"10.0.0.9"}
		}
		return corevalidation.ValidateServiceCreate(object), nil
	case *core.Endpoints:
		object.Namespace = namespace(object.Namespace)
		return corevalidation.ValidateEndpointsCreate(object), nil
	case *discovery.EndpointSlice:
		object.Namespace = namespace(object.Namespace)
		return discoveryvalidation.ValidateEndpointSliceCreate(object), nil
	case *networking.Ingress:
		object.Namespace = namespace(object.Namespace)
		return networkingvalidation.ValidateIngressCreate(object), nil
	case *networking.IngressClass:
		return networkingvalidation.ValidateIngressClass(object), nil
	case *networking.NetworkPolicy:
		object.Namespace = namespace(object.Namespace)
		return networkingvalidation.ValidateNetworkPolicy(object, networkingvalidation.NetworkPolicyValidationOptions{}), nil
	}
	return nil, fmt.Errorf("%T is none of the kinds", decoded)
}

func namespace(given string) string {
	if given == "" {
		return "default"
	}
	return given
}

// Input is an object to check, as text, with its kind.
type Input struct {
	Kind string
	Text []byte
}

// Inputs picks the creates of a file of admission vectors: its lines after the
// first.
func Inputs(lines []json.RawMessage) ([]Input, error) {
	var inputs []Input
	for index, line := range lines {
		var record struct {
			Op    string          `json:"op"`
			Kind  string          `json:"kind"`
			Input json.RawMessage `json:"input"`
		}
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, err
		}
		if index > 0 && record.Op == "create" {
			inputs = append(inputs, Input{record.Kind, record.Input})
		}
	}
	if len(inputs) == 0 {
		return nil, errors.New("the file holds no creates")
	}
	return inputs, nil
}
