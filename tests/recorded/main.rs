//! Replays the recordings in `tests/vectors`: what the real components answered is held against Portolan's answers to the
//! same questions. One file for each recording; `README.md` says how to add one.

mod clusterpolicy;
mod dns;
mod endpoints;
mod examples;
mod ingress;
mod journeys;
mod kube_apiserver;
mod kubelet_env;
mod networkpolicy;
mod proxy;
mod service_plane_code;
mod yaml;
