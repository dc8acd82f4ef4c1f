import { Cluster, type ClusterOptions, type Input } from "./cluster.js";
import type { Finding } from "./types.js";

/**
 * Says what is to be said about manifests: what cannot be read, what kube-apiserver would refuse or warn about, and what
 * will not work although it is accepted.
 *
 * @param input the text of manifests, files of them, or objects
 * @param options what is set for the whole cluster
 */
export function check(input: Input, options?: ClusterOptions): Finding[] {
  const cluster = Cluster.load(input, options);
  try {
    return cluster.check();
  } finally {
    cluster.free();
  }
}
