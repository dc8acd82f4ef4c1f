//! `k8s.io/apimachinery/pkg/apis/meta/v1`: what every object carries, label selectors, and the types that are a number or a string.

use super::codec::Leaf;
use super::decoder::Decoder;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;
use portolan_base::tree::{Node, Number, Value};

/// Labels, annotations and selectors: string to string, in the order of their keys.
pub type StringMap = BTreeMap<String, String>;

crate::object! {
    /// Metadata that every persisted object has (`metav1.ObjectMeta`).
    pub struct ObjectMeta {
        /// Unique within a namespace; cannot be changed.
        "name" => name: String;
        /// A prefix from which the server makes a unique name when `name` is empty.
        "generateName" => generate_name: String;
        /// The namespace within which the name is unique; empty for cluster-scoped kinds.
        "namespace" => namespace: String;
        /// Deprecated; read-only.
        "selfLink" => self_link: String;
        /// Unique in time and space; set by the server.
        "uid" => uid: String [go "types.UID"];
        /// An opaque version of the stored object.
        "resourceVersion" => resource_version: String;
        /// Counts the changes of the desired state.
        "generation" => generation: i64;
        /// When the server stored the object; RFC 3339, UTC.
        "creationTimestamp" => creation_timestamp: Time;
        /// When the object will be or was asked to be deleted.
        "deletionTimestamp" => deletion_timestamp: Option<Time>;
        /// Seconds the object is given to end gracefully.
        "deletionGracePeriodSeconds" => deletion_grace_period_seconds: Option<i64>;
        /// Keys and values to group and select objects.
        "labels" => labels: StringMap;
        /// Keys and values that tools keep on the object.
        "annotations" => annotations: StringMap;
        /// The objects this one depends on.
        "ownerReferences" => owner_references: Vec<OwnerReference>;
        /// What must be done before the object is removed.
        "finalizers" => finalizers: Vec<String>;
        /// Which manager set which fields.
        "managedFields" => managed_fields: Vec<ManagedFieldsEntry>;
    }

    /// A reference to an object that owns this one (`metav1.OwnerReference`).
    pub struct OwnerReference {
        /// API version of the owner.
        "apiVersion" => api_version: String [always];
        /// Kind of the owner.
        "kind" => kind: String [always];
        /// Name of the owner.
        "name" => name: String [always];
        /// UID of the owner.
        "uid" => uid: String [always, go "types.UID"];
        /// Whether the owner is the managing controller.
        "controller" => controller: Option<bool>;
        /// Whether the owner waits for this object before it is deleted.
        "blockOwnerDeletion" => block_owner_deletion: Option<bool>;
    }

    /// One manager's set of fields (`metav1.ManagedFieldsEntry`).
    pub struct ManagedFieldsEntry {
        /// Who.
        "manager" => manager: String;
        /// `Apply` or `Update`.
        "operation" => operation: String [go "v1.ManagedFieldsOperationType"];
        /// The version of the API the fields are named in.
        "apiVersion" => api_version: String;
        /// When.
        "time" => time: Option<Time>;
        /// `FieldsV1`.
        "fieldsType" => fields_type: String;
        /// The fields.
        "fieldsV1" => fields_v1: Option<Json>;
        /// The subresource the fields were set through.
        "subresource" => subresource: String;
    }

    /// A label query (`metav1.LabelSelector`): all of its requirements must hold; an empty one matches everything.
    pub struct LabelSelector {
        /// Each key must have this value.
        "matchLabels" => match_labels: StringMap;
        /// Further requirements.
        "matchExpressions" => match_expressions: Vec<LabelSelectorRequirement>;
    }

    /// One requirement of a label selector (`metav1.LabelSelectorRequirement`).
    pub struct LabelSelectorRequirement {
        /// The label's key.
        "key" => key: String [always];
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        "operator" => operator: String [always, go "v1.LabelSelectorOperator"];
        /// The values for `In` and `NotIn`.
        "values" => values: Vec<String>;
    }

    /// A condition of an object's status (`metav1.Condition`).
    pub struct Condition {
        /// Its type.
        "type" => r#type: String [always];
        /// `True`, `False` or `Unknown`.
        "status" => status: String [always, go "v1.ConditionStatus"];
        /// The generation it was judged by.
        "observedGeneration" => observed_generation: i64;
        /// When the status last changed.
        "lastTransitionTime" => last_transition_time: Time [always];
        /// Why, in one word.
        "reason" => reason: String [always];
        /// Why, for people.
        "message" => message: String [always];
    }
}

/// A point in time, kept as the text it is written as (RFC 3339, UTC, whole seconds); empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub String);

crate::leaf!(Time, "v1.Time");

impl Leaf for Time {
    /// `metav1.Time.UnmarshalJSON`: a string in RFC 3339, or null. What is stored is the time in UTC.
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::Null => self.0.clear(),
            Value::String(text) => match super::time::to_utc(text) {
                Ok(utc) => self.0 = utc,
                Err(message) => decoder.refused(node, message),
            },
            _ => decoder.refused_type(node, "string"),
        }
    }

    fn encode(&self) -> Json {
        if self.0.is_empty() { Json::Null } else { Json::String(self.0.clone().into()) }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number or a name (`intstr.IntOrString`): a port of a pod, mostly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}

crate::leaf!(IntOrString, "intstr.IntOrString");

impl Leaf for IntOrString {
    /// `IntOrString.UnmarshalJSON`: a string is a name, anything else has to be an `int32`.
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::String(text) => *self = IntOrString::String(text.to_string()),
            // Null makes a name a number, and leaves a number alone.
            Value::Null => {
                if matches!(self, IntOrString::String(_)) {
                    *self = IntOrString::Int(0);
                }
            }
            Value::Number(Number::Int(number)) if i32::try_from(*number).is_ok() => {
                *self = IntOrString::Int(i32::try_from(*number).unwrap_or_default());
            }
            // Go's ParseInt takes `-0`.
            Value::Number(Number::Literal(literal)) if &**literal == "-0" => *self = IntOrString::Int(0),
            _ => decoder.refused_type(node, "int32"),
        }
    }

    fn encode(&self) -> Json {
        match self {
            IntOrString::Int(number) => Json::from(*number),
            IntOrString::String(name) => Json::from(name.clone()),
        }
    }

    fn is_empty(&self) -> bool {
        false
    }
}

impl LabelSelector {
    /// Whether the labels satisfy the selector (`metav1.LabelSelectorAsSelector`, `labels.Requirement.Matches`). An
    /// absent key satisfies `NotIn` and `DoesNotExist`; an operator that is none of the four matches nothing.
    pub fn matches(&self, labels: &StringMap) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

impl LabelSelectorRequirement {
    /// Whether the labels satisfy this one requirement.
    pub fn matches(&self, labels: &StringMap) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.contains(value)),
            "NotIn" => value.is_none_or(|value| !self.values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_key_satisfies_not_in() {
        let requirement = |operator: &str, values: &[&str]| LabelSelectorRequirement {
            key: "env".into(),
            operator: operator.into(),
            values: values.iter().map(ToString::to_string).collect(),
        };
        let none = StringMap::new();
        let prod = StringMap::from([("env".to_owned(), "prod".to_owned())]);
        assert!(requirement("NotIn", &["prod"]).matches(&none));
        assert!(!requirement("NotIn", &["prod"]).matches(&prod));
        assert!(requirement("In", &["prod"]).matches(&prod));
        assert!(requirement("Exists", &[]).matches(&prod) && !requirement("Exists", &[]).matches(&none));
        assert!(requirement("DoesNotExist", &[]).matches(&none));
        assert!(!requirement("Bogus", &[]).matches(&prod));
    }
}
