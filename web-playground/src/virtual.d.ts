declare module "virtual:examples" {
  import type { ManifestFile } from "portolan";

  /** An example of the project. */
  export interface Example {
    /** The folder's name. */
    name: string;
    /** What it shows, in one line. */
    title: string;
    /** Its manifests. */
    files: ManifestFile[];
    /** Its questions, one per line, if it has any. */
    questions: { ask: string; [member: string]: unknown }[];
  }

  export const examples: readonly Example[];
}
