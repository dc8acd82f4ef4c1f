package admission

// pastObjects are written straight into etcd: what servers before 1.36 accepted
// and this one would refuse or complete, and what is being deleted. An update may
// keep such values, and they excuse it.
//
// A Service and Endpoints have no name in common: with the one goes the other.
var pastObjects = []struct {
	kind, key, text string
}{
	{"Service", "services/specs/default/past-addresses-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-addresses-stored","namespace":"default"},"spec":{"type":"LoadBalancer","clusterIP":"None","clusterIPs":["None"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","sessionAffinity":"None","internalTrafficPolicy":"Cluster","externalTrafficPolicy":"Cluster","allocateLoadBalancerNodePorts":false,"externalIPs":["010.0.0.1","::ffff:1.2.3.4"],"loadBalancerSourceRanges":["10.0.0.1/8","010.0.0.0/8"],"selector":{"app":"a"},"ports":[{"protocol":"TCP","port":80,"targetPort":80}]},"status":{"loadBalancer":{}}}`},
	{"Service", "services/specs/default/past-plain-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-plain-stored","namespace":"default"},"spec":{"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","sessionAffinity":"None","internalTrafficPolicy":"Cluster","trafficDistribution":"Other","externalIPs":["010.0.0.1"],"selector":{"app":"a"},"ports":[{"name":"http","protocol":"TCP","appProtocol":"a_b","port":80,"targetPort":80}]},"status":{"loadBalancer":{}}}`},
	{"Endpoints", "services/endpoints/default/past-endpoints-stored",
		`{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"past-endpoints-stored","namespace":"default"},"subsets":[{"addresses":[{"ip":"01.2.3.4"},{"ip":"::ffff:1.2.3.4"}],"ports":[{"port":80,"protocol":"TCP"}]}]}`},
	{"EndpointSlice", "endpointslices/default/past-slice-stored",
		`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"past-slice-stored","namespace":"default"},"addressType":"IPv4","endpoints":[{"addresses":["01.2.3.4"],"conditions":{}}],"ports":[{"name":"","port":80,"protocol":"TCP"}]}`},
	{"Ingress", "ingress/default/past-ingress-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"past-ingress-stored","namespace":"default","annotations":{"kubernetes.io/ingress.class":"Not A Class"}},"spec":{"tls":[{"hosts":["foo.com"],"secretName":"Not_A_Name"}],"rules":[{"host":"*.foo_.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"s","port":{"number":80}}}}]}}]},"status":{"loadBalancer":{"ingress":[{"ip":"01.2.3.4"}]}}}`},
	{"IngressClass", "ingressclasses/past-class-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"past-class-stored","annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}},"spec":{"controller":"example.com/x","parameters":{"kind":"P","name":"p"}}}`},
	{"NetworkPolicy", "networkpolicies/default/past-policy-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"past-policy-stored","namespace":"default"},"spec":{"podSelector":{"matchExpressions":[{"key":"a","operator":"In","values":["-bad-"]}]},"policyTypes":["Ingress"],"ingress":[{"from":[{"ipBlock":{"cidr":"10.0.0.1/8","except":["010.1.0.0/16"]}}]}]}}`},
	{"Service", "services/specs/default/past-bare-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-bare-stored","namespace":"default"},"spec":{"type":"ClusterIP","clusterIP":"10.0.5.51","ports":[{"protocol":"TCP","port":80}]}}`},
	{"Service", "services/specs/default/past-dual-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-dual-stored","namespace":"default"},"spec":{"type":"ClusterIP","clusterIP":"10.0.5.52","clusterIPs":["10.0.5.52","fd00:10::552"],"selector":{"app":"a"},"ports":[{"protocol":"TCP","port":80,"targetPort":80}]}}`},
	{"Service", "services/specs/default/past-headless-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-headless-stored","namespace":"default"},"spec":{"type":"ClusterIP","clusterIP":"None","ports":[{"protocol":"TCP","port":80,"targetPort":80}]}}`},
	{"Service", "services/specs/default/past-balanced-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-balanced-stored","namespace":"default","annotations":{"service.beta.kubernetes.io/load-balancer-source-ranges":"not a range"}},"spec":{"type":"LoadBalancer","clusterIP":"10.0.5.53","clusterIPs":["10.0.5.53"],"externalTrafficPolicy":"Local","sessionAffinity":"ClientIP","ports":[{"protocol":"TCP","port":80,"targetPort":80,"nodePort":30777}]}}`},
	{"Service", "services/specs/default/past-external-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"past-external-stored","namespace":"default"},"spec":{"type":"ExternalName","externalName":"Db_1","internalTrafficPolicy":"Cluster","sessionAffinity":"None"}}`},
	{"EndpointSlice", "endpointslices/default/past-topology-stored",
		`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"past-topology-stored","namespace":"default"},"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],"conditions":{},"deprecatedTopology":{"kubernetes.io/hostname":"n1","example.com/rack":"r"}},{"addresses":["192.0.2.2"],"conditions":{},"deprecatedTopology":{"kubernetes.io/hostname":"N_"},"zone":"z"}],"ports":[{"name":"","port":80,"protocol":"TCP"}]}`},

	{"EndpointSlice", "endpointslices/default/past-zone-stored",
		`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"past-zone-stored","namespace":"default"},"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],"conditions":{},"deprecatedTopology":{"topology.kubernetes.io/zone":"z","k1":"v","k2":"v","k3":"v","k4":"v","k5":"v","k6":"v","k7":"v","k8":"v","k9":"v","k10":"v","k11":"v","k12":"v","k13":"v","k14":"v","k15":"v","k16":"v"}}],"ports":[{"name":"","port":80,"protocol":"TCP"}]}`},
	{"Ingress", "ingress/default/past-wildcard-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"past-wildcard-stored","namespace":"default"},"spec":{"rules":[{"host":"*.foo.com","http":{"paths":[{"path":"foo","pathType":"Prefix","backend":{"service":{"name":"S_","port":{}}}}]}}]},"status":{"loadBalancer":{}}}`},
	{"Namespace", "namespaces/past-namespace-stored",
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"past-namespace-stored","labels":{"kubernetes.io/metadata.name":"past-namespace-stored","pod-security.kubernetes.io/enforce":"x"}},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}`},
	{"Service", "services/specs/default/leaving-stored",
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"leaving-stored","namespace":"default","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"spec":{"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","sessionAffinity":"None","internalTrafficPolicy":"Cluster","selector":{"app":"a"},"ports":[{"protocol":"TCP","port":80,"targetPort":80}]},"status":{"loadBalancer":{}}}`},
	{"Endpoints", "services/endpoints/default/leaving-endpoints-stored",
		`{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"leaving-endpoints-stored","namespace":"default","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"subsets":[{"addresses":[{"ip":"1.2.3.4"}],"ports":[{"port":80,"protocol":"TCP"}]}]}`},
	{"EndpointSlice", "endpointslices/default/leaving-stored",
		`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"leaving-stored","namespace":"default","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"addressType":"IPv4","endpoints":[],"ports":[{"name":"","port":80,"protocol":"TCP"}]}`},
	{"Ingress", "ingress/default/leaving-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"leaving-stored","namespace":"default","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}},"status":{"loadBalancer":{}}}`},
	{"NetworkPolicy", "networkpolicies/default/leaving-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"leaving-stored","namespace":"default","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"spec":{"podSelector":{},"policyTypes":["Ingress"]}}`},
	{"IngressClass", "ingressclasses/leaving-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"leaving-stored","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"spec":{"controller":"example.com/x"}}`},
	{"IPAddress", "ipaddresses/192.0.2.77",
		`{"apiVersion":"networking.k8s.io/v1","kind":"IPAddress","metadata":{"name":"192.0.2.77","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"],"labels":{"ipaddress.kubernetes.io/ip-family":"IPv4"}},"spec":{"parentRef":{"resource":"services","name":"gone","namespace":"default"}}}`},
	{"ServiceCIDR", "servicecidrs/leaving-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"leaving-stored","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"]},"spec":{"cidrs":["10.27.0.0/24"]}}`},
	{"Namespace", "namespaces/leaving",
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"leaving","deletionTimestamp":"2020-01-02T03:04:05Z","labels":{"kubernetes.io/metadata.name":"leaving"}},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Terminating"}}`},
	{"Namespace", "namespaces/leaving-stored",
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"leaving-stored","deletionTimestamp":"2020-01-02T03:04:05Z","finalizers":["example.com/x"],"labels":{"kubernetes.io/metadata.name":"leaving-stored"}},"spec":{},"status":{"phase":"Terminating"}}`},
}
