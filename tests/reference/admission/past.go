package admission

// pastObjects are written straight into etcd: what servers before 1.36 accepted
// and this one would refuse. An update may keep such values, and they excuse it.
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
		`{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"past-class-stored"},"spec":{"controller":"example.com/x","parameters":{"kind":"P","name":"p"}}}`},
	{"NetworkPolicy", "networkpolicies/default/past-policy-stored",
		`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"past-policy-stored","namespace":"default"},"spec":{"podSelector":{"matchExpressions":[{"key":"a","operator":"In","values":["-bad-"]}]},"policyTypes":["Ingress"],"ingress":[{"from":[{"ipBlock":{"cidr":"10.0.0.1/8","except":["010.1.0.0/16"]}}]}]}}`},
}
