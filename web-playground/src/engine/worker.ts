/** The engine in a thread of its own. */
import { Cluster, init, PortolanError, version, type ClusterOptions, type KubernetesObject, type ManifestFile } from "portolan";
import type { Call, Ready, Reply, Request, Which } from "./protocol";

const clusters = new Map<Which, { cluster: Cluster; options: ClusterOptions }>();
/** The files of each cluster, to load it again after the engine was replaced. */
const texts = new Map<Which, Map<string, string>>();

function load(which: Which, files: readonly ManifestFile[], options: ClusterOptions): Cluster {
  clusters.get(which)?.cluster.free();
  clusters.delete(which);
  texts.set(which, new Map(files.map((file) => [file.name, file.text])));
  const cluster = Cluster.load(files, options);
  clusters.set(which, { cluster, options });
  return cluster;
}

function held(which: Which): Cluster {
  return clusters.get(which)?.cluster ?? load(which, [], {});
}

function carryOut(call: Call): unknown {
  switch (call.call) {
    case "load":
      return load(call.which, call.files, call.options ?? {}).findings;
    case "apply": {
      texts.get(call.which)?.set(call.file, call.text);
      return held(call.which).apply(call.text, call.file);
    }
    case "check":
      return held(call.which).check();
    case "ask":
      return held(call.which).askText(call.question);
    case "askAll": {
      const cluster = held(call.which);
      return call.questions.map((question) => cluster.askText(question));
    }
    case "admit":
      return admit(call.files, call.object);
  }
}

/**
 * Asks about an object in a cluster that contains all other objects. An object that was exported from a cluster (it has a
 * `resourceVersion` or a `uid`) is checked as an update of itself.
 */
function admit(files: readonly ManifestFile[], object: KubernetesObject): unknown {
  const { resourceVersion, uid } = (object.metadata ?? {}) as { resourceVersion?: string; uid?: string };
  const stored = Boolean(resourceVersion) || Boolean(uid);
  const { kind = "", metadata: { namespace, name } = {} } = object;
  const cluster = Cluster.load(files);
  try {
    if (name !== undefined) cluster.remove({ kind, name, ...(namespace !== undefined && { namespace }) });
  } catch {
    // An unknown kind: the question below reports it.
  }
  try {
    return cluster.admit(stored ? { operation: "UPDATE", object, oldObject: object } : { operation: "CREATE", object });
  } finally {
    cluster.free();
  }
}

/** After the engine stopped every cluster is gone: loads those that are still used. */
function recover(): void {
  for (const [which, files] of texts) {
    const options = clusters.get(which)?.options ?? {};
    clusters.delete(which);
    const list = [...files].map(([name, text]) => ({ name, text }));
    try {
      clusters.set(which, { cluster: Cluster.load(list, options), options });
    } catch {
      // These files stopped the engine: the next edit loads them again.
    }
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const begun = performance.now();
  let reply: Reply;
  try {
    const value = carryOut(data.call);
    reply = { id: data.id, value, micros: Math.round((performance.now() - begun) * 1000) };
  } catch (error) {
    if (error instanceof PortolanError) {
      const { reason, message, field, line, column } = error;
      const rest = { ...(field !== undefined && { field }), ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
      reply = { id: data.id, error: { reason, message, ...rest } };
      if (reason === "InternalError") recover();
    } else {
      reply = { id: data.id, error: { reason: "InternalError", message: String(error) } };
    }
  }
  self.postMessage(reply);
});

init().then(
  () => self.postMessage({ ready: version() } satisfies Ready),
  (error: unknown) => self.postMessage({ ready: null, error: String(error) } satisfies Ready),
);
