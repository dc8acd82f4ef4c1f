//! The commands that ask one question each: they differ in the question and in how the answer reads.

use super::Outcome;
use crate::arguments::{Command, Manifests, MapFormat, Output, PolicyCommand, Target};
use crate::terminal::Terminal;
use crate::{question, render};
use portolan::ask::answer_json;
use portolan::finding::Severity;
use portolan::load::{LoadMode, load};
use portolan_base::json::Json;
use portolan_checking::input::Input;

/// Loads the manifests, asks, and prints the answer.
///
/// # Errors
/// Words that make no question, settings that are not understood, or an output that cannot be written.
pub(crate) fn run(command: &Command, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let Some((manifests, question)) = question_of(command)? else {
        anyhow::bail!("this command asks no question");
    };
    let settings = manifests.cluster.settings(&manifests.paths)?;
    let input = Input::read(&manifests.paths, &mut |done, of| terminal.progress(done, of, "files read"));
    let loaded = load(&input.files, manifests.cluster.options(&settings), LoadMode::Admitted);
    let mut outcome = Outcome::Fine;
    for problem in &input.problems {
        terminal.complain(problem);
        outcome = Outcome::BadInput;
    }
    // What was refused is not in the cluster that is asked; whoever reads the answer has to know.
    for finding in loaded.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let place = &finding.place;
        terminal.complain(&format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.message));
        outcome = outcome.max(Outcome::Findings);
    }
    let answer = answer_json(&loaded.engine, &question);
    if let Command::Render { certificates: Some(folder), .. } = command {
        let text = answer.get("text").and_then(Json::as_str).unwrap_or_default();
        super::certificates::write(loaded.engine.cluster(), text, folder, terminal)?;
    }
    if manifests.output == Output::Json {
        terminal.line(&answer.to_pretty())?;
    } else {
        let text = render::answer(&question, &answer, &input.files, terminal);
        terminal.print(&text)?;
    }
    Ok(outcome.max(outcome_of(&answer)))
}

/// The outcomes of a trace that are no failure.
const ARRIVES: &[&str] = &["delivered", "external", "redirected"];

/// 2 where the question could not be answered, 1 where the answer is that it does not work.
fn outcome_of(answer: &Json) -> Outcome {
    if answer.get("error").is_some() {
        return Outcome::BadInput;
    }
    let is = |name: &str, value: &Json| answer.get(name) == Some(value);
    let fails = is("allowed", &Json::Bool(false))
        || is("matched", &Json::Bool(false))
        || is("status", &Json::from("NXDOMAIN"))
        || is("verdict", &Json::from("reject"))
        || is("verdict", &Json::from("drop"))
        || answer.get("outcome").and_then(Json::as_str).is_some_and(|outcome| !ARRIVES.contains(&outcome));
    if fails { Outcome::Findings } else { Outcome::Fine }
}

fn question_of(command: &Command) -> anyhow::Result<Option<(Manifests, Json)>> {
    let ask = |kind: &'static str| Json::object().with("ask", kind);
    Ok(Some(match command {
        Command::Trace { asked, from } => {
            let (manifests, url) = asked.split("a URL")?;
            let from = question::source(from, &manifests.namespace()?);
            (manifests, ask("trace").with("from", from).with("url", url.to_owned()))
        }
        Command::Route { asked, controller, ingress_class, method, headers } => {
            let (manifests, url) = asked.split("a URL")?;
            let mut route = ask("route")
                .with("method", method.clone())
                .with("url", url.to_owned())
                .with("controller", manifests.controller(controller.as_deref())?);
            if !headers.is_empty() {
                route.set("headers", question::headers(headers)?);
            }
            if let Some(class) = ingress_class {
                route.set("ingressClass", class.clone());
            }
            (manifests, route)
        }
        Command::Resolve { asked, record, from } => {
            let (manifests, name) = asked.split("a NAME")?;
            let mut resolve = ask("resolve").with("name", name.to_owned()).with("type", record.to_uppercase());
            if let Some(from) = from {
                resolve.set("from", question::pod(from, "pod", &manifests.namespace()?));
            }
            (manifests, resolve)
        }
        Command::Env { asked } => {
            let (manifests, pod) = asked.split("a POD")?;
            let pod = question::pod(pod, "name", &manifests.namespace()?);
            (manifests, ask("env").with("pod", pod))
        }
        Command::Hosts { asked } => {
            let (manifests, pod) = asked.split("a POD")?;
            let pod = question::pod(pod, "name", &manifests.namespace()?);
            (manifests, ask("hosts").with("pod", pod))
        }
        Command::Verdict { manifests, from, to, port, protocol } => {
            let usual = manifests.namespace()?;
            let (from, to) = (question::end(from, &usual), question::end(to, &usual));
            let verdict = ask("verdict").with("from", from).with("to", to);
            (manifests.clone(), verdict.with("port", *port).with("protocol", protocol.to_uppercase()))
        }
        Command::Endpoints { asked } => {
            let (manifests, service) = asked.split("a SERVICE")?;
            let service = question::pod(service, "name", &manifests.namespace()?);
            (manifests, ask("endpoints").with("service", service))
        }
        Command::Backends { asked, node, from, protocol } => {
            let (manifests, to) = asked.split("where the packet goes")?;
            let to = question::destination(to, &protocol.to_uppercase())?;
            let mut backends = ask("backends").with("node", node.clone()).with("to", to);
            if let Some(from) = from {
                backends.set("from", question::end(from, &manifests.namespace()?));
            }
            (manifests, backends)
        }
        Command::Routes { manifests, controller, ingress_class } => {
            let mut routes = ask("routes").with("controller", manifests.controller(controller.as_deref())?);
            if let Some(class) = ingress_class {
                routes.set("ingressClass", class.clone());
            }
            (manifests.clone(), routes)
        }
        Command::Map { paths, cluster, output } => {
            let (form, format) = match output {
                MapFormat::Json => (Output::Json, "json"),
                MapFormat::Text => (Output::Text, "text"),
                MapFormat::Csv => (Output::Text, "csv"),
                MapFormat::Md => (Output::Text, "md"),
                MapFormat::Dot => (Output::Text, "dot"),
                MapFormat::Mermaid => (Output::Text, "mermaid"),
                MapFormat::Svg => (Output::Text, "svg"),
            };
            let manifests = Manifests { paths: paths.clone(), cluster: cluster.clone(), output: form };
            (manifests, ask("map").with("format", format))
        }
        Command::Render {
            target,
            paths,
            cluster,
            controller,
            ingress_class,
            listen,
            tls_port,
            certificates,
            node_ports,
        } => {
            let manifests = Manifests { paths: paths.clone(), cluster: cluster.clone(), output: Output::Text };
            let proxy = match target {
                Target::Nftables => return Ok(Some((manifests, ask("nftables")))),
                Target::Envoy => "envoy",
                Target::Nginx => "nginx",
                Target::Haproxy => "haproxy",
            };
            let controller = manifests.controller(controller.as_deref())?;
            let listen = Json::object().with("address", listen.ip().to_string()).with("port", listen.port());
            let mut render = ask("render").with("proxy", proxy).with("controller", controller).with("listen", listen);
            if let Some(class) = ingress_class {
                render.set("ingressClass", class.clone());
            }
            if let Some(folder) = certificates {
                let tls = Json::object().with("port", *tls_port).with("certificates", folder.display().to_string());
                render.set("tls", tls);
            }
            if *node_ports {
                render.set("nodePorts", true);
            }
            (manifests, render)
        }
        Command::Policy(PolicyCommand::Suggest { manifests, connections }) => {
            let mut suggest = ask("suggest");
            if let Some(file) = connections {
                let text =
                    std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
                let node = portolan_base::json::read(&text)
                    .map_err(|error| anyhow::anyhow!("{}:{}:{}: {error}", file.display(), error.line, error.column))?;
                suggest.set("connections", node.get("rows").unwrap_or(&node).to_json());
            }
            (manifests.clone(), suggest)
        }
        #[cfg(feature = "lsp")]
        Command::Lsp { .. } => return Ok(None),
        Command::Check(_) | Command::Ask { .. } | Command::Version | Command::Rule { .. } | Command::Diff { .. } => {
            return Ok(None);
        }
        #[cfg(feature = "webhook")]
        Command::Webhook(_) => return Ok(None),
    }))
}
