import type { Finding } from "portolan";
import { mend } from "../editor/editor";

/** Mends what was found, where there is one right way to. */
export function Fix({ finding }: { finding: Finding }) {
  if (finding.fix === undefined || finding.fix.length === 0) return null;
  return (
    <button type="button" class="button small" aria-label={`Fix: ${finding.message}`} onClick={() => mend(finding)}>
      Fix
    </button>
  );
}
