//! What makes pods: `apps/v1` Deployment, StatefulSet, DaemonSet and ReplicaSet, `v1` ReplicationController, `batch/v1`
//! Job and CronJob. They differ in what the project does not look at, so one form serves: the name, how many, and the template.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod::PodTemplateSpec;
use portolan_base::json::Json;

crate::object! {
    /// An object that makes pods, of any of the kinds.
    pub struct Workload {
        /// `apps/v1`, `v1` or `batch/v1`.
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `ReplicationController`, `Job` or `CronJob`.
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name, namespace, labels.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: WorkloadSpec;
    }

    /// What is wanted of a workload.
    pub struct WorkloadSpec {
        /// How many pods; absent means 1. Not for a DaemonSet or a Job.
        "replicas" => replicas: Option<i32>;
        /// How many pods of a Job run at once; absent means 1.
        "parallelism" => parallelism: Option<i32>;
        /// How many pods of a Job must succeed.
        "completions" => completions: Option<i32>;
        /// The pods it looks after: a label selector, or for a ReplicationController a plain map.
        "selector" => selector: Option<Json>;
        /// The pods it makes.
        "template" => template: Option<PodTemplateSpec>;
        /// The headless Service of a StatefulSet.
        "serviceName" => service_name: String;
        /// Where a StatefulSet begins to count.
        "ordinals" => ordinals: Option<StatefulSetOrdinals>;
        /// The Job that a CronJob makes.
        "jobTemplate" => job_template: Option<JobTemplateSpec>;
    }

    /// Where a StatefulSet begins to count its pods.
    pub struct StatefulSetOrdinals {
        /// The first number.
        "start" => start: i32;
    }

    /// The Job that a CronJob makes.
    pub struct JobTemplateSpec {
        /// Its labels and annotations.
        "metadata" => metadata: ObjectMeta;
        /// Its spec.
        "spec" => spec: JobSpec;
    }

    /// What is wanted of the Job that a CronJob makes.
    pub struct JobSpec {
        /// How many pods run at once; absent means 1.
        "parallelism" => parallelism: Option<i32>;
        /// How many pods must succeed.
        "completions" => completions: Option<i32>;
        /// The pods it looks after.
        "selector" => selector: Option<LabelSelector>;
        /// The pods it makes.
        "template" => template: PodTemplateSpec;
    }
}
