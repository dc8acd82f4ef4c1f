package ingress

import (
	"fmt"

	"portolan/reference/internal/command"
	"portolan/reference/internal/difference"
	"portolan/reference/internal/portolan"
)

// Compare asks the binary about every request of the record and tells where its
// routes are not the recorded ones.
func Compare(binary string, record Record) ([]command.Case, error) {
	objects := record.input()
	requests := append(append([]Request{}, record.Requests...), record.Normalization...)
	questions := make([]any, len(requests))
	for index, request := range requests {
		scheme := "http://"
		if request.Secure {
			scheme = "https://"
		}
		questions[index] = object{"ask": "route", "method": "GET", "url": scheme + request.Host + request.Path, "controller": "contour"}
	}
	answers, err := portolan.AskOf(binary, objects, nil, questions)
	if err != nil {
		return nil, err
	}
	cases := make([]command.Case, len(requests))
	for index, request := range requests {
		differences := request.between(answers[index])
		cases[index] = command.Case{Name: record.Seed + " " + request.Host + request.Path, Differences: differences}
		if len(differences) > 0 {
			cases[index].Asked = difference.Text(questions[index]) + " of " + difference.Text(objects)
		}
	}
	return cases, nil
}

// input gives the Ingresses the order of their age, as the names have it, and
// the Services with them.
func (record *Record) input() []any {
	var input []any
	for index, one := range record.Objects {
		copied := difference.Plain(one).(object)
		if metadata, isObject := copied["metadata"].(object); isObject {
			metadata["creationTimestamp"] = fmt.Sprintf("2026-01-01T00:%02d:00Z", index)
		}
		input = append(input, copied)
	}
	for _, name := range record.Services {
		input = append(input, object{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": "default"}, "spec": object{"clusterIP": "None", "ports": list{object{"name": "http", "port": 80}}}})
	}
	for _, one := range record.Others {
		input = append(input, one)
	}
	return input
}

func (request Request) between(answer any) []difference.Difference {
	fields, isObject := answer.(object)
	var service any
	if request.Service != nil {
		service = *request.Service
	}
	want := object{"matched": request.Service != nil || request.Location != "", "service": service, "location": nil}
	if request.Location != "" {
		want["location"] = request.Location
	}
	if !isObject || fields["error"] != nil {
		return []difference.Difference{{Path: "answer", Want: difference.Text(want), Got: difference.Text(answer)}}
	}
	got := object{"matched": fields["matched"], "service": nil, "location": nil}
	if redirect, found := fields["redirect"].(object); found {
		got["location"] = redirect["location"]
	}
	if named, found := fields["service"].(object); found {
		got["service"] = named["name"]
	}
	return difference.Between(want, got)
}
