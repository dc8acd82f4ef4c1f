/**
 * The admission webhook as a function: an `AdmissionReview` in, an `AdmissionReview` out. The server around it is yours.
 */
import { Cluster } from "./cluster.js";
import { PortolanError } from "./engine.js";
import type { KubernetesObject, Status } from "./types.js";

/** `admission.k8s.io/v1` AdmissionReview, as far as the webhook reads and writes it. */
export interface AdmissionReview {
  /** `admission.k8s.io/v1` */
  apiVersion: string;
  /** `AdmissionReview` */
  kind: string;
  /** What the API server asks. */
  request?: AdmissionRequest;
  /** What the webhook answers. */
  response?: AdmissionResponse;
}

/** What the API server asks a webhook. */
export interface AdmissionRequest {
  /** Names this request; the answer gives it back. */
  uid: string;
  /** `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. */
  operation: string;
  /** The object as it is to be stored. */
  object?: unknown;
  /** The object as it is stored. */
  oldObject?: unknown;
  /** Its namespace. */
  namespace?: string;
  /** Its name. */
  name?: string;
  /** The part of it that is written, where it is a part. */
  subResource?: string;
  /** What else the API server says. */
  [member: string]: unknown;
}

/** What a webhook answers the API server. */
export interface AdmissionResponse {
  /** The request's. */
  uid: string;
  /** Whether the object may be stored. */
  allowed: boolean;
  /** Why not. */
  status?: Status;
  /** Words to the author. */
  warnings?: string[];
}

/** How the webhook judges. */
export interface ReviewOptions {
  /** The objects that are there already, which some refusals depend on. None unless given. */
  cluster?: Cluster;
  /** Warns where it would refuse. */
  warnOnly?: boolean;
}

/** The API server cuts a warning that is longer. */
const LONGEST_WARNING = 256;

/**
 * Answers an AdmissionReview as kube-apiserver itself would judge the object: refusals and warnings in its own words.
 *
 * Deletions, parts of objects (`status`, `scale`) and kinds that Portolan does not know are let through.
 *
 * @throws {@link PortolanError} `BadRequest` where it is no AdmissionReview with a request
 */
export function review(asked: AdmissionReview, options: ReviewOptions = {}): AdmissionReview {
  const request = asked?.request;
  if (asked?.kind !== "AdmissionReview" || request === undefined || typeof request.uid !== "string") {
    throw new PortolanError({ reason: "BadRequest", message: "this is no AdmissionReview with a request", field: "request" });
  }
  const response = judge(request, options);
  return { apiVersion: asked.apiVersion, kind: asked.kind, response };
}

function judge(request: AdmissionRequest, { cluster, warnOnly = false }: ReviewOptions): AdmissionResponse {
  const { uid, operation } = request;
  const isWhole = request.subResource === undefined || request.subResource === "";
  if ((operation !== "CREATE" && operation !== "UPDATE") || !isWhole) return { uid, allowed: true };
  const beside = cluster ?? Cluster.load();
  try {
    const update = operation === "UPDATE" && request.oldObject != null;
    const answer = beside.admit({
      operation: update ? "UPDATE" : "CREATE",
      object: request.object as KubernetesObject,
      ...(update && { oldObject: request.oldObject as KubernetesObject }),
    });
    const warnings = answer.warnings.map(shortened);
    if (answer.accepted) return { uid, allowed: true, ...(warnings.length > 0 && { warnings }) };
    if (warnOnly) return { uid, allowed: true, warnings: [...warnings, shortened(answer.status?.message ?? "would be refused")] };
    return { uid, allowed: false, ...(answer.status !== undefined && { status: answer.status }), ...(warnings.length > 0 && { warnings }) };
  } catch (error) {
    // A kind that is none of the engine's business is let through; anything else is for the caller to see.
    if (error instanceof PortolanError && error.reason === "BadRequest") return { uid, allowed: true };
    throw error;
  } finally {
    if (cluster === undefined) beside.free();
  }
}

function shortened(warning: string): string {
  return warning.length <= LONGEST_WARNING ? warning : `${warning.slice(0, LONGEST_WARNING - 1)}…`;
}
