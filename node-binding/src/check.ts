import { Cluster, type ClusterOptions, type Input } from "./cluster.js";
import type { Finding } from "./types.js";

/**
 * Returns the findings about manifests: documents that cannot be read, objects that kube-apiserver would refuse or warn
 * about, and objects that are accepted and will not work.
 *
 * @param input the text of manifests, files of them, or objects
 * @param options settings of the whole cluster
 */
export function check(input: Input, options?: ClusterOptions): Finding[] {
  const cluster = Cluster.load(input, options);
  try {
    return cluster.check();
  } finally {
    cluster.free();
  }
}
