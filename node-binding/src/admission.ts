/**
 * The admission webhook as a function: an `AdmissionReview` in, an `AdmissionReview` out. The server around it is yours.
 */
import { Cluster } from "./cluster.js";
import { PortolanError } from "./engine.js";
import type { KubernetesObject, Status } from "./types.js";

/** `admission.k8s.io/v1` AdmissionReview: the members that the webhook reads and writes. */
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
  /** Identifies this request. The response repeats it. */
  uid: string;
  /** `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. */
  operation: string;
  /** The object that should be stored. */
  object?: unknown;
  /** The object that is stored now. */
  oldObject?: unknown;
  /** The object's namespace. */
  namespace?: string;
  /** The object's name. */
  name?: string;
  /** The subresource, if the request changes one: `status`, `scale`, … */
  subResource?: string;
  /** Everything else that the API server sends. */
  [member: string]: unknown;
}

/** The response of a webhook to the API server. */
export interface AdmissionResponse {
  /** The `uid` of the request. */
  uid: string;
  /** Whether the object may be stored. */
  allowed: boolean;
  /** Why the object is refused. */
  status?: Status;
  /** Warnings for the author of the object. */
  warnings?: string[];
}

/** Options of {@link review}. */
export interface ReviewOptions {
  /** The stored objects, because some refusals depend on them. Default: none. */
  cluster?: Cluster;
  /** Warn instead of refusing. */
  warnOnly?: boolean;
}

/** The API server truncates longer warnings. */
const LONGEST_WARNING = 256;

/**
 * Answers an AdmissionReview as kube-apiserver itself would validate the object, with its own refusals and warnings.
 *
 * Deletions, subresources (`status`, `scale`), kinds that Portolan does not know and objects that it cannot read are allowed.
 *
 * @throws {@link PortolanError} `BadRequest` if the value is not an AdmissionReview with a request
 */
export function review(asked: AdmissionReview, options: ReviewOptions = {}): AdmissionReview {
  const request = asked?.request;
  if (asked?.kind !== "AdmissionReview" || request === undefined || typeof request.uid !== "string") {
    throw new PortolanError({ reason: "BadRequest", message: "not an AdmissionReview with a request", field: "request" });
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
    // An unknown kind or an unreadable object is allowed. The caller gets every other error.
    if (error instanceof PortolanError && error.reason === "BadRequest") return { uid, allowed: true };
    throw error;
  } finally {
    if (cluster === undefined) beside.free();
  }
}

function shortened(warning: string): string {
  return warning.length <= LONGEST_WARNING ? warning : `${warning.slice(0, LONGEST_WARNING - 1)}…`;
}
