//! Classes of Ingresses that nobody serves.

use super::ingress_policy::is_controller;
use super::{Report, rule};
use crate::api::ingress::IngressClass;
use crate::api::pod::Pod;
use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::ingress::class::{CLASS_ANNOTATION, default_class};
use crate::spelling::nearest;

rule! {
    /// Finds an Ingress of a class that none of the IngressClasses defines, where the files hold some.
    ///
    /// No controller takes the Ingress up.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   ingressClassName: nginz
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    UNDEFINED = "ING013", "class-undefined", Warning, undefined
}

rule! {
    /// Finds an Ingress without class, where the files hold IngressClasses, none is the default, and all are ingress-nginx's.
    ///
    /// Nobody serves it: ingress-nginx leaves it alone unless it is told otherwise, with `--watch-ingress-without-class`. Other
    /// controllers serve what names no class.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    NO_CLASS = "ING014", "ingress-without-class", Info, no_class
}

fn undefined(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    if cluster.ingress_classes.is_empty() {
        return;
    }
    for (key, ingress) in cluster.ingresses.iter() {
        let Some(class) = ingress.spec.ingress_class_name.as_deref() else { continue };
        if class.is_empty() || cluster.ingress_classes.get("", class).is_some() {
            continue;
        }
        let known: Vec<&str> = cluster.ingress_classes.iter().map(|(known, _)| known.name.as_str()).collect();
        let meant = nearest(class, &mut known.iter().copied());
        let message = format!("there is no IngressClass {class}");
        let help = format!("there {} {}", if known.len() == 1 { "is" } else { "are" }, known.join(", "));
        report
            .at(Kind::Ingress, key, "spec.ingressClassName", message, help)
            .mend(Kind::Ingress, key, &|edit| Some(vec![edit.replace("spec.ingressClassName", Scalar::Text(meant?))?]));
    }
}

fn no_class(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let is_nginx = |class: &IngressClass| class.spec.controller == "k8s.io/ingress-nginx";
    let others = cluster.ingress_classes.iter().any(|(_, class)| !is_nginx(class));
    if cluster.ingress_classes.is_empty() || default_class(cluster).is_some() || others {
        return;
    }
    let watches = |pod: &Pod| {
        let mut arguments = pod.spec.containers.iter().flat_map(|container| &container.args);
        arguments.any(|argument| {
            argument.strip_prefix("--watch-ingress-without-class").is_some_and(|value| matches!(value, "" | "=true"))
        })
    };
    if cluster.pods.iter().any(|(_, pod)| is_controller(pod) && watches(pod)) {
        return;
    }
    for (key, ingress) in cluster.ingresses.iter() {
        if ingress.spec.ingress_class_name.is_some() || ingress.metadata.annotations.contains_key(CLASS_ANNOTATION) {
            continue;
        }
        let message = "it names no class, and no IngressClass is the default";
        let help = "name a class in spec.ingressClassName";
        report.at(Kind::Ingress, key, "spec", message, help).mend(Kind::Ingress, key, &|edit| {
            let mut classes = cluster.ingress_classes.iter();
            let (only, _) = classes.next().filter(|_| cluster.ingress_classes.len() == 1)?;
            Some(vec![edit.insert("spec", "ingressClassName", Scalar::Text(&only.name))?])
        });
    }
}
