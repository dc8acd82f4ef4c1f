package networkpolicy

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDecideLeavesOutWhatTheReadingsDifferOn(t *testing.T) {
	notIn := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"a"}}}}
	for name, one := range map[string]struct {
		selector metav1.LabelSelector
		dropped  int
	}{
		"an absent key satisfies NotIn, which cyclonus denies": {notIn, 1},
		"an empty selector is read alike":                      {metav1.LabelSelector{}, 0},
	} {
		record := Record{
			Namespaces: map[string]map[string]string{"x": {}},
			Pods:       []Pod{{Name: "a", Namespace: "x", IP: "10.0.0.1", Labels: map[string]string{}}, {Name: "b", Namespace: "x", IP: "10.0.0.2", Labels: map[string]string{}}},
			Policies:   []*networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "x"}, Spec: networkingv1.NetworkPolicySpec{PodSelector: one.selector}}},
			Queries:    []Query{{From: End{Namespace: "x", Pod: "a"}, To: End{Namespace: "x", Pod: "b"}, Port: 80, Protocol: "TCP"}},
		}
		if dropped := record.decide(); dropped != one.dropped {
			t.Errorf("%s: %d dropped", name, dropped)
		}
		for _, query := range record.Queries {
			if query.Allowed || query.Ingress || !query.Egress {
				t.Errorf("%s: %+v", name, query)
			}
		}
	}
}

func TestPlantedDifferencesAreFound(t *testing.T) {
	query := Query{Allowed: false, Egress: true, Ingress: false}
	if found := query.between(map[string]any{"allowed": false, "egress": true, "ingress": false, "because": []any{}}); len(found) != 0 {
		t.Errorf("%v", found)
	}
	for _, planted := range []map[string]any{
		{"allowed": true, "egress": true, "ingress": false}, {"allowed": false, "egress": false, "ingress": false}, {"allowed": false}, {"error": map[string]any{"reason": "NotFound"}},
	} {
		if found := query.between(planted); len(found) == 0 {
			t.Errorf("%v was not found", planted)
		}
	}
}

func TestCyclonusCases(t *testing.T) {
	records, _ := Cyclonus()
	queries := 0
	for _, record := range records {
		queries += len(record.Queries)
	}
	const cases = 230
	if len(records) < cases || queries < 100*cases {
		t.Errorf("%d steps with %d queries", len(records), queries)
	}
}
