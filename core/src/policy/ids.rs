//! The ids of the policy room: one type for each kind of numbered thing.

use crate::ids::define_ids;

define_ids! {
    /// A pod of the cluster. It keeps its id as long as it exists.
    pub PodId;
    /// Pods that no policy can tell apart.
    pub(crate) ClassId;
    /// A set of pods that policies name by selectors.
    pub(crate) SetId;
    /// The namespaces that a set of pods is looked for in.
    pub(crate) ScopeId;
    /// A policy.
    pub(crate) PolicyId;
    /// Addresses that lie in the same blocks.
    pub(crate) RegionId;
    /// A block of addresses that policies name.
    pub(crate) BlockId;
    /// A namespace with pods.
    pub(crate) NamespaceId;
    /// A node.
    pub(crate) NodeId;
    /// The name of a port that rules mention.
    pub(crate) PortNameId;
    /// The key of a label that selectors mention.
    pub(crate) LabelKeyId;
    /// A value that selectors mention for a key of a label.
    pub(crate) LabelValueId;
    /// What the policies of a group can tell of most peers.
    pub(crate) ProfileId;
    /// Pods to which the same policies apply in one direction.
    pub(crate) GroupId;
    /// A set of ports.
    pub(crate) PortSetId;
    /// Ends of connections that are alike as long as no exception names them.
    pub(crate) CellId;
    /// What a group lets through by default, to each profile.
    pub(crate) ShapeId;
    /// A workload that appears in a map.
    pub(crate) WorkloadId;
    /// Workloads that are in the same classes of both clusters of a difference.
    pub(crate) AlikeId;
    /// Pods of one namespace with the same labels, for suggestions.
    pub(crate) TeamId;
    /// The position at which the record of a class begins.
    pub(super) RecordStart;
    /// The length of a list of a rule.
    pub(super) ListLength;
}

impl PortSetId {
    /// The set without ports, which every table of sets holds first.
    pub(crate) const EMPTY: PortSetId = PortSetId(std::num::NonZeroU32::MIN);
    /// The set of all ports, which every table of sets holds second.
    pub(crate) const ALL: PortSetId = PortSetId(std::num::NonZeroU32::MIN.saturating_add(1));
}
