//! `v1` Secret: the part of it that TLS looks at. Its values are read for one thing alone: the files of a rendered proxy's certificates.

use super::meta::ObjectMeta;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;

crate::object! {
    /// Something to keep secret.
    pub struct Secret {
        /// `v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Secret`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name and namespace.
        "metadata" => metadata: ObjectMeta;
        /// Its values, base64.
        "data" => data: BTreeMap<String, Json>;
        /// Its values, plain.
        "stringData" => string_data: BTreeMap<String, Json>;
        /// Its type: `kubernetes.io/tls`, …
        "type" => r#type: String;
    }
}
