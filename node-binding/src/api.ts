/** What the package exports on every platform. */
import { module } from "./engine.js";

export { check } from "./check.js";
export { Cluster, type Answer, type ClusterOptions, type Input, type ManifestFile, type Question } from "./cluster.js";
export { PortolanError, reset, type Refusal } from "./engine.js";
export { CONTROLLERS } from "./types.js";
export type * from "./types.js";

/** The version of the engine and the Kubernetes version of its answers: `0.1.0 (Kubernetes 1.36)`. */
export function version(): string {
  return module().version();
}
