package admission

// A base is a valid object that cases start from.
type base struct {
	kind, text string
}

// bases hold the ordinary shapes of every kind. Each is also stored once, under
// its name with "-stored" at the end, for the updates.
var bases = []base{
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"plain"},"spec":{"selector":{"app":"a"},"ports":[{"port":80}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"multi"},"spec":{"selector":{"app":"a"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080},{"name":"https","port":443,"targetPort":"tls"},{"name":"dns","port":53,"protocol":"UDP"}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"headless"},"spec":{"clusterIP":"None","selector":{"app":"a"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"noports"},"spec":{"clusterIP":"None","selector":{"app":"a"}}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"np"},"spec":{"type":"NodePort","selector":{"app":"a"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080,"nodePort":30080}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"lb"},"spec":{"type":"LoadBalancer","selector":{"app":"a"},"externalTrafficPolicy":"Local","healthCheckNodePort":31000,"allocateLoadBalancerNodePorts":false,"loadBalancerClass":"example.com/lb","loadBalancerSourceRanges":["10.0.0.0/8"],"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"ext"},"spec":{"type":"ExternalName","externalName":"db.example.com"}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"dual"},"spec":{"selector":{"app":"a"},"ipFamilyPolicy":"PreferDualStack","ipFamilies":["IPv4","IPv6"],"trafficDistribution":"PreferClose","internalTrafficPolicy":"Local","ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"sticky"},"spec":{"selector":{"app":"a"},"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":600}},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"fixed"},"spec":{"clusterIP":"10.0.3.7","externalIPs":["203.0.113.7"],"publishNotReadyAddresses":true,"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"lb-cluster","labels":{"app":"a"},"annotations":{"example.com/x":"y"}},"spec":{"type":"LoadBalancer","selector":{"app":"a"},"loadBalancerIP":"203.0.113.9","ports":[{"name":"tcp","port":53,"nodePort":30053},{"name":"udp","port":53,"protocol":"UDP","nodePort":30053}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"np-local"},"spec":{"type":"NodePort","externalTrafficPolicy":"Local","selector":{"app":"a","tier":"b"},"ports":[{"name":"a","port":80,"nodePort":31080},{"name":"b","port":81,"protocol":"SCTP","targetPort":"web"}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"six"},"spec":{"ipFamilyPolicy":"SingleStack","ipFamilies":["IPv6"],"clusterIP":"fd00:10::77","selector":{"app":"a"},"ports":[{"port":80}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"dual-six"},"spec":{"ipFamilyPolicy":"RequireDualStack","ipFamilies":["IPv6","IPv4"],"clusterIPs":["fd00:10::78","10.0.3.78"],"clusterIP":"fd00:10::78","type":"NodePort","selector":{"app":"a"},"ports":[{"name":"x","port":80,"appProtocol":"kubernetes.io/h2c"}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"headless-dual"},"spec":{"clusterIP":"None","ipFamilyPolicy":"RequireDualStack","selector":{"app":"a"},"ports":[{"port":80}],"publishNotReadyAddresses":true}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"headless-bare"},"spec":{"clusterIP":"None","ports":[{"port":80}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"bare"},"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":81}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"ranged","annotations":{"service.beta.kubernetes.io/load-balancer-source-ranges":"10.0.0.0/8, 192.168.0.0/16"}},"spec":{"type":"LoadBalancer","selector":{"app":"a"},"allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}}`},
	{"Service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"aware","annotations":{"service.kubernetes.io/topology-mode":"Auto","service.kubernetes.io/topology-aware-hints":"Auto"}},"spec":{"selector":{"app":"a"},"ports":[{"port":80}]}}`},

	{"Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"manual"},"subsets":[{"addresses":[{"ip":"1.2.3.4"}],"ports":[{"port":80}]}]}`},
	{"Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"manual2"},"subsets":[{"addresses":[{"ip":"192.0.2.10","hostname":"a","nodeName":"n1","targetRef":{"kind":"Pod","name":"p","namespace":"default"}}],"notReadyAddresses":[{"ip":"192.0.2.11"}],"ports":[{"name":"http","port":80},{"name":"dns","port":53,"protocol":"UDP","appProtocol":"example.com/x"}]}]}`},
	{"Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"manual6","labels":{"endpoints.kubernetes.io/managed-by":"x"}},"subsets":[{"addresses":[{"ip":"2001:db8::1"},{"ip":"2001:db8::2"}],"ports":[{"port":80}]},{"notReadyAddresses":[{"ip":"192.0.2.12"}],"ports":[{"name":"a","port":1,"protocol":"SCTP"}]}]}`},
	{"Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"none"}}`},
	{"Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"controlled","labels":{"endpoints.kubernetes.io/managed-by":"endpoint-controller"}},"subsets":[{"addresses":[{"ip":"2001:DB8::1"}],"ports":[{"port":80}]}]}`},

	{"EndpointSlice", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"sl4","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],"conditions":{"ready":true},"hostname":"h","nodeName":"n","zone":"z","hints":{"forZones":[{"name":"z"}]}}],"ports":[{"name":"http","port":80,"protocol":"TCP"}]}`},
	{"EndpointSlice", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"sl6"},"addressType":"IPv6","endpoints":[{"addresses":["2001:db8::1"],"conditions":{"ready":false,"serving":true,"terminating":true}}],"ports":[{"port":80,"protocol":"SCTP","appProtocol":"kubernetes.io/h2c"}]}`},
	{"EndpointSlice", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"slf"},"addressType":"FQDN","endpoints":[{"addresses":["db.example.com"]}]}`},
	{"EndpointSlice", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"slh","labels":{"kubernetes.io/service-name":"web","service.kubernetes.io/headless":""}},"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],"targetRef":{"kind":"Pod","name":"p","namespace":"default","uid":"u"},"hints":{"forNodes":[{"name":"n1"}],"forZones":[{"name":"a"},{"name":"b"}]},"nodeName":"n1"},{"addresses":["192.0.2.2"]}],"ports":[{"name":"a","port":80},{"name":"b","port":81,"protocol":"UDP"}]}`},
	{"EndpointSlice", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"sle"},"addressType":"IPv4","endpoints":[],"ports":[]}`},

	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"single"},"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}`},
	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"fanout","annotations":{"nginx.ingress.kubernetes.io/rewrite-target":"/"}},"spec":{"ingressClassName":"nginx","rules":[{"host":"foo.bar.com","http":{"paths":[{"path":"/foo","pathType":"Prefix","backend":{"service":{"name":"s1","port":{"number":4200}}}},{"path":"/bar","pathType":"Exact","backend":{"service":{"name":"s2","port":{"name":"http"}}}}]}}]}}`},
	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"vhosts"},"spec":{"rules":[{"host":"first.bar.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"s1","port":{"number":80}}}}]}},{"host":"*.bar.com","http":{"paths":[{"path":"/","pathType":"ImplementationSpecific","backend":{"service":{"name":"s2","port":{"number":80}}}}]}},{"http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"s3","port":{"number":80}}}}]}}]}}`},
	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"tls"},"spec":{"tls":[{"hosts":["sslexample.foo.com"],"secretName":"testsecret-tls"}],"rules":[{"host":"sslexample.foo.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"s1","port":{"number":80}}}}]}}]}}`},
	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"res"},"spec":{"defaultBackend":{"resource":{"apiGroup":"k8s.example.com","kind":"StorageBucket","name":"static"}}}}`},
	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"legacy","annotations":{"kubernetes.io/ingress.class":"nginx"}},"spec":{"rules":[{"host":"foo.bar.com"}]}}`},
	{"Ingress", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"odd"},"spec":{"tls":[{"hosts":["*.foo.com","a.b"]},{"secretName":"x"},{}],"rules":[{"host":"*.foo.com","http":{"paths":[{"pathType":"ImplementationSpecific","backend":{"resource":{"kind":"B","name":"n"}}},{"path":"/x(.*)","pathType":"ImplementationSpecific","backend":{"service":{"name":"s","port":{"name":"http"}}}}]}},{"host":"a.b"}]}}`},

	{"IngressClass", `{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"ext-lb"},"spec":{"controller":"example.com/ingress-controller","parameters":{"apiGroup":"k8s.example.com","kind":"IngressParameters","name":"external-lb","scope":"Namespace","namespace":"default"}}}`},
	{"IngressClass", `{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"def","annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}},"spec":{"controller":"k8s.io/ingress-nginx"}}`},
	{"IngressClass", `{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"cluster-wide"},"spec":{"controller":"example.com/a/b","parameters":{"kind":"P","name":"p","scope":"Cluster"}}}`},

	{"NetworkPolicy", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"deny"},"spec":{"podSelector":{}}}`},
	{"NetworkPolicy", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"deny-all"},"spec":{"podSelector":{},"policyTypes":["Ingress","Egress"]}}`},
	{"NetworkPolicy", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"allow"},"spec":{"podSelector":{"matchLabels":{"role":"db"}},"policyTypes":["Ingress","Egress"],"ingress":[{"from":[{"ipBlock":{"cidr":"172.17.0.0/16","except":["172.17.1.0/24"]}},{"namespaceSelector":{"matchLabels":{"project":"x"}}},{"podSelector":{"matchExpressions":[{"key":"role","operator":"In","values":["a","b"]}]}}],"ports":[{"protocol":"TCP","port":6379}]}],"egress":[{"to":[{"ipBlock":{"cidr":"10.0.0.0/24"}}],"ports":[{"protocol":"TCP","port":32000,"endPort":32768},{"protocol":"UDP","port":"dns"}]}]}}`},
	{"NetworkPolicy", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"v6"},"spec":{"podSelector":{"matchExpressions":[{"key":"a","operator":"Exists"},{"key":"b","operator":"DoesNotExist"}]},"egress":[{"to":[{"ipBlock":{"cidr":"2001:db8::/32","except":["2001:db8:1::/48"]}}]},{}]}}`},
	{"NetworkPolicy", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"both"},"spec":{"podSelector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"x","operator":"NotIn","values":["y"]}]},"policyTypes":["Egress"],"ingress":[{"from":[{"namespaceSelector":{"matchExpressions":[{"key":"n","operator":"In","values":["m"]}]},"podSelector":{}}]},{}],"egress":[{"ports":[{"port":53},{"protocol":"SCTP"}]}]}}`},

	{"Namespace", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"space"}}`},
	{"Namespace", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"labelled","labels":{"team":"a","pod-security.kubernetes.io/enforce":"baseline"},"annotations":{"a":"b"}},"spec":{"finalizers":["kubernetes"]}}`},
	{"Namespace", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"strict","labels":{"pod-security.kubernetes.io/enforce":"restricted","pod-security.kubernetes.io/enforce-version":"v1.30","pod-security.kubernetes.io/warn":"restricted"}}}`},

	{"IPAddress", `{"apiVersion":"networking.k8s.io/v1","kind":"IPAddress","metadata":{"name":"192.0.2.7"},"spec":{"parentRef":{"resource":"services","name":"web","namespace":"default"}}}`},
	{"IPAddress", `{"apiVersion":"networking.k8s.io/v1","kind":"IPAddress","metadata":{"name":"2001:db8::7","labels":{"ipaddress.kubernetes.io/ip-family":"IPv6"}},"spec":{"parentRef":{"group":"example.com","resource":"things","name":"t"}}}`},

	{"ServiceCIDR", `{"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"more"},"spec":{"cidrs":["10.7.0.0/24"]}}`},
	{"ServiceCIDR", `{"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"more-dual"},"spec":{"cidrs":["10.8.0.0/16","fd00:8::/112"]}}`},
}

// A resource is where a kind lives in the API.
type resource struct {
	group, path  string
	clusterScope bool
}

var resources = map[string]resource{
	"Service":       {"/api/v1", "services", false},
	"Endpoints":     {"/api/v1", "endpoints", false},
	"Namespace":     {"/api/v1", "namespaces", true},
	"EndpointSlice": {"/apis/discovery.k8s.io/v1", "endpointslices", false},
	"Ingress":       {"/apis/networking.k8s.io/v1", "ingresses", false},
	"IngressClass":  {"/apis/networking.k8s.io/v1", "ingressclasses", true},
	"NetworkPolicy": {"/apis/networking.k8s.io/v1", "networkpolicies", false},
	"IPAddress":     {"/apis/networking.k8s.io/v1", "ipaddresses", true},
	"ServiceCIDR":   {"/apis/networking.k8s.io/v1", "servicecidrs", true},
}

// collection is the path of all objects of a kind in a namespace.
func collection(kind, namespace string) string {
	found := resources[kind]
	if found.clusterScope {
		return found.group + "/" + found.path
	}
	return found.group + "/namespaces/" + namespace + "/" + found.path
}

// kindWeights say how often a kind is asked: a Service has by far the most rules.
var kindWeights = []struct {
	kind   string
	weight int
}{
	{"Service", 38}, {"Ingress", 20}, {"NetworkPolicy", 13}, {"EndpointSlice", 10}, {"Endpoints", 7}, {"IngressClass", 5},
	{"Namespace", 2}, {"IPAddress", 3}, {"ServiceCIDR", 2},
}
