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
  /** Group, version and kind of the object. */
  kind?: { group: string; version: string; kind: string };
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
 * Deletions, connections, subresources (`status`, `scale`) and kinds that Portolan does not know are allowed. Nothing else is
 * allowed without being validated: a request that cannot be read throws, so answer it with an HTTP error, and `failurePolicy`
 * decides.
 *
 * @throws {@link PortolanError} `BadRequest` if the value is not an AdmissionReview with a request, or its operation or object
 *   is malformed; `RequestEntityTooLarge` if the objects are larger than the cluster's `maxInputLength`
 */
export function review(asked: AdmissionReview, options: ReviewOptions = {}): AdmissionReview {
  const request = asked?.request;
  if (asked?.kind !== "AdmissionReview" || request === undefined || typeof request.uid !== "string") {
    throw malformed("not an AdmissionReview with a request", "request");
  }
  const response = judge(request, options);
  return { apiVersion: asked.apiVersion, kind: asked.kind, response };
}

const OPERATIONS = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

function judge(request: AdmissionRequest, { cluster, warnOnly = false }: ReviewOptions): AdmissionResponse {
  const { uid, operation, subResource = "" } = request;
  if (!OPERATIONS.includes(operation)) throw malformed(`unknown operation \`${String(operation)}\`; expected one of: ${OPERATIONS.join(", ")}`, "request.operation");
  if (typeof subResource !== "string") throw malformed("`subResource` is not a string", "request.subResource");
  if (operation === "DELETE" || operation === "CONNECT" || subResource !== "") return { uid, allowed: true };
  const object = objectOf(request, "object");
  const oldObject = operation === "UPDATE" ? objectOf(request, "oldObject") : undefined;
  const beside = cluster ?? Cluster.load();
  try {
    const answer = beside.admit({ operation: operation as "CREATE" | "UPDATE", object, ...(oldObject !== undefined && { oldObject }) });
    const warnings = answer.warnings.map(shortened);
    if (answer.accepted) return { uid, allowed: true, ...(warnings.length > 0 && { warnings }) };
    if (warnOnly) return { uid, allowed: true, warnings: [...warnings, shortened(answer.status?.message ?? "would be refused")] };
    return { uid, allowed: false, ...(answer.status !== undefined && { status: answer.status }), ...(warnings.length > 0 && { warnings }) };
  } catch (error) {
    // The object has a kind, so the engine refuses the question about it only if it does not know that kind. The caller gets
    // every other error.
    if (error instanceof PortolanError && error.reason === "BadRequest" && error.field === "object") return { uid, allowed: true };
    throw error;
  } finally {
    if (cluster === undefined) beside.free();
  }
}

/** An object of the request, if it is an object of the kind that the request names. */
function objectOf(request: AdmissionRequest, member: "object" | "oldObject"): KubernetesObject {
  const field = `request.${member}`;
  const object = request[member] as Partial<KubernetesObject> | null | undefined;
  if (typeof object !== "object" || object === null || Array.isArray(object)) throw malformed(`\`${member}\` is not an object`, field);
  for (const name of ["apiVersion", "kind"] as const) {
    if (typeof object[name] !== "string" || object[name] === "") throw malformed(`the object has no \`${name}\``, `${field}.${name}`);
  }
  const named = request.kind;
  if (named !== undefined && named !== null) {
    const apiVersion = named.group === "" ? named.version : `${named.group}/${named.version}`;
    if (object.kind !== named.kind || object.apiVersion !== apiVersion) {
      throw malformed(`the object is ${object.kind} of ${object.apiVersion}, the request is about ${named.kind} of ${apiVersion}`, field);
    }
  }
  return object as KubernetesObject;
}

function malformed(message: string, field: string): PortolanError {
  return new PortolanError({ reason: "BadRequest", message, field });
}

function shortened(warning: string): string {
  return warning.length <= LONGEST_WARNING ? warning : `${warning.slice(0, LONGEST_WARNING - 1)}…`;
}
