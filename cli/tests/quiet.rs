//! Unusual manifests that their authors intend: `check` reports nothing. Each is paired with the similar mistake that `check`
//! must report.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::Folder;

/// The codes that `check` tells of these files, each once.
fn codes(files: &[(&str, String)]) -> Vec<String> {
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let answer = Folder::with(&files).portolan(&["check", "-o", "json", "."]);
    let told: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let findings = told.get("findings").unwrap().as_array().unwrap().iter();
    let mut codes: Vec<String> =
        findings.map(|finding| finding.get("code").unwrap().as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn service(name: &str, spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn deployment(name: &str, container: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  \
         template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: c, image: registry.example.com/{name}:1, {container}}}]}}\n"
    )
}

fn ingress(name: &str, service: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}}}\nspec:\n  rules:\n    - host: {name}.example.com\n      \
         http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}\n"
    )
}

const PORT: &str = "ports: [{containerPort: 8080}]";

/// Checks that nothing is reported for `meant`, and that similar files with a mistake get a finding with that code.
#[track_caller]
fn quiet(meant: &[(&str, String)], fault: (&str, &[(&str, String)])) {
    assert_eq!(codes(meant), [""; 0], "{meant:?}");
    assert_eq!(codes(fault.1), [fault.0], "{:?}", fault.1);
}

#[test]
fn settings_that_begin_like_a_service() {
    let store = service("store", "{selector: {app: store}, ports: [{port: 8080}]}");
    let set = |settings: &str| format!("{store}{}", deployment("store", &format!("{PORT}, env: [{settings}]")));
    quiet(
        &[("a.yaml", set("{name: STORE_LOG, value: debug}, {name: STORE_KEY_PREFIX, value: x}"))],
        ("ENV001", &[("a.yaml", set("{name: URL, value: 'http://x:$(STORE_PORT)'}, {name: STORE_PORT, value: '80'}"))]),
    );
}

#[test]
fn ports_that_are_not_declared() {
    let web = |spec: &str, container: &str| format!("{}{}", service("web", spec), deployment("web", container));
    let metrics =
        "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: metrics, port: 9090}]}";
    let only = "{selector: {app: web}, ports: [{port: 9090}]}";
    let wrong = web(only, PORT);
    quiet(&[("a.yaml", web(metrics, PORT))], ("SVC007", &[("a.yaml", wrong.clone())]));
    let udp = "{selector: {app: web}, ports: [{port: 8080, protocol: UDP}]}";
    quiet(&[("a.yaml", web(udp, PORT))], ("SVC007", &[("a.yaml", wrong.clone())]));
    let told = format!("{PORT}, args: ['--metrics-bind-address=:9090']");
    quiet(&[("a.yaml", web(only, &told))], ("SVC007", &[("a.yaml", wrong.clone())]));
    let beside = service("web-main", "{selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}");
    quiet(&[("a.yaml", format!("{wrong}{beside}"))], ("SVC007", &[("a.yaml", wrong)]));
}

#[test]
fn what_stands_in_other_files() {
    let store = service("store", "{selector: {app: store}, ports: [{port: 80}]}");
    let other = deployment("web", PORT);
    quiet(
        &[("store/service.yaml", store.clone()), ("web/deployment.yaml", other.clone())],
        ("SVC001", &[("service.yaml", store), ("deployment.yaml", other)]),
    );
    let front = ingress("front", "cart");
    let web = format!("{}{}", service("web", "{selector: {app: web}, ports: [{port: 8080}]}"), deployment("web", PORT));
    quiet(
        &[("front/ingress.yaml", front.clone()), ("web/web.yaml", web.clone())],
        ("ING001", &[("ingress.yaml", front), ("web.yaml", web)]),
    );
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: store}\nspec: {podSelector: {matchLabels: {app: store}}, policyTypes: [Egress]}\n".to_owned();
    let other = deployment("web", PORT);
    quiet(
        &[("store/policy.yaml", policy.clone()), ("web/deployment.yaml", other.clone())],
        ("NET001", &[("policy.yaml", policy), ("deployment.yaml", other)]),
    );
}

#[test]
fn a_single_pod_without_a_name_in_dns() {
    let set = |replicas: u8| {
        let service = service("controller", "{selector: {app: controller}, ports: [{port: 8080}]}");
        let set = deployment("controller", PORT).replace("kind: Deployment", "kind: StatefulSet");
        format!(
            "{service}{}",
            set.replace("spec:\n", &format!("spec:\n  serviceName: controller\n  replicas: {replicas}\n"))
        )
    };
    quiet(&[("a.yaml", set(1))], ("DNS001", &[("a.yaml", set(2))]));
}

#[test]
fn names_in_namespaces_that_others_fill() {
    let adapter = |url: &str| deployment("adapter", &format!("args: ['--url=http://{url}.svc:9090/']"));
    let store = service("store", "{externalName: store.example.com, type: ExternalName}");
    quiet(
        &[("a.yaml", format!("{store}{}", adapter("metrics.monitoring")))],
        ("DNS004", &[("a.yaml", format!("{store}{}", adapter("stroe.default")))]),
    );
}

#[test]
fn addresses_of_a_cluster_with_both_families() {
    let both =
        |more: &str| service("web", &format!("{{ipFamilyPolicy: RequireDualStack{more}, ports: [{{port: 80}}]}}"));
    quiet(
        &[(
            "a.yaml",
            format!(
                "{}{}",
                both(", ipFamilies: [IPv6, IPv4]"),
                service("six", "{ipFamilies: [IPv6], ports: [{port: 80}]}")
            ),
        )],
        ("refused", &[("a.yaml", both(", ipFamilies: [IPv6, IPv6]"))]),
    );
}

#[test]
fn what_is_no_manifest() {
    let chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n".to_owned();
    let template =
        "{{- if .Values.web }}\napiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\n{{- end }}\n";
    let patch = "[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 2}]\n".to_owned();
    let settings = "plugins: [a]\nplugins: [b]\n".to_owned();
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: once-}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}\n".to_owned();
    quiet(
        &[
            ("chart/Chart.yaml", chart),
            ("chart/templates/web.yaml", template.to_owned()),
            ("patch.json", patch),
            ("docs.yml", settings),
            ("job.yaml", job.clone()),
        ],
        ("syntax", &[("web.yaml", template.to_owned())]),
    );
    let nameless = job.replace("generateName: once-", "labels: {a: b}");
    assert_eq!(codes(&[("job.yaml", nameless)]), ["nameless"]);
}

#[test]
fn an_ingress_without_class_for_a_controller_that_serves_it() {
    let class = |controller: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: main}}\nspec: {{controller: {controller}}}\n"
        )
    };
    let rest = format!(
        "{}{}{}",
        ingress("front", "web"),
        service("web", "{selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"),
        deployment("web", PORT)
    );
    quiet(
        &[("a.yaml", format!("{}{rest}", class("traefik.io/ingress-controller")))],
        ("ING014", &[("a.yaml", format!("{}{rest}", class("k8s.io/ingress-nginx")))]),
    );
}

#[test]
fn patches_of_kustomize_beside_what_they_patch() {
    let base = || {
        [
            ("base/kustomization.yaml", "resources: [web.yaml]\n".to_owned()),
            (
                "base/web.yaml",
                service("web", "{selector: {app: web}, ports: [{port: 8080}]}") + &deployment("web", PORT),
            ),
        ]
    };
    let patches = |named: &str| {
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer}\n";
        let set = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n";
        let [kustomization, web] = base();
        [
            kustomization,
            web,
            ("top/Kustomization", format!("resources: [../base]\n{named}")),
            ("top/service.yaml", service.to_owned()),
            ("top/replicas.yaml", set.to_owned()),
        ]
    };
    quiet(
        &patches("patches: [{path: ./service.yaml}]\npatchesStrategicMerge: [replicas.yaml]\n"),
        ("refused", &patches("")),
    );
}
